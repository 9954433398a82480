package policy

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// arnMatches compares part by part: a star never spans the six parts of an ARN; the sixth holds the colons that are left.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func arnMatches(g glob, arn string) bool {
	if g.everything() {
		return true
	}
	wanted, have := g.parts(6), glob{text: arn}.parts(6)
	if len(wanted) != 6 || len(have) != 6 {
		return false
	}
	for i := range wanted {
		if !wanted[i].matches(have[i].text) {
			return false
		}
	}
	return true
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// sameBinary compares base64 text by what it encodes, or as text where it is none.
func sameBinary(a, b string) bool {
	x, errA := base64.StdEncoding.DecodeString(a)
	y, errB := base64.StdEncoding.DecodeString(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return bytes.Equal(x, y)
}

// inRange reports whether an address, or a whole range, lies in a range of addresses: 203.0.113.0/24, 2001:db8::/32, one address.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
func inRange(rangeText, addressText string) bool {
	within, ok := parseRange(rangeText)
	if !ok {
		return false
	}
	address, ok := parseRange(addressText)
	return ok && contains(within, address)
}

func parseRange(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') >= 0 {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err == nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// compareNumbers judges "value order wanted". A text that is no number is in no order to anything.
func compareNumbers(order, wanted, value string) bool {
	w, ok := parseNumber(wanted)
	if !ok {
		return false
	}
	v, ok := parseNumber(value)
	return ok && inOrder(order, v.Cmp(w))
}

// parseNumber reads a decimal number exactly: integers beyond 2^53 must not become equal to their neighbours.
func parseNumber(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 64 || strings.Trim(s, "+-.0123456789eE") != "" {
		return nil, false
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(s), "e"); ok {
		if n, err := strconv.Atoi(exponent); err != nil || n > 400 || n < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

func isNumber(s string) bool { _, ok := parseNumber(s); return ok }

func isDate(s string) bool { _, ok := parseDate(s); return ok }

func inOrder(order string, c int) bool {
	switch order {
	case "Equals":
		return c == 0
	case "LessThan":
		return c < 0
	case "LessThanEquals":
		return c <= 0
	case "GreaterThan":
		return c > 0
	case "GreaterThanEquals":
		return c >= 0
	}
	return false
}

func compareDates(order, wanted, value string) bool {
	w, ok := parseDate(wanted)
	if !ok {
		return false
	}
	v, ok := parseDate(value)
	return ok && inOrder(order, v.Compare(w))
}

// dateForms are those of the W3C note on ISO 8601 that AWS names, and what it takes besides; without a zone it is UTC.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
// https://www.w3.org/TR/NOTE-datetime
var dateForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15Z07:00", "2006-01-02Z07:00", "2006-01-02", "2006-01",
	"20060102T150405Z0700", "20060102T150405", "20060102T150405Z07:00", "20060102T1504Z0700",
}

// parseDate reads an ISO date or seconds since 1970. Four digits are a year.
func parseDate(s string) (time.Time, bool) {
	s = strings.Replace(strings.ToUpper(s), " ", "T", 1)
	if len(s) == 4 {
		if t, err := time.Parse("2006", s); err == nil {
			return t, true
		}
	}
	if seconds, fraction, _ := strings.Cut(s, "."); strings.Trim(s, "-.0123456789") == "" && strings.LastIndexByte(s, '-') <= 0 {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err == nil && n < 1<<53 && n > -1<<53 && strings.Trim(fraction, "0123456789") == "" {
			f, _ := strconv.ParseFloat("0."+fraction+"0", 64)
			return time.Unix(n, int64(f*1e9)), true
		}
		return time.Time{}, false
	}
	if _, fraction, ok := strings.Cut(s, "."); ok && len(fraction)-len(strings.TrimLeft(fraction, "0123456789")) > 9 {
		return time.Time{}, false
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
