package esdk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// A Sealer seals the frames of one message piece by piece, in any order and, after a crash, again: for stores that take an object in
// parts. It is a sharp tool. Writer is the one to use wherever a message is written once from start to end.
//
// A frame's vector is its number. Sealing a number twice with the same plaintext gives the same bytes; sealing it with
// another plaintext, or once as a regular and once as the final frame, gives away both and lets others forge frames. So whoever
// goes on with a message must prove first that the plaintext of every frame that was ever sealed is unchanged, and make a new
// message otherwise. It is safe for use by several goroutines.
type Sealer struct {
	header []byte
	frames *frames
}

// NewSealer starts a message. Signed suites are refused: a signature is made in one go.
func NewSealer(ctx context.Context, opts WriteOptions) (*Sealer, error) {
	if opts.Suite.Signed() {
		return nil, fmt.Errorf("esdk: a message of suite %v is signed and cannot be sealed in pieces: use %v", opts.Suite, AES256GCMCommit)
	}
	header, f, _, err := start(ctx, &opts)
	if err != nil {
		return nil, err
	}
	return &Sealer{header, f}, nil
}

// ResumeSealer goes on with the message that starts with a header as Sealer.Header returned it, once the header is proved.
func ResumeSealer(ctx context.Context, header []byte, opts ReadOptions) (*Sealer, error) {
	src := bytes.NewReader(header)
	h, err := parseHeader(src, &opts)
	if err != nil {
		return nil, err
	}
	if h.Suite != AES256GCMCommit || h.FrameLength == 0 {
		return nil, fmt.Errorf("%w: only messages of suite %v go on", ErrRefused, AES256GCMCommit)
	}
	f, _, err := unlock(ctx, h, src, &opts)
	if err != nil {
		return nil, err
	}
	if src.Len() > 0 {
		return nil, ErrOpen
	}
	return &Sealer{bytes.Clone(header), f}, nil
}

// Header returns the header with its authentication: the first bytes of the message.
func (s *Sealer) Header() []byte { return s.header }

// FrameLength returns the plaintext in a regular frame.
func (s *Sealer) FrameLength() int { return s.frames.length }

// SealedLength returns how many bytes a plaintext of that length takes after the header, as regular frames and, if final, with
// the final frame.
func (s *Sealer) SealedLength(plaintext int, final bool) int {
	n := plaintext / s.frames.length * s.frames.size()
	if final {
		n += finalExtra + plaintext%s.frames.length
	}
	return n
}

// Seal appends regular frames from the number first on (1 for the first of a message). The plaintext is a multiple of the frame length.
func (s *Sealer) Seal(dst []byte, first uint32, plaintext []byte) ([]byte, error) {
	count := uint64(len(plaintext) / s.frames.length)
	if len(plaintext)%s.frames.length != 0 || first == 0 || uint64(first)+count > maxRegular+1 {
		return dst, errors.New("esdk: seal whole frames, numbered from 1")
	}
	return s.frames.seal(dst, first, plaintext), nil
}

// SealEnd appends the end of a message: regular frames from the number first on, and the final frame with what is left of the plaintext.
func (s *Sealer) SealEnd(dst []byte, first uint32, plaintext []byte) ([]byte, error) {
	whole := len(plaintext) - len(plaintext)%s.frames.length
	dst, err := s.Seal(dst, first, plaintext[:whole])
	if err != nil {
		return dst, err
	}
	return s.frames.sealFinal(dst, first+uint32(whole/s.frames.length), plaintext[whole:]), nil
}
