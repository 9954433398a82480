package seal

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// Notes is a folder with one file for each upload, or each download, that is not finished. A note is written before what it is about is done, so
// that whatever a run that was killed left is found by the next one. A note holds no secret: the data key stands in it wrapped.
type Notes struct{ dir string }

// NewNotes are the notes in a folder, which need not exist yet.
func NewNotes(dir string) Notes { return Notes{dir} }

// DefaultNotes are the notes of uploads and of downloads, in two folders of the user's state.
func DefaultNotes() (uploads, downloads Notes, err error) {
	dir, err := stateDir()
	return Notes{filepath.Join(dir, "uploads")}, Notes{filepath.Join(dir, "downloads")}, err
}

// stateDir is where to note what is not finished: ONUS_STATE, or a folder of the user's state.
func stateDir() (string, error) {
	dir := os.Getenv("ONUS_STATE")
	if state := os.Getenv("XDG_STATE_HOME"); dir == "" && filepath.IsAbs(state) {
		dir = filepath.Join(state, "onus")
	}
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("where to note what is not finished is not known (%w): name a folder with ONUS_STATE", err)
		}
		dir = filepath.Join(home, ".local", "state", "onus")
	}
	return dir, nil
}

const uploadSchema, downloadSchema = "onus.upload/1", "onus.download/1"

// An intent is the first line of a note.
type intent struct {
	Schema  string    `json:"schema"`
	Where   string    `json:"where,omitempty"` // endpoint of the store, if not AWS
	Target  string    `json:"target"`
	Source  string    `json:"source,omitempty"` // what may be read again; empty: the upload cannot go on
	Plan    string    `json:"plan,omitempty"`   // all options that make the message
	Created time.Time `json:"created"`
	Told    bool      `json:"told"` // whether the store told which uploads were open before
	Others  []string  `json:"others,omitempty"`
	Header  []byte    `json:"header,omitempty"`
	Frame   int       `json:"frame,omitempty"` // plaintext in a frame
	Part    int       `json:"part,omitempty"`  // plaintext in a part

	// Of a download: which object it is, and where its plaintext is as far as it came.
	ETag    string `json:"etag,omitempty"`
	Version string `json:"version,omitempty"`
	Size    int64  `json:"size,omitempty"`
	Partial string `json:"partial,omitempty"`
}

// A line of a note after the first: the upload's name once it is known; of each part the digest of its plaintext, before it is sealed or after
// it was opened.
type line struct {
	Upload string `json:"upload,omitempty"`
	Digest []byte `json:"digest,omitempty"`
}

// A note is open and locked: nobody else works on its upload.
type note struct {
	intent
	upload  string
	digests [][]byte

	path string
	file *os.File
	lock *flock.Flock
}

// begin makes a note. It has its final name only once it is locked.
func (n Notes) begin(first intent) (*note, error) {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return nil, err
	}
	id := make([]byte, 12)
	rand.Read(id)
	o := &note{intent: first, path: filepath.Join(n.dir, hex.EncodeToString(id)+".jsonl")}
	o.Schema = uploadSchema
	if o.Partial != "" {
		o.Schema = downloadSchema
	}
	temp := o.path + ".tmp"
	var err error
	if o.file, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	o.lock = flock.New(temp, flock.SetFlag(os.O_RDWR))
	locked, err := o.lock.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("%s is in use", temp)
	}
	if err == nil {
		err = o.append(o.intent)
	}
	if err == nil {
		err = os.Rename(temp, o.path)
	}
	if err == nil {
		err = syncDir(n.dir)
	}
	if err != nil {
		o.close()
		os.Remove(temp)
		os.Remove(o.path)
		return nil, fmt.Errorf("noting a transfer in %s: %w", n.dir, err)
	}
	return o, nil
}

// append adds a line, which lasts when it returns.
func (o *note) append(value any) error {
	if err := o.write(value); err != nil {
		return err
	}
	return o.file.Sync()
}

// write adds a line, which a crash of the machine may lose.
func (o *note) write(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = o.file.Write(append(text, '\n'))
	return err
}

func (o *note) began(upload string) error {
	o.upload = upload
	return o.append(line{Upload: upload})
}

func (o *note) sealing(digest []byte) error {
	o.digests = append(o.digests, digest)
	return o.append(line{Digest: digest})
}

// close lets go of the note and keeps it.
func (o *note) close() {
	o.file.Close()
	if o.lock != nil {
		o.lock.Unlock()
	}
}

// remove forgets the upload: it is finished or ended.
func (o *note) remove() error {
	err := os.Remove(o.path)
	o.close()
	return err
}

