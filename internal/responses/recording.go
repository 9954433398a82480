package responses

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/onus-cloud/onus/internal/operation"
)

// A recording is a folder (or a zip of one) with the manifest recording.json and one file for each account, Region and
// operation: ACCOUNT/REGION/SERVICE.OPERATION.jsonl.zst, a header line and then a Response a line. It is a map of
// somebody's weak spots: files are mode 0600 and folders 0700.
const (
	manifestName   = "recording.json"
	manifestSchema = "onus.recording/1"
	fileSchema     = "onus.responses/1"
	fileSuffix     = ".jsonl.zst"
)

type manifest struct {
	Schema   string    `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"` // zero: the recording broke off
	Scope    Scope     `json:"scope"`
}

type fileHeader struct {
	Schema string `json:"schema"`
}

// Writer writes a recording. It is not safe for use by several goroutines at once.
type Writer struct {
	dir     string
	started time.Time
	encoder *zstd.Encoder
	pending map[string]*bytes.Buffer // by file: lines not yet compressed
	begun   map[string]bool
}

// Create begins a recording in dir, which must be empty or not exist yet.
func Create(dir string, now time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty: name a new folder, so that two recordings do not mix", dir)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	w := &Writer{dir: dir, started: now, encoder: encoder, pending: map[string]*bytes.Buffer{}, begun: map[string]bool{}}
	return w, w.manifest(manifest{Schema: manifestSchema, Started: now})
}

// Put adds a response.
func (w *Writer) Put(r Response) error {
	name := filepath.Join(r.Account, r.Region, r.Operation.Service()+"."+r.Operation.Name()+fileSuffix)
	if !filepath.IsLocal(name) {
		return fmt.Errorf("recording: %q is not a name for a file", name)
	}
	lines := w.pending[name]
	if lines == nil {
		lines = &bytes.Buffer{}
		w.pending[name] = lines
		if !w.begun[name] {
			w.begun[name] = true
			if err := json.NewEncoder(lines).Encode(fileHeader{Schema: fileSchema}); err != nil {
				return fmt.Errorf("recording: %w", err)
			}
		}
	}
	if err := json.NewEncoder(lines).Encode(r); err != nil {
		return fmt.Errorf("recording %s: %w", name, err)
	}
	if lines.Len() < 1<<20 {
		return nil
	}
	return w.flush(name)
}

// flush appends what is pending as one more compressed frame: frames joined are one stream.
func (w *Writer) flush(name string) error {
	file := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	_, err = f.Write(w.encoder.EncodeAll(w.pending[name].Bytes(), nil))
	delete(w.pending, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// Close writes what is pending and the manifest with what was asked for.
func (w *Writer) Close(scope Scope, now time.Time) error {
	for name := range w.pending {
		if err := w.flush(name); err != nil {
			return err
		}
	}
	return w.manifest(manifest{Schema: manifestSchema, Started: w.started, Finished: now, Scope: scope})
}

func (w *Writer) manifest(m manifest) error {
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, manifestName), append(body, '\n'), 0o600); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// IsRecording reports whether the folder holds a recording, rather than AWS CLI output.
func IsRecording(folder fs.FS) bool {
	_, err := fs.Stat(folder, manifestName)
	return err == nil
}

// ReadRecording reads a recording. Whatever of it is truncated, of another version or not JSON is a Problem with its file
// and line, and only what was in that part is missing. The error is for a folder that cannot be read at all.
func ReadRecording(folder fs.FS, source string) (*Set, error) {
	set := &Set{Source: source}
	body, err := fs.ReadFile(folder, manifestName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	var m manifest
	switch err := json.Unmarshal(body, &m); {
	case err != nil:
		set.problem(manifestName, "it is not JSON (%v): what was asked for is taken from the responses", err)
	case m.Schema != manifestSchema:
		set.problem(manifestName, "it is of version %q and this onus reads %q: what was asked for is taken from the responses", m.Schema, manifestSchema)
	case m.Finished.IsZero():
		set.problem(manifestName, "the recording broke off before its end: what was not reached is unknown")
	default:
		set.Scope = m.Scope
	}
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			set.problem(name, "%v", err)
		case entry.IsDir() || name == manifestName:
		case strings.HasSuffix(name, fileSuffix):
			set.readFile(folder, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return set, nil
}

func (s *Set) problem(place, format string, args ...any) {
	s.Problems = append(s.Problems, Problem{Place: place, Text: fmt.Sprintf(format, args...)})
}

func (s *Set) readFile(folder fs.FS, name string) {
	before := len(s.Problems)
	defer func() {
		if len(s.Problems) > before {
			s.damaged(name)
		}
	}()
	file, err := folder.Open(name)
	if err != nil {
		s.problem(name, "%v", err)
		return
	}
	defer file.Close()
	decoder, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		s.problem(name, "it is not zstd: %v", err)
		return
	}
	defer decoder.Close()
	s.readLines(name, decoder)
}

// readLines reads the header line and the responses after it.
func (s *Set) readLines(name string, from io.Reader) {
	lines := bufio.NewReaderSize(from, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		place := fmt.Sprintf("%s:%d", name, number)
		if err != nil && (err != io.EOF || len(bytes.TrimSpace(line)) > 0) {
			s.problem(place, "it is truncated or damaged (%v): what came from here on is unknown", err)
			return
		}
		if err == io.EOF {
			if number == 1 {
				s.problem(place, "it is empty: what it held is unknown")
			}
			return
		}
		if number == 1 {
			var h fileHeader
			if err := json.Unmarshal(line, &h); err != nil || h.Schema != fileSchema {
				s.problem(place, "it is of version %q and this onus reads %q: what it holds is unknown", h.Schema, fileSchema)
				return
			}
			continue
		}
		var r Response
		if err := json.Unmarshal(line, &r); err != nil {
			s.problem(place, "it is not a response (%v): what it told is unknown", err)
			continue
		}
		if want := path.Join(r.Account, r.Region, r.Operation.Service()+"."+r.Operation.Name()) + fileSuffix; want != name {
			s.problem(place, "it belongs into %s: what it told is unknown", want)
			continue
		}
		r.Origin = place
		s.Responses = append(s.Responses, r)
	}
}

// damaged keeps the place of a file that could not be read in full among what was asked: its account and Region stay in
// scope, and what nothing else told there is unknown.
func (s *Set) damaged(name string) {
	parts := strings.Split(strings.TrimSuffix(name, fileSuffix), "/")
	if len(parts) != 3 {
		return
	}
	s.Responses = append(s.Responses, Response{Account: parts[0], Region: parts[1],
		Operation: operation.ID(strings.Replace(parts[2], ".", ":", 1)), Outcome: operation.Failed, Code: "DamagedRecording", Origin: name})
}
