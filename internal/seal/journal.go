package seal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// A Journal remembers which files of a folder or a prefix are done, until all are: the next run of the same command does not do them again,
// if neither the file nor what was made of it has changed since. It holds names and digests, and no secret. A nil Journal remembers nothing.
type Journal struct {
	mu   sync.Mutex
	done map[string]Done
	path string
	file *os.File
	lock *flock.Flock
}

// Done is one file that is done, with what proves of its source and of what was made of it that they are what they were.
type Done struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Made   string `json:"made"`
}

const journalSchema = "onus.journal/1"

// jobs is the folder of journals, beside those of uploads and downloads.
func jobs() (string, error) {
	dir, err := stateDir()
	return filepath.Join(dir, "jobs"), err
}

// OpenJournal opens the journal of a job, which is what names all that decides its outcome. It is nil while another run does the same, and where
// files that are open cannot be removed.
func OpenJournal(job ...string) (*Journal, error) {
	dir, err := jobs()
	if err != nil || !canLock {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := sha256.Sum256([]byte(strings.Join(job, "\x00")))
	j := &Journal{done: map[string]Done{}, path: filepath.Join(dir, hex.EncodeToString(name[:12])+".jsonl")}
	if err := j.open(); err != nil || j.file == nil {
		return nil, err
	}
	if err := j.read(job); err != nil {
		j.Close()
		return nil, fmt.Errorf("what is done already, in %s: %w", j.path, err)
	}
	return j, nil
}

// open locks the file, made if need be; without an error or a file, somebody else has it.
func (j *Journal) open() error {
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	lock := flock.New(j.path, flock.SetFlag(os.O_RDWR))
	locked, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) { // whoever had it is done
		locked, err = false, nil
	}
	if !locked || err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, j.lock = f, lock
	return nil
}

// read reads what is done. The last line may have been cut off: that file is done again.
func (j *Journal) read(job []string) error {
	raw, err := os.ReadFile(j.path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d Done
		if json.Unmarshal(lines.Bytes(), &d) == nil && d.Name != "" {
			j.done[d.Name] = d
		}
	}
	switch {
	case len(raw) == 0:
		return j.append(map[string]any{"schema": journalSchema, "job": job})
	case !bytes.HasSuffix(raw, []byte("\n")):
		_, err = j.file.WriteString("\n")
	}
	return errors.Join(err, lines.Err())
}

func (j *Journal) append(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(text, '\n'))
	return err
}

// Find returns what is known of a file that is done.
func (j *Journal) Find(name string) (Done, bool) {
	if j == nil {
		return Done{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	d, ok := j.done[name]
	return d, ok
}

// Add notes that a file is done. A crash of the machine may lose it; then the file is done again.
func (j *Journal) Add(d Done) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done[d.Name] = d
	return j.append(d)
}

// Close keeps the journal for the next run.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.file.Close(), j.lock.Unlock())
}

// Remove forgets it: all is done.
func (j *Journal) Remove() error {
	if j == nil {
		return nil
	}
	return errors.Join(os.Remove(j.path), j.Close())
}

// ForgetJournals removes the journals that nobody works with, and returns how many.
func ForgetJournals() (n int, err error) {
	dir, err := jobs()
	if err != nil {
		return 0, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	for _, path := range paths {
		j := &Journal{path: path}
		if problem := j.open(); problem != nil || j.file == nil {
			err = errors.Join(err, problem)
			continue
		}
		n++
		err = errors.Join(err, j.Remove())
	}
	return n, err
}