// left are the notes that nobody works on any more and that fit, locked for the caller.
func (n Notes) left(fits func(intent) bool) ([]*note, error) {
	entries, err := os.ReadDir(n.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []*note
	var problems []error
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".jsonl" {
			continue
		}
		path := filepath.Join(n.dir, entry.Name())
		if raw, err := os.ReadFile(path); err == nil { // to look is not to lock: others look for theirs at the same time
			var o note
			if o.parse(raw) == nil && !fits(o.intent) {
				continue
			}
		}
		o, err := take(path)
		switch {
		case err != nil:
			problems = append(problems, err)
		case o == nil: // somebody works on it
		case !fits(o.intent):
			o.close()
		default:
			found = append(found, o)
		}
	}
	return found, errors.Join(problems...)
}

// take locks and reads a note; nil if it is in use or gone.
func take(path string) (*note, error) {
	o := &note{path: path, lock: flock.New(path, flock.SetFlag(os.O_RDWR))}
	locked, err := o.lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !locked {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = o.parse(raw)
	}
	if err == nil {
		o.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	}
	if errors.Is(err, fs.ErrNotExist) {
		o.lock.Unlock()
		return nil, nil
	}
	if err != nil {
		o.lock.Unlock()
		return nil, fmt.Errorf("the note of a transfer, %s: %w", path, err)
	}
	return o, nil
}

// parse reads a note. Its last line may have been cut off by a crash; then what it was about was not done.
func (o *note) parse(raw []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 4<<20)
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &o.intent) != nil || o.Schema != uploadSchema && o.Schema != downloadSchema || o.Target == "" {
		return errors.New("it does not parse: remove it, and the file or upload that it names (aws s3api list-multipart-uploads)")
	}
	for lines.Scan() {
		var l line
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			break
		}
		if l.Upload != "" {
			o.upload = l.Upload
		}
		if l.Digest != nil {
			o.digests = append(o.digests, l.Digest)
		}
	}
	// A new line must not join one that was cut off: then the upload cannot go on, only be ended.
	if !bytes.HasSuffix(raw, []byte("\n")) {
		o.Source = ""
	}
	return lines.Err()
}

// skew is how far the clocks of the store and of this machine may be apart, and how long a call to begin an upload lasts at most.
const skew = 15 * time.Minute

// end ends the upload of a note. If it was killed before it learned the upload's name, the uploads to that very place are ended that were
// not open before it and were begun by then.
func (o *note) end(ctx context.Context, store Store) error {
	ids := []string{o.upload}
	if o.upload == "" {
		open, err := store.Uploads(ctx, o.Created.Add(skew))
		if err != nil {
			return err
		}
		if !o.Told {
			before, err := store.Uploads(ctx, o.Created.Add(-skew))
			if err != nil {
				return err
			}
			o.Others = append(o.Others, before...)
		}
		ids = slices.DeleteFunc(open, func(id string) bool { return slices.Contains(o.Others, id) })
	}
	for _, id := range ids {
		if err := store.End(ctx, id); err != nil {
			return err
		}
	}
	return o.remove()
}

// Abandon ends all uploads that earlier runs left open at an endpoint and that nobody works on, and returns their targets. stores gives the store of
// a target.
func (n Notes) Abandon(ctx context.Context, where string, stores func(target string) (Store, error)) (ended []string, err error) {
	notes, err := n.left(func(i intent) bool { return i.Where == where })
	problems := []error{err}
	for _, o := range notes {
		store, err := stores(o.Target)
		if err == nil {
			err = o.end(ctx, store)
		}
		if err != nil {
			o.close()
			problems = append(problems, fmt.Errorf("an upload to %s stays open: %w", o.Target, err))
			continue
		}
		ended = append(ended, o.Target)
	}
	return ended, errors.Join(problems...)
}

// Elsewhere counts the uploads left open at other endpoints.
func (n Notes) Elsewhere(where string) int {
	notes, _ := n.left(func(i intent) bool { return i.Where != where })
	for _, o := range notes {
		o.close()
	}
	return len(notes)
}

// canLock says whether a file can be locked and renamed while it is open.
const canLock = runtime.GOOS != "windows"

// IsTemp says whether a name is that of a file in work, which nobody means: only such names are passed over and removed.
func IsTemp(name string) bool { return tempName.MatchString(name) }

var tempName = regexp.MustCompile("^" + regexp.QuoteMeta(tempPrefix) + "[0-9a-f]{16}" + regexp.QuoteMeta(tempSuffix) + "$")
