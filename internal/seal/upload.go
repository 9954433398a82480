package seal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/esdk"
)

// A Store takes one object: at once, or in parts that become an object when Finish has returned. Until then, what was there stays.
// Put, PutPart and the others must be safe for use by several goroutines.
type Store interface {
	Put(ctx context.Context, body []byte) error
	// Begin opens an upload; PutPart adds a part, numbered from 1, and returns its tag; Finish takes the tags in order.
	Begin(ctx context.Context) (upload string, err error)
	PutPart(ctx context.Context, upload string, number int, body []byte) (tag string, err error)
	Finish(ctx context.Context, upload string, tags []string) error
	// End ends an upload without an object. That there is no such upload is no error.
	End(ctx context.Context, upload string) error
	// Parts are the tags and sizes of what is there, fs.ErrNotExist if there is no such upload.
	Parts(ctx context.Context, upload string) (tags map[int]string, sizes map[int]int64, err error)
	// Uploads are the open uploads to this very place that were begun until then.
	Uploads(ctx context.Context, until time.Time) ([]string, error)
	// Start reads the first n bytes of the object that is there, or fewer if it is shorter.
	Start(ctx context.Context, n int) ([]byte, error)
}

const (
	partBytes  = 8 << 20   // plaintext in a part; S3 wants 5 MiB of all but the last
	maxParts   = 10_000    // of S3
	flightMax  = 512 << 20 // bytes in memory that are aimed at
	partsAhead = 4         // parts that are sent at once
	growAfter  = 1000      // parts after which parts double, where the length is not known before
	startBytes = 256       // tell one message from every other: they hold its random id, or the wrapped file key of age
	endTimeout = 30 * time.Second
)

// An Upload seals a stream into a Store. In memory are at most six parts: of 8 MiB each for up to 77 GiB; above that a part is the
// 9,900th of the whole, and at most as many as make 512 MiB, but three.
type Upload struct {
	Store  Store
	Notes  Notes
	Where  string // endpoint of the store, if not AWS
	Target string // how the object is called in notes
	// Source names what is read, in a way that finds it again: an upload that was killed goes on if all that was sealed of it is
	// unchanged, which its digests prove. Empty: it never goes on.
	Source string
	// Size is the length of the source, as far as is known; -1 if it is not.
	Size int64
	// Sent, if not nil, is told how many bytes of plaintext were sealed and sent, by several goroutines.
	Sent func(n int)
	// Now is the time.
	Now func() time.Time

	least    int    // bytes of plaintext in a part, for tests; partBytes if 0
	resumed  int    // parts that were there already
	start    []byte // of the message that was stored
	warnings []error
}

// Warnings returns what did not hinder: uploads of earlier runs that could not be ended.
func (u *Upload) Warnings() []error { return u.warnings }

// Resumed returns how many parts an earlier run had sent.
func (u *Upload) Resumed() int { return u.resumed }

// Made tells the message that was stored from every other, by its first bytes, which hold its random id or its wrapped key.
func (u *Upload) Made() string { return hex.EncodeToString(u.start) }

// Stands reports whether what is stored begins as the message of which Made told.
func (u *Upload) Stands(ctx context.Context, made string) (bool, error) {
	want, err := hex.DecodeString(made)
	if err != nil || len(want) == 0 {
		return false, nil
	}
	start, err := u.Store.Start(ctx, len(want))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && bytes.Equal(start, want), err
}

// errChanged is the error for a source of which a part was sealed and is not what it was.
var errChanged = errors.New("the source changed")

