package seal

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A Download opens an object to a file that appears whole or not at all, and goes on with what an earlier run had opened before it was killed.
//
// What it goes on with is plaintext, of which each frame was authenticated, in a hidden file beside the target that its owner alone may read. Each
// part of it has a digest in a note, under a key derived from the local key that opened the object: a partial file that was changed, or
// one that somebody put there together with a note, is not gone on with. Nor is it where the object, its header or the key is another. All
// other frames and the end of the message are authenticated by the run that goes on, so that what gets its name was proved from end to end.
//
// Nothing goes on without a local key (opened by a KMS key or a foreign identity alone) and on Windows, which renames no file that is open.
type Download struct {
	Notes  Notes
	Where  string // endpoint of the store, if not AWS
	Source string // how the object is called in notes
	// ETag and Version are what the store says of the object, which its source demands of each read.
	ETag, Version string
	Size          int64
	// Mode is that of the file once it is whole.
	Mode fs.FileMode
	// Hash, if not nil, is written all of the plaintext, too.
	Hash hash.Hash
	// Sent, if not nil, is told how many bytes of plaintext are in the file.
	Sent func(n int)
	// Now is the time.
	Now func() time.Time

	part     int64 // bytes of plaintext in a part, for tests; windowBytes if 0
	resumed  int64
	warnings []error
}

// Resumed returns how many bytes of plaintext an earlier run had opened.
func (d *Download) Resumed() int64 { return d.resumed }

// Warnings returns what did not hinder: what earlier runs left and could not be removed.
func (d *Download) Warnings() []error { return d.warnings }

// Open opens src to the file of a name, and returns the key that opened it, if it is one of OpenOptions.Keys. After an error no file was
// made and none is left. It is ErrNoRanges if src opens as a whole only: then nothing was done.
func (d *Download) Open(ctx context.Context, src io.ReaderAt, opts OpenOptions, folder *Folder, name string) (*Key, error) {
	target, err := filepath.Abs(folder.path(name))
	if err != nil {
		return nil, err
	}
	d.part = cmp.Or(d.part, windowBytes)
	chosen := d.left(target)
	r, size, err := DecryptAt(ctx, src, d.Size, opts)
	if err != nil {
		if chosen != nil {
			d.forget(chosen)
		}
		return nil, err
	}
	r.window = d.part
	f, err := d.begin(r, size, chosen, folder, name, target)
	if err != nil {
		return nil, err
	}
	defer f.end()
	if err := r.Range(ctx, f, f.done, size-f.done); err != nil {
		return nil, err
	}
	return r.Key, f.Commit()
}

// left finds what an earlier run left for the same target: that which is of the same object, to go on with; the rest is removed.
func (d *Download) left(target string) (chosen *note) {
	notes, err := d.Notes.left(func(i intent) bool { return i.Target == target })
	if err != nil {
		d.warnings = append(d.warnings, err)
	}
	for _, o := range notes {
		same := o.Where == d.Where && o.ETag != "" && o.ETag == d.ETag && o.Version == d.Version && o.Size == d.Size && int64(o.Part) == d.part
		if chosen == nil && same && o.intent.Source == d.Source {
			chosen = o
		} else {
			d.forget(o)
		}
	}
	return chosen
}

func (d *Download) forget(o *note) {
	if err := o.discard(); err != nil {
		d.warnings = append(d.warnings, err)
	}
}

