package esdk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// A Reader opens a message as it is read. It hands out a frame's plaintext once that frame is authenticated; only io.EOF says that
// the message was whole, that nothing followed it and, for a signed message, that its signature is good. Until then, treat what was
// read as a part of a message that may turn out to be cut off. The final frame is kept back until all that is known.
//
// A Reader needs no closing: it reads its source only in calls of its methods. What a *bytes.Reader reads from is opened where it lies, and
// must not be changed meanwhile.
type Reader struct {
	header Header
	src    io.Reader
	frames *frames
	verify *verifier
	next   uint64  // number of the next frame to fetch
	queue  []*part // fetched, in order; the first is being handed out
	spare  []*part
	places int
	ended  bool // no more is to be fetched
	err    error

	memory []byte // all that src, a *bytes.Reader, reads from
	looked bool   // whether src is one
}

// A part is a run of regular frames and, as the last of a message, its final frame.
type part struct {
	room  []byte // the part's own memory
	raw   []byte // regular frames, in room or where the source has them
	plain []byte // where the frames are opened to; nil: in place
	first uint32
	count int // frames in raw
	final []byte
	err   error // after the frames; io.EOF after the last part
	done  chan struct{}

	opened int // frames of raw that are proved
	served int
	rest   []byte // of the frame being handed out
}

// NewReader reads the header of a message from src and proves it. The context is for the wrapping keys, and not kept.
func NewReader(ctx context.Context, src io.Reader, opts ReadOptions) (*Reader, error) {
	h, err := parseHeader(src, &opts)
	if err != nil {
		return nil, err
	}
	f, verify, err := unlock(ctx, h, src, &opts)
	if err != nil {
		return nil, err
	}
	r := &Reader{header: *h, src: src, frames: f, verify: verify, next: 1, places: pieces(opts.Parallel)}
	switch most := opts.maxFrame(); {
	case h.FrameLength == 0:
		r.queue = append(r.queue, r.fetchSingle(most))
	case h.FrameLength > most:
		r.queue = append(r.queue, r.fetchFinal(most))
	}
	r.ended = len(r.queue) > 0
	return r, nil
}

// Header returns the message's header, which is proved.
func (r *Reader) Header() Header { return r.header }

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	total := 0
	for total < len(p) {
		if total > 0 && !r.ready() {
			break // what comes next may have to wait for the source
		}
		frame, err := r.frame()
		if err != nil {
			if total > 0 {
				break
			}
			return 0, err
		}
		n := copy(p[total:], frame)
		r.queue[0].rest = frame[n:]
		total += n
	}
	return total, nil
}

// WriteTo implements [io.WriterTo], without a copy.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		frame, err := r.frame()
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		n, err := w.Write(frame)
		total += int64(n)
		r.queue[0].rest = frame[n:]
		if err == nil && n < len(frame) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return total, err
		}
	}
}

// ready says whether plaintext is at hand.
func (r *Reader) ready() bool {
	return len(r.queue) > 0 && (len(r.queue[0].rest) > 0 || r.queue[0].served > 0 && r.queue[0].served < r.queue[0].opened)
}

// frame returns what is left of the current frame, or the next one. It is never empty without an error.
func (r *Reader) frame() ([]byte, error) {
	for {
		if r.err != nil {
			return nil, r.err
		}
		for !r.ended && len(r.queue) < r.places {
			r.fetch()
		}
		p := r.queue[0]
		if p.done != nil {
			<-p.done
			p.done = nil
		}
		if len(p.rest) > 0 {
			return p.rest, nil
		}
		if p.served < p.opened {
			p.rest = r.frames.opened(p, p.served)
			p.served++
			continue
		}
		if len(p.final) > 0 {
			p.rest, p.final = p.final, nil
			continue
		}
		if p.err != nil {
			r.err, r.ended = p.err, true
			continue
		}
		r.queue = append(r.queue[:0], r.queue[1:]...)
		r.spare = append(r.spare, p)
	}
}

// fetch reads one part from the source and has it opened, beside the caller if there are places for that.
func (r *Reader) fetch() {
	p := r.cut()
	r.queue = append(r.queue, p)
	if p.err != nil {
		r.ended = true
	}
	if r.places == 1 {
		r.frames.openPart(p)
		return
	}
	p.done = make(chan struct{})
	go func() {
		r.frames.openPart(p)
		close(p.done)
	}()
}