// Seal seals src to the store. It ends uploads that earlier runs left open for the same target, unless it goes on with one. After an error no
// object was made and no upload is open, or the error says that one is.
func (u *Upload) Seal(ctx context.Context, src io.Reader, opts SealOptions) error {
	left, err := u.Notes.left(func(i intent) bool { return i.Where == u.Where && i.Target == u.Target })
	if err != nil {
		u.warnings = append(u.warnings, err)
	}
	seeker, again := src.(io.ReadSeeker)
	var chosen *note
	for _, o := range left {
		if chosen == nil && again && opts.Format != AgeFormat && u.Source != "" && o.Source == u.Source && o.upload != "" && o.Plan == opts.Plan() {
			chosen = o
			continue
		}
		if err := o.end(ctx, u.Store); err != nil {
			o.close()
			u.warnings = append(u.warnings, fmt.Errorf("an upload that an earlier run left open at %s is not ended: %w", u.Target, err))
		}
	}
	if chosen != nil {
		done, err := u.goOn(ctx, chosen, seeker, &opts)
		if done || err != nil {
			return err
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if opts.Format == AgeFormat { // what it is sealed with is known to the library alone: it never goes on
		return u.stream(ctx, src, opts)
	}
	return u.sealESDK(ctx, src, &opts)
}

// Plan says in one line all that decides how a message is made: one message never goes on under another plan.
func (o *SealOptions) Plan() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %d", o.Suite, o.FrameLength)
	for _, k := range o.Keys {
		fmt.Fprintf(&b, " %s", k.Fingerprint())
	}
	fmt.Fprintf(&b, " %d", len(o.Wrapping))
	for _, name := range slices.Sorted(maps.Keys(o.Context)) {
		fmt.Fprintf(&b, " %q=%q", name, o.Context[name])
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// sealESDK makes a new message.
func (u *Upload) sealESDK(ctx context.Context, src io.Reader, opts *SealOptions) error {
	write, err := opts.esdk()
	if err != nil {
		return err
	}
	if write.Suite.Signed() { // its signature is about the message as a stream
		return u.stream(ctx, src, *opts)
	}
	sealer, err := esdk.NewSealer(ctx, write)
	if err != nil {
		return err
	}
	t := &transfer{Upload: u, sealer: sealer, part: u.partLength(sealer.FrameLength())}
	first, n, err := u.firstPart(src, t.part)
	if err != nil {
		return err
	}
	if n < t.part { // all of it
		body, err := sealer.SealEnd(bytes.Clone(sealer.Header()), 1, first[:n])
		if err != nil {
			return err
		}
		if err := u.put(ctx, body); err != nil {
			return err
		}
		u.sent(n)
		return nil
	}
	i := intent{Where: u.Where, Target: u.Target, Created: u.Now(), Header: sealer.Header(), Frame: sealer.FrameLength(), Part: t.part, Plan: opts.Plan()}
	if _, again := src.(io.ReadSeeker); again && u.Size >= 0 {
		i.Source = u.Source
	}
	if t.note, err = u.begin(ctx, i); err != nil {
		return err
	}
	return t.run(ctx, io.MultiReader(bytes.NewReader(first), src))
}

// put stores a whole message at once.
func (u *Upload) put(ctx context.Context, body []byte) error {
	u.start = bytes.Clone(body[:min(len(body), startBytes)])
	return u.Store.Put(ctx, body)
}

// begin notes an upload that is to be begun, and which others to the same place are open already: they are somebody else's. If the store
// does not tell those, the upload is noted all the same, and the time alone tells them apart.
func (u *Upload) begin(ctx context.Context, i intent) (*note, error) {
	others, err := u.Store.Uploads(ctx, i.Created.Add(skew))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	i.Others, i.Told = others, err == nil
	return u.Notes.begin(i)
}

// goOn goes on with the upload of a note. It is not done, and the upload is ended, if the source changed or the upload is gone.
func (u *Upload) goOn(ctx context.Context, o *note, src io.ReadSeeker, opts *SealOptions) (done bool, err error) {
	give := func() (bool, error) {
		if err := o.end(ctx, u.Store); err != nil {
			o.close()
			u.warnings = append(u.warnings, err)
		}
		return false, nil
	}
	tags, sizes, err := u.Store.Parts(ctx, o.upload)
	if errors.Is(err, fs.ErrNotExist) {
		return give()
	}
	if err != nil {
		o.close()
		return false, err
	}
	open := OpenOptions{Keys: opts.Keys, Wrapping: opts.Wrapping, Context: opts.Context}
	read, err := open.esdk()
	if err != nil { // the keys at hand only seal
		return give()
	}
	sealer, err := esdk.ResumeSealer(ctx, o.Header, read)
	if err != nil || sealer.FrameLength() != o.Frame || o.Part <= 0 || o.Part%o.Frame != 0 {
		return give()
	}
	t := &transfer{Upload: u, sealer: sealer, part: o.Part, note: o, known: o.digests, tags: tags, sizes: sizes}
	o.digests = nil
	err = t.run(ctx, src)
	if errors.Is(err, errChanged) {
		u.resumed = 0
		return false, nil
	}
	return err == nil, err
}

// partLength is the plaintext in a part: whole frames, and few enough parts.
func (u *Upload) partLength(frame int) int {
	n := max(int64(cmp.Or(u.least, partBytes)), (u.Size+maxParts-101)/(maxParts-100))
	f := int64(frame)
	return int((n + f - 1) / f * f)
}

// readPart fills p from src; fewer bytes than that are all that is left.
func readPart(src io.Reader, p []byte) (int, error) {
	n, err := io.ReadFull(src, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

func (u *Upload) sent(n int) {
	if u.Sent != nil {
		u.Sent(n)
	}
}

// A transfer is one message on its way in parts.
type transfer struct {
	*Upload
	sealer *esdk.Sealer
	part   int // plaintext in all parts but the last
	note   *note

	// Of an earlier run: the digests of all plaintext that was sealed, and what the store has.
	known [][]byte
	tags  map[int]string
	sizes map[int]int64
}

// run seals and sends all parts, and makes the object.
func (t *transfer) run(ctx context.Context, src io.Reader) error {
	s, err := t.sender(ctx, t.note, t.part)
	if err != nil {
		return err
	}
	return s.finish(ctx, t.parts(s, src))
}

// parts reads the source part by part. The digest of a part is noted before it is sealed, and one that was noted must be the same: so no
// frame is ever sealed with other plaintext than the first time.
func (t *transfer) parts(s *sender, src io.Reader) error {
	plain := make([]byte, t.part)
	frames := uint32(t.part / t.sealer.FrameLength())
	for number, first := 1, uint32(1); ; number, first = number+1, first+frames {
		size := t.part
		if t.Size < 0 && t.note.Source == "" { // not known how long: parts grow
			size <<= (number - 1) / growAfter
			if size > len(plain) {
				plain = make([]byte, size)
			}
			frames = uint32(size / t.sealer.FrameLength())
		}
		n, err := readPart(src, plain[:size])
		if err != nil {
			return err
		}
		digest := sha256.Sum256(plain[:n])
		if number <= len(t.known) {
			if !bytes.Equal(digest[:], t.known[number-1]) {
				return errChanged
			}
			t.note.digests = append(t.note.digests, digest[:])
		} else if err := t.note.sealing(digest[:]); err != nil {
			return err
		}
		last := n < size
		if number > maxParts {
			return fmt.Errorf("%s: the source is longer than it was, too long for its parts: run again", t.Target)
		}
		length := t.sealer.SealedLength(n, last)
		if number == 1 {
			length += len(t.sealer.Header())
		}
		if tag := t.tags[number]; tag != "" && t.sizes[number] == int64(length) {
			t.resumed++
			s.had(number, tag)
			t.sent(n)
		} else {
			body := s.buffer(length)
			if number == 1 {
				body = append(body, t.sealer.Header()...)
			}
			if last {
				body, err = t.sealer.SealEnd(body, first, plain[:n])
			} else {
				body, err = t.sealer.Seal(body, first, plain[:n])
			}
			if err != nil {
				return err
			}
			if err := s.send(number, body, n); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// stream seals with a library that gives a stream, and sends that. The goroutine ends with the pipe, or with the source if that blocks.
func (u *Upload) stream(ctx context.Context, src io.Reader, opts SealOptions) error {
	sealed, feed := io.Pipe()
	defer sealed.CloseWithError(errors.New("the upload ended"))
	go func() {
		w, err := Encrypt(ctx, feed, opts)
		if err == nil {
			_, err = io.Copy(w, src)
		}
		if err == nil {
			err = w.Close()
		}
		feed.CloseWithError(err) // nil: the end
	}()
	return u.Send(ctx, sealed)
}

// Send stores a stream as it is. It never goes on. After an error no object was made and no upload is open, or the error says that one is.
func (u *Upload) Send(ctx context.Context, src io.Reader) error {
	size := u.partLength(1)
	first, n, err := u.firstPart(src, size)
	if err != nil {
		return err
	}
	if n < size {
		if err := u.put(ctx, first[:n]); err != nil {
			return err
		}
		u.sent(n)
		return nil
	}
	o, err := u.begin(ctx, intent{Where: u.Where, Target: u.Target, Created: u.Now()})
	if err != nil {
		return err
	}
	s, err := u.sender(ctx, o, size)
	if err != nil {
		return err
	}
	return s.finish(ctx, u.sendParts(s, io.MultiReader(bytes.NewReader(first), src), size))
}

func (u *Upload) sendParts(s *sender, src io.Reader, size int) error {
	for number := 1; number <= maxParts; number++ {
		if u.Size < 0 {
			size = u.partLength(1) << ((number - 1) / growAfter)
		}
		body := s.buffer(size)[:size]
		n, err := readPart(src, body)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if err := s.send(number, body[:n], n); err != nil {
			return err
		}
		if n < size {
			return nil
		}
	}
	return fmt.Errorf("%s: the source is longer than an object can be", u.Target)
}

// firstPart reads up to one part, in no more memory than the source is said to need.
func (u *Upload) firstPart(src io.Reader, size int) (first []byte, n int, err error) {
	expected := size
	if u.Size >= 0 && u.Size < int64(size) {
		expected = int(u.Size) + 1
	}
	first = make([]byte, expected)
	if n, err = readPart(src, first); err != nil || n < expected || expected == size {
		return first, n, err
	}
	first = append(first, make([]byte, size-expected)...) // longer than it was said to be
	more, err := readPart(src, first[n:])
	return first, n + more, err
}
