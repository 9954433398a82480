package load

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The shapes below read a value in every form in which AWS and its CLI print it.

// when is a time: ISO 8601 with or without a zone, or seconds since 1970.
type when struct{ time.Time }

func (w *when) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "null" || s == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			w.Time = t.UTC()
			return nil
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		w.Time = time.UnixMicro(int64(f * 1e6)).UTC()
		return nil
	}
	return fmt.Errorf("%q is not a time", s)
}

// document is a policy document: an object, a string that holds one, or a URL-encoded string that does.
type document []byte

func (d *document) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '"' {
		*d = append((*d)[:0], data...)
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if strings.HasPrefix(s, "%7B") || strings.HasPrefix(s, "%7b") || strings.HasPrefix(s, "%20") || strings.HasPrefix(s, "%0A") {
		decoded, err := url.QueryUnescape(strings.ReplaceAll(s, "+", "%2B"))
		if err != nil {
			return fmt.Errorf("policy document: %w", err)
		}
		s = decoded
	}
	*d = document(s)
	return nil
}

// tags are the two ways in which AWS lists them.
type tag struct {
	Key   string
	Value string
}

func tagMap(list []tag) map[string]string {
	if len(list) == 0 {
		return nil
	}
	m := make(map[string]string, len(list))
	for _, t := range list {
		m[t.Key] = t.Value
	}
	return m
}
