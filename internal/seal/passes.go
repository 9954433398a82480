package seal

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"io"
)

const (
	gcmTag    = 16
	passBytes = 1 << 20 // of an object, with one digest
)

// provePass reads an AES-GCM ciphertext of any length once, proves its tag, and returns the digests of its pieces, so that a second
// reading needs to trust nobody.
func provePass(ctx context.Context, open func() io.ReadCloser, size int64, block cipher.Block, iv, additional []byte) ([][sha256.Size]byte, error) {
	src := open()
	defer src.Close()
	g, err := newGHASH(block)
	if err != nil {
		return nil, err
	}
	g.write(bytes.Clone(additional)) // write writes over what it is given
	piece := make([]byte, passBytes)
	var digests [][sha256.Size]byte
	for left := size - gcmTag; left > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := piece[:min(left, passBytes)]
		if _, err := io.ReadFull(src, p); err != nil {
			return nil, cutOff(err)
		}
		digests = append(digests, sha256.Sum256(p))
		g.write(p) // writes over p
		left -= int64(len(p))
	}
	var tag [gcmTag]byte
	if _, err := io.ReadFull(src, tag[:]); err != nil {
		return nil, cutOff(err)
	}
	want := g.tag(block, iv, uint64(len(additional)), uint64(size-gcmTag))
	if subtle.ConstantTimeCompare(want[:], tag[:]) != 1 {
		return nil, ErrOpen
	}
	return digests, nil
}

// newCTR is the key stream of AES-GCM with a vector of 12 bytes: its counter starts at 2, since 1 is the tag's.
func newCTR(block cipher.Block, iv []byte) cipher.Stream {
	return cipher.NewCTR(block, binary.BigEndian.AppendUint32(append([]byte(nil), iv...), 2))
}

// secondPass decrypts what the first pass proved.
type secondPass struct {
	open    func() io.ReadCloser
	src     io.ReadCloser
	left    int64
	digests [][sha256.Size]byte
	stream  cipher.Stream
	piece   []byte
	rest    []byte
	err     error
}

// Read implements io.Reader.
func (s *secondPass) Read(p []byte) (int, error) {
	if len(s.rest) == 0 && s.err == nil {
		s.err = s.next()
	}
	if len(s.rest) == 0 {
		return 0, s.err
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *secondPass) next() error {
	if s.src == nil {
		s.src = s.open()
		s.piece = make([]byte, passBytes)
	}
	if s.left == 0 {
		return s.end(io.EOF)
	}
	p := s.piece[:min(s.left, passBytes)]
	if _, err := io.ReadFull(s.src, p); err != nil {
		return s.end(cutOff(err))
	}
	if sha256.Sum256(p) != s.digests[0] {
		return s.end(ErrOpen)
	}
	s.digests = s.digests[1:]
	s.left -= int64(len(p))
	s.stream.XORKeyStream(p, p)
	s.rest = p
	return nil
}

func (s *secondPass) end(err error) error {
	s.src.Close()
	return err
}

// ghash is the universal hash of AES-GCM over pieces of any number. The standard library authenticates only what is in memory as a
// whole; but GHASH is linear, and the tag that the library makes for a piece as additional data, without plaintext, is the piece's GHASH
// times H, masked. So the library hashes at its speed, and one multiplication for each piece chains them.
type ghash struct {
	aead    cipher.AEAD
	h       element
	inverse element // of h
	mask    element // of the tags that aead makes with a vector of zeros
	state   element
}

func newGHASH(block cipher.Block) (*ghash, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	var zero, first [16]byte
	first[15] = 1
	g := &ghash{aead: aead}
	block.Encrypt(zero[:], zero[:])
	block.Encrypt(first[:], first[:])
	g.h, g.mask = elementOf(zero[:]), elementOf(first[:])
	g.inverse = g.h.inverse()
	return g, nil
}

// write hashes a piece, which it writes over, padded to whole blocks with zeros: only the last of additional data and the last of ciphertext
// may be other than whole blocks.
func (g *ghash) write(p []byte) {
	if len(p) == 0 {
		return
	}
	var short [16]byte
	if len(p) < 16 {
		copy(short[:], p)
		p = short[:]
	}
	first := elementOf(p[:16]).add(g.state) // what was before, carried on in the first block
	first.put(p[:16])
	var vector [12]byte
	made := g.aead.Seal(nil, vector[:], nil, p)
	// made ^ mask = (GHASH(p) ^ length) * H
	length := element{hi: uint64(len(p)) * 8}
	g.state = elementOf(made).add(g.mask).times(g.inverse).add(length)
}

// tag finishes the hash with the lengths in bytes and returns the tag for a vector.
func (g *ghash) tag(block cipher.Block, iv []byte, additional, ciphertext uint64) [gcmTag]byte {
	sum := g.state.add(element{hi: additional * 8, lo: ciphertext * 8}).times(g.h)
	first := binary.BigEndian.AppendUint32(append([]byte(nil), iv...), 1)
	block.Encrypt(first, first)
	var tag [gcmTag]byte
	sum.add(elementOf(first)).put(tag[:])
	return tag
}

// An element of GF(2^128) as AES-GCM has it: the first bit is the highest of hi, and stands for 1 (NIST SP 800-38D, section 6.3).
type element struct{ hi, lo uint64 }

func elementOf(p []byte) element {
	return element{binary.BigEndian.Uint64(p), binary.BigEndian.Uint64(p[8:])}
}

func (a element) put(p []byte) {
	binary.BigEndian.PutUint64(p, a.hi)
	binary.BigEndian.PutUint64(p[8:], a.lo)
}

func (a element) add(b element) element { return element{a.hi ^ b.hi, a.lo ^ b.lo} }

// times multiplies bit by bit, without branches on the operands.
func (a element) times(b element) element {
	var product element
	for i := range 128 {
		word := a.hi
		if i >= 64 {
			word = a.lo
		}
		bit := word >> (63 - i%64) & 1
		product.hi ^= b.hi & -bit
		product.lo ^= b.lo & -bit
		carry := b.lo & 1
		b.lo = b.lo>>1 | b.hi<<63
		b.hi = b.hi>>1 ^ 0xe1<<56&-carry
	}
	return product
}

// inverse is a to the power of 2^128 - 2.
func (a element) inverse() element {
	power, result := a, element{hi: 1 << 63} // a, 1
	for range 127 {
		power = power.times(power)
		result = result.times(power)
	}
	return result
}