// begin makes the file, or goes on with the one of a note.
func (d *Download) begin(r *Ranged, size int64, chosen *note, folder *Folder, name, target string) (*partial, error) {
	keyed, err := r.digests()
	if err != nil {
		return nil, err
	}
	p := &partial{Download: d, keyed: keyed}
	if chosen != nil && keyed != nil {
		if p.File, err = folder.resume(name, chosen.Partial, d.Mode); err == nil {
			p.note = chosen
			if err = p.prove(size); err == nil {
				return p, nil
			}
			p.end()
			if !errors.Is(err, errChanged) {
				return nil, err
			}
			p.uncount()
			chosen = nil
		}
	}
	if chosen != nil {
		d.forget(chosen)
	}
	*p = partial{Download: d, keyed: keyed}
	if p.File, err = folder.CreatePrivate(name, d.Mode); err != nil {
		return nil, err
	}
	if keyed == nil || p.lock == nil || d.ETag == "" || size <= d.part {
		p.keyed = nil
		return p, nil
	}
	i := intent{
		Where: d.Where, Target: target, Source: d.Source, Created: d.Now(), ETag: d.ETag, Version: d.Version, Size: d.Size, Part: int(d.part),
		Partial: filepath.Join(filepath.Dir(target), filepath.Base(p.temp)),
	}
	if p.note, err = d.Notes.begin(i); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// A partial is the file of a download in work.
type partial struct {
	*File
	*Download
	note  *note     // nil: it cannot go on
	keyed hash.Hash // nil: the same
	done  int64     // bytes of plaintext that are in the file
}

// prove holds the file against the digests of its note, part by part, and moves to where the last of them ends.
func (p *partial) prove(size int64) error {
	part := make([]byte, p.part)
	for number, digest := range p.note.digests {
		if p.done+p.part > size {
			return errChanged
		}
		if _, err := io.ReadFull(p.File, part); err == io.EOF || err == io.ErrUnexpectedEOF {
			return errChanged
		} else if err != nil {
			return err
		}
		if !hmac.Equal(digest, p.digest(int64(number), part)) {
			return errChanged
		}
		p.count(part)
	}
	p.resumed = p.done
	return p.Truncate(p.done)
}

// Write takes what was authenticated: a part, or the last bytes. It is noted only once it is in the file.
func (p *partial) Write(b []byte) (int, error) {
	number := p.done / p.part
	if n, err := p.File.Write(b); err != nil {
		return n, err
	}
	p.count(b)
	if p.note == nil || int64(len(b)) != p.part {
		return len(b), nil
	}
	return len(b), p.note.write(line{Digest: p.digest(number, b)})
}

func (p *partial) count(b []byte) {
	p.done += int64(len(b))
	if p.Sent != nil {
		p.Sent(len(b))
	}
	if p.Hash != nil {
		p.Hash.Write(b)
	}
}

// uncount takes back what was counted of a file that starts again.
func (p *partial) uncount() {
	if p.Sent != nil {
		p.Sent(-int(p.done))
	}
	if p.Hash != nil {
		p.Hash.Reset()
	}
}

func (p *partial) digest(number int64, part []byte) []byte {
	p.keyed.Reset()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(number))
	p.keyed.Write(n[:])
	p.keyed.Write(part)
	return p.keyed.Sum(nil)
}

// end leaves nothing behind but a file that has its name.
func (p *partial) end() {
	p.Abort()
	if p.note != nil {
		p.note.remove()
		p.note = nil
	}
}

// digests makes the digests of parts of a plaintext, which only who has the key that opened it can make, and which are of no other message:
// its header is in them. It is nil where nothing can go on.
func (r *Ranged) digests() (hash.Hash, error) {
	from, _ := r.extent(0, 1)
	if r.Key == nil || from == 0 {
		return nil, nil
	}
	head := make([]byte, from)
	if n, err := r.held.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("reading the header again: %w", err)
	}
	header := sha256.Sum256(head)
	key, err := hkdf.Key(sha256.New, r.Key.secret, header[:], "onus unfinished download", sha256.Size)
	if err != nil {
		return nil, err
	}
	return hmac.New(sha256.New, key), nil
}

// discard removes the note of a download, and its partial file if that is one of ours.
func (o *note) discard() error {
	if IsTemp(filepath.Base(o.Partial)) {
		if err := os.Remove(o.Partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
			o.close()
			return fmt.Errorf("what an earlier run left of %s is not removed: %w", o.Target, err)
		}
	}
	return o.remove()
}

// Discard removes what downloads that were killed left and nobody works on, and returns their targets.
func (n Notes) Discard() (targets []string, err error) {
	notes, err := n.left(func(i intent) bool { return i.Partial != "" })
	problems := []error{err}
	for _, o := range notes {
		if err := o.discard(); err != nil {
			problems = append(problems, err)
			continue
		}
		targets = append(targets, o.Target)
	}
	return targets, errors.Join(problems...)
}

// Unfinished are the targets of downloads that were killed.
func (n Notes) Unfinished() (targets []string) {
	notes, _ := n.left(func(i intent) bool { return i.Partial != "" })
	for _, o := range notes {
		if _, err := os.Stat(o.Partial); errors.Is(err, fs.ErrNotExist) {
			o.remove() // killed when it was whole already, or removed by hand
			continue
		}
		targets = append(targets, o.Target)
		o.close()
	}
	return targets
}

// Keep spares, in a folder, what a later run of the same download goes on with; all else that was left there is removed.
func (n Notes) Keep(f *Folder) {
	f.kept = func(path string) bool {
		abs, err := filepath.Abs(path)
		if err != nil {
			return true
		}
		entries, _ := os.ReadDir(n.dir)
		for _, entry := range entries {
			var o note
			if raw, err := os.ReadFile(filepath.Join(n.dir, entry.Name())); err == nil && o.parse(raw) == nil && o.Partial == abs {
				return true
			}
		}
		return false
	}
}
