package esdk

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"
)

// A Header is what everybody can read of a message. Of itself it proves nothing: only a message that opens had this header.
type Header struct {
	Version     int
	Suite       Suite
	MessageID   []byte
	Context     map[string]string // as stored: with the public key of a signed message
	Keys        []WrappedKey
	FrameLength int // plaintext in each frame but the last; 0: the message is not framed

	commitment []byte
	raw        []byte // all bytes but the authentication
}

const (
	ivLength      = 12
	tagLength     = 16
	typeV1        = 0x80 // the only type of version 1: customer authenticated encrypted data
	contentSingle = 1
	contentFramed = 2
)

// maxHeader is how many bytes a header may have that carries so many wrapped keys at most. AWS sets no limit. It is far more than contexts (64 KiB)
// and keys of common kinds take.
func maxHeader(dataKeys int) int { return 1<<20 + min(dataKeys, math.MaxUint16)<<10 }

// ReadHeader reads the header of a message and no byte more than it and its authentication. It authenticates nothing: it is for
// saying which keys would open a message. Of opts, Suites and MaxDataKeys hold.
func ReadHeader(r io.Reader, opts ReadOptions) (Header, error) {
	h, err := parseHeader(r, &opts)
	if err != nil {
		return Header{}, err
	}
	return *h, nil
}

// encode lays out a header of version 2 and keeps its bytes.
func (h *Header) encode() error {
	raw := make([]byte, 0, 512)
	raw = append(raw, byte(h.Version))
	raw = binary.BigEndian.AppendUint16(raw, uint16(h.Suite))
	raw = append(raw, h.MessageID...)
	at := len(raw)
	raw = appendContext(append(raw, 0, 0), h.Context)
	binary.BigEndian.PutUint16(raw[at:], uint16(len(raw)-at-2))
	raw = binary.BigEndian.AppendUint16(raw, uint16(len(h.Keys)))
	for _, key := range h.Keys {
		if max(len(key.Provider), len(key.Info), len(key.Ciphertext)) > math.MaxUint16 {
			return fmt.Errorf("esdk: a wrapped key of %q is too long for a header", key.Provider)
		}
		if !utf8.ValidString(key.Provider) {
			return fmt.Errorf("esdk: the provider %q of a wrapped key is not UTF-8", key.Provider)
		}
		raw = appendString(raw, key.Provider)
		raw = appendString(raw, key.Info)
		raw = appendString(raw, key.Ciphertext)
	}
	raw = append(raw, contentFramed)
	raw = binary.BigEndian.AppendUint32(raw, uint32(h.FrameLength))
	h.raw = append(raw, h.commitment...)
	return nil
}

// headerBytes reads a header field by field and keeps all bytes. Fields share memory with them, which nobody writes to again. After an error every field is empty.
type headerBytes struct {
	src   io.Reader
	limit int // of bytes
	raw   []byte
	err   error
}

func (b *headerBytes) next(n int) []byte {
	if b.err == nil && len(b.raw)+n > b.limit {
		b.err = fmt.Errorf("%w: its header is longer than %d bytes", ErrRefused, b.limit)
	}
	if b.err != nil {
		return nil
	}
	at := len(b.raw)
	b.raw = slices.Grow(b.raw, n)[:at+n]
	if _, err := io.ReadFull(b.src, b.raw[at:]); err != nil {
		b.err = sourceError(err)
		return nil
	}
	return b.raw[at : at+n : at+n]
}

func (b *headerBytes) byte() byte {
	if field := b.next(1); field != nil {
		return field[0]
	}
	return 0
}

func (b *headerBytes) uint16() int {
	if field := b.next(2); field != nil {
		return int(binary.BigEndian.Uint16(field))
	}
	return 0
}

func (b *headerBytes) uint32() uint64 {
	if field := b.next(4); field != nil {
		return uint64(binary.BigEndian.Uint32(field))
	}
	return 0
}

func (b *headerBytes) string() []byte { return b.next(b.uint16()) }

// sourceError tells a source that ended too early, which is a message cut off, from one that failed.
func sourceError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrOpen
	}
	return err
}

// parseHeader reads a header up to its authentication, and refuses what the options do not admit as soon as it is seen.
func parseHeader(src io.Reader, opts *ReadOptions) (*Header, error) {
	b := &headerBytes{src: src, limit: maxHeader(opts.maxDataKeys()), raw: make([]byte, 0, 512)}
	h := &Header{Version: int(b.byte())}
	if b.err == nil && h.Version != 1 && h.Version != 2 {
		if next := b.byte(); h.Version == 'A' && (next == 'Y' || next == 'g') {
			// That is how base64 of version 1 or 2 begins, and a common slip:
			// https://github.com/awslabs/aws-encryption-sdk-specification/blob/master/changes/2020-07-13_detect-base64-encoded-messages/change.md
			return nil, fmt.Errorf("%w: it is in base64, it seems: decode it first", ErrRefused)
		}
		if b.err != nil {
			return nil, b.err
		}
		return nil, ErrOpen
	}
	if h.Version == 1 && b.byte() != typeV1 && b.err == nil {
		return nil, ErrOpen
	}
	h.Suite = Suite(b.uint16())
	if b.err != nil {
		return nil, b.err
	}
	row, ok := h.Suite.row()
	switch {
	case !ok || int(row.version) != h.Version:
		return nil, ErrOpen
	case len(opts.Suites) == 0 && !h.Suite.Commits():
		return nil, fmt.Errorf("%w: its suite %v does not commit to its key; name the suite to read it all the same", ErrRefused, h.Suite)
	case len(opts.Suites) > 0 && !slices.Contains(opts.Suites, h.Suite):
		return nil, fmt.Errorf("%w: its suite %v is not among those named", ErrRefused, h.Suite)
	}
	if h.Version == 1 {
		h.MessageID = b.next(16)
	} else {
		h.MessageID = b.next(32)
	}
	h.Context, ok = parseContext(b.next(b.uint16()))
	if b.err == nil && !ok {
		return nil, ErrOpen
	}
	_, signer := h.Context[publicKeyName]
	count := b.uint16()
	switch {
	case b.err != nil:
		return nil, b.err
	case signer != h.Suite.Signed() || count == 0:
		return nil, ErrOpen
	case count > opts.maxDataKeys():
		return nil, fmt.Errorf("%w: it carries %d wrapped keys, and %d are admitted", ErrRefused, count, opts.maxDataKeys())
	}
	h.Keys = make([]WrappedKey, 0, count)
	for range count {
		key := WrappedKey{Provider: string(b.string()), Info: b.string(), Ciphertext: b.string()}
		if b.err == nil && !utf8.ValidString(key.Provider) {
			return nil, ErrOpen // "Key Provider ID ... interpreted as UTF-8 encoded bytes"
		}
		h.Keys = append(h.Keys, key)
	}
	content := b.byte()
	if h.Version == 1 {
		if reserved, iv := b.uint32(), b.byte(); b.err == nil && (reserved != 0 || iv != ivLength) {
			return nil, ErrOpen
		}
	}
	frame := b.uint32()
	if h.Suite.Commits() {
		h.commitment = b.next(commitmentLength)
	}
	switch {
	case b.err != nil:
		return nil, b.err
	case content == contentFramed && frame == 0, content == contentSingle && frame != 0, content != contentFramed && content != contentSingle:
		return nil, ErrOpen
	case uint64(frame) > math.MaxInt:
		return nil, fmt.Errorf("%w: this processor cannot count its frames of %d bytes", ErrRefused, frame)
	}
	h.FrameLength = int(frame)
	h.raw = b.raw
	return h, nil
}