// take reads what one part holds, or less if the source ends before. The bytes of a *bytes.Reader are taken where they lie, so that
// opening them is the only time that they are copied.
func (r *Reader) take(p *part) error {
	size := r.frames.size() * r.frames.perPiece(r.places)
	if !r.looked {
		r.looked = true
		r.memory = memoryOf(r.src)
	}
	if r.memory == nil {
		if p.room == nil {
			p.room = make([]byte, size)
		}
		n, err := io.ReadFull(r.src, p.room[:size])
		p.raw = p.room[:n]
		return err
	}
	if p.room == nil {
		p.room = make([]byte, r.frames.length*r.frames.perPiece(r.places))
	}
	p.plain = p.room
	src := r.src.(*bytes.Reader)
	at := len(r.memory) - src.Len()
	p.raw = r.memory[at:min(at+size, len(r.memory))]
	if _, err := src.Seek(int64(len(p.raw)), io.SeekCurrent); err != nil {
		return err
	}
	if len(p.raw) < size {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// memoryOf returns all that src reads from if it is a *bytes.Reader, which stays where it is.
func memoryOf(src io.Reader) []byte {
	memory, ok := src.(*bytes.Reader)
	if !ok || memory.Len() == 0 {
		return nil
	}
	at := memory.Size() - int64(memory.Len())
	var all lastWrite
	if _, err := memory.Seek(0, io.SeekStart); err != nil {
		return nil
	}
	_, err := memory.WriteTo(&all)
	if _, back := memory.Seek(at, io.SeekStart); err != nil || back != nil || int64(len(all)) != memory.Size() {
		return nil
	}
	return all
}

// lastWrite keeps what was written last, without a copy: for bytes.Reader alone, which writes all of what it reads from, at once.
type lastWrite []byte

func (l *lastWrite) Write(p []byte) (int, error) { *l = p; return len(p), nil }

// cut reads one part from the source and finds its frames.
func (r *Reader) cut() *part {
	size := r.frames.size()
	p := &part{}
	if n := len(r.spare); n > 0 {
		p.room = r.spare[n-1].room
		r.spare = r.spare[:n-1]
	}
	p.first = uint32(r.next)
	err := r.take(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		p.err = err
		return p
	}
	raw := p.raw
	for at := 0; len(raw)-at >= 4; at += size {
		switch number := binary.BigEndian.Uint32(raw[at:]); {
		case number == finalMarker:
			p.final, p.err = r.cutEnd(raw[at:], err != nil)
			return r.hashed(p, size)
		case uint64(number) != r.next || len(raw)-at < size:
			p.err = ErrOpen
			return p
		}
		p.count++
		r.next++
	}
	if err != nil {
		p.err = ErrOpen // the source ended before a final frame
	}
	return r.hashed(p, size)
}

// hashed gives what the part has in front of its end to the verifier. The end was given by cutEnd, which needs the signature: so it is
// called before, and hashes in order itself.
func (r *Reader) hashed(p *part, size int) *part {
	if r.verify == nil {
		return p
	}
	r.verify.Write(p.raw[:p.count*size])
	if p.final == nil {
		return p
	}
	frame, footer, err := r.frames.cutFinal(p.final)
	if err == nil {
		r.verify.Write(frame)
		err = r.verify.verify(footer)
	}
	p.final = frame
	if err != nil {
		p.final, p.err = nil, err
	}
	return p
}

// fetchFinal reads and opens the final frame of a message that has to have no other, since its others would be too long.
func (r *Reader) fetchFinal(most int) *part {
	head := make([]byte, finalHead)
	if _, err := io.ReadFull(r.src, head); err != nil {
		return &part{err: sourceError(err)}
	}
	length, err := onlyFinal(head, most)
	if err != nil {
		return &part{err: err}
	}
	rest, err := io.ReadAll(io.LimitReader(r.src, int64(length)+tagLength+maxFooter+1))
	if err != nil {
		return &part{err: err}
	}
	p := &part{first: 1}
	p.final, p.err = r.cutEnd(append(head, rest...), true)
	r.frames.openPart(r.hashed(p, 0))
	return p
}

// cutEnd takes the bytes from the final frame on, reads what is missing, and refuses what is too much. For a signed message it returns the
// footer with the frame.
func (r *Reader) cutEnd(start []byte, ended bool) ([]byte, error) {
	end := bytes.Clone(start)
	if !ended {
		limit := finalExtra + r.frames.length + maxFooter + 1
		more, err := io.ReadAll(io.LimitReader(r.src, int64(limit)))
		if err != nil {
			return nil, err
		}
		end = append(end, more...)
	}
	frame, footer, err := r.frames.cutFinal(end)
	if err != nil {
		return nil, err
	}
	if r.verify == nil && len(footer) > 0 || len(footer) > maxFooter {
		return nil, ErrOpen
	}
	if r.verify != nil {
		return end, io.EOF
	}
	return frame, io.EOF
}

// opened returns the plaintext of an opened frame of the part.
func (f *frames) opened(p *part, n int) []byte {
	if p.plain != nil {
		return p.plain[n*f.length : (n+1)*f.length]
	}
	at := n*f.size() + frameHead
	return p.raw[at : at+f.length]
}

// openPart opens the frames of a part, up to the first that fails.
func (f *frames) openPart(p *part) {
	var s scratch
	size := f.size()
	for ; p.opened < p.count; p.opened++ {
		at := p.opened * size
		var dst []byte
		if p.plain != nil {
			dst = p.plain[p.opened*f.length : (p.opened+1)*f.length : (p.opened+1)*f.length]
		}
		if _, err := f.open(&s, dst, p.raw[at:at+size:at+size], p.first+uint32(p.opened)); err != nil {
			p.final, p.err = nil, err
			return
		}
	}
	if p.final == nil {
		return
	}
	plaintext, err := f.openFinal(nil, p.final, p.first+uint32(p.count))
	p.final = plaintext
	if err != nil {
		p.final, p.err = nil, err
	}
}

// fetchSingle reads and opens the body of a message without frames.
func (r *Reader) fetchSingle(limit int) *part {
	head := make([]byte, ivLength+8)
	if _, err := io.ReadFull(r.src, head); err != nil {
		return &part{err: sourceError(err)}
	}
	length := binary.BigEndian.Uint64(head[ivLength:])
	if length > uint64(limit) {
		return &part{err: fmt.Errorf("%w: its %d bytes without frames are more than the %d admitted", ErrRefused, length, limit)}
	}
	body, err := io.ReadAll(io.LimitReader(r.src, int64(length)+tagLength+maxFooter+1))
	if err != nil {
		return &part{err: err}
	}
	end := int(length) + tagLength
	if len(body) < end || r.verify == nil && len(body) > end {
		return &part{err: ErrOpen}
	}
	if r.verify != nil {
		r.verify.Write(head)
		r.verify.Write(body[:end])
		if err := r.verify.verify(body[end:]); err != nil {
			return &part{err: err}
		}
	}
	var s scratch
	plaintext, err := r.frames.aead.Open(body[:0:end], head[:ivLength], body[:end], r.frames.additional(&s, labelSingle, 1, length))
	if err != nil {
		return &part{err: ErrOpen}
	}
	return &part{final: plaintext, err: io.EOF}
}

// Open appends the plaintext of a whole message to dst, in the caller's goroutine: for small objects. Nothing is returned unless all
// of it is proved. The message is not changed, and must not overlap the room behind dst.
func Open(ctx context.Context, dst, message []byte, opts ReadOptions) ([]byte, error) {
	src := bytes.NewReader(message)
	h, err := parseHeader(src, &opts)
	if err != nil {
		return nil, err
	}
	f, verify, err := unlock(ctx, h, src, &opts)
	if err != nil {
		return nil, err
	}
	body := message[len(message)-src.Len():]
	at := len(dst)
	if need := at + len(body); cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	if h.FrameLength == 0 {
		single := (&Reader{src: src, frames: f, verify: verify}).fetchSingle(opts.maxFrame())
		if single.err != io.EOF {
			return nil, single.err
		}
		return append(dst, single.final...), nil
	}
	if most := opts.maxFrame(); h.FrameLength > most {
		if _, err := onlyFinal(body, most); err != nil {
			return nil, err
		}
	}
	whole, err := f.openAll(dst, body, verify)
	if err != nil {
		clear(dst[at : at+len(body)])
		return nil, err
	}
	return whole, nil
}

// openAll appends the plaintext of all frames to dst, which has room for it.
func (f *frames) openAll(dst, body []byte, verify *verifier) ([]byte, error) {
	var s scratch
	size := f.size()
	for number := uint32(1); ; number++ {
		room := dst[len(dst):cap(dst)]
		if len(body) >= 4 && binary.BigEndian.Uint32(body) == finalMarker {
			frame, footer, err := f.cutFinal(body)
			if err != nil {
				return nil, err
			}
			if verify == nil && len(footer) > 0 {
				return nil, ErrOpen
			}
			if verify != nil {
				verify.Write(frame)
				if err := verify.verify(footer); err != nil {
					return nil, err
				}
			}
			plaintext, err := f.openFinal(room, frame, number)
			return dst[:len(dst)+len(plaintext)], err
		}
		if len(body) < size || number > maxRegular {
			return nil, ErrOpen
		}
		if verify != nil {
			verify.Write(body[:size])
		}
		plaintext, err := f.open(&s, room, body[:size:size], number)
		if err != nil {
			return nil, err
		}
		dst = dst[:len(dst)+len(plaintext)]
		body = body[size:]
	}
}
