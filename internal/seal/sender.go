package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// A sender sends the parts of one upload, several at once, and in the end makes the object or ends the upload.
type sender struct {
	*Upload
	note   *note
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan []byte // buffers that are free
	wait   sync.WaitGroup

	mu    sync.Mutex
	tags  []string
	start []byte // of the message
	err   error
}

// sender opens the upload if the note names none.
func (u *Upload) sender(ctx context.Context, o *note, part int) (*sender, error) {
	s := &sender{Upload: u, note: o}
	s.ctx, s.cancel = context.WithCancel(ctx)
	slots := min(partsAhead, max(1, flightMax/part-2))
	s.slots = make(chan []byte, slots)
	for range slots {
		s.slots <- nil
	}
	if o.Header != nil {
		s.start = o.Header[:min(len(o.Header), startBytes)]
	}
	if o.upload == "" {
		upload, err := u.Store.Begin(ctx)
		if err == nil {
			err = o.began(upload)
			o.upload = upload
		}
		if rejected(err) { // then there is none to look for
			s.cancel()
			return nil, errors.Join(err, o.remove())
		}
		if err != nil {
			return nil, s.finish(ctx, err)
		}
	}
	return s, nil
}

// rejected says whether a store answered that it did not do what it was asked, by the method Rejected of its error. Of other errors it
// is not known whether it was done.
func rejected(err error) bool {
	var r interface{ Rejected() bool }
	return errors.As(err, &r) && r.Rejected()
}

// buffer waits for a free place and returns an empty buffer of that capacity.
func (s *sender) buffer(size int) []byte {
	body := <-s.slots
	if cap(body) < size {
		body = make([]byte, 0, size)
	}
	return body[:0]
}

// had takes the tag of a part that is there already.
func (s *sender) had(number int, tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(number, tag)
}

func (s *sender) put(number int, tag string) {
	for len(s.tags) < number {
		s.tags = append(s.tags, "")
	}
	s.tags[number-1] = tag
}

// send sends a part that is in a buffer, and returns the error of any part that failed before.
func (s *sender) send(number int, body []byte, plaintext int) error {
	s.mu.Lock()
	err := s.err
	if number == 1 && s.start == nil {
		s.start = bytes.Clone(body[:min(len(body), startBytes)])
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.wait.Go(func() {
		tag, err := s.Store.PutPart(s.ctx, s.note.upload, number, body)
		s.mu.Lock()
		if err != nil && s.err == nil {
			s.err = err
			s.cancel()
		}
		if err == nil {
			s.put(number, tag)
		}
		s.mu.Unlock()
		if err == nil {
			s.sent(plaintext)
		}
		s.slots <- body
	})
	return nil
}

// finish waits for all parts. Without an error it makes the object; with one it ends the upload, also if the context is done.
func (s *sender) finish(ctx context.Context, err error) error {
	if err != nil {
		s.cancel()
	}
	s.wait.Wait()
	s.cancel()
	if s.err != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = s.err
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	calm := context.WithoutCancel(ctx) // half a change of mind would leave open which object is there
	if err == nil {
		err = s.Store.Finish(calm, s.note.upload, s.tags)
		if errors.Is(err, fs.ErrNotExist) && s.made(calm) {
			err = nil
		}
	}
	if err == nil {
		s.Upload.start = s.start
		return s.note.remove()
	}
	calm, cancel := context.WithTimeout(calm, endTimeout)
	defer cancel()
	if endErr := s.note.end(calm, s.Store); endErr != nil {
		s.note.close()
		return fmt.Errorf("%w; and its upload stays open (%w): the next run goes on with it, or onus seal --abandon ends it", err, endErr)
	}
	return err
}

// made says whether the object that is there is this message: the answer to Finish may have been lost, and the second try finds
// no upload any more.
func (s *sender) made(ctx context.Context) bool {
	start, err := s.Store.Start(ctx, len(s.start))
	return err == nil && len(s.start) > 0 && bytes.Equal(start, s.start)
}
