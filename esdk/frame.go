package esdk

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

const (
	finalMarker  = 0xFFFFFFFF
	maxRegular   = 0xFFFFFFFE // frame numbers are 1 to this, and one more for the final frame
	frameHead    = 4 + ivLength
	frameExtra   = frameHead + tagLength
	finalHead    = 4 + 4 + ivLength + 4
	finalExtra   = finalHead + tagLength
	labelFrame   = "AWSKMSEncryptionClient Frame"
	labelFinal   = "AWSKMSEncryptionClient Final Frame"
	labelSingle  = "AWSKMSEncryptionClient Single Block"
	maxAADLength = 32 + len(labelSingle) + 4 + 8
)

// frames seals and opens the frames of one message. It is safe for use by several goroutines.
type frames struct {
	aead      cipher.AEAD
	messageID []byte
	length    int // plaintext in a regular frame
}

// size returns the bytes of a regular frame in the message.
func (f *frames) size() int { return f.length + frameExtra }

// perPiece returns how many regular frames make a piece, if so many pieces are in work at once.
func (f *frames) perPiece(places int) int {
	if places == 1 {
		return max(1, pieceBytes/f.size())
	}
	return max(1, parallelPieceBytes/f.size())
}

// scratch holds what a frame's authentication needs beside the frame, so that a piece needs one allocation.
type scratch struct {
	aad [maxAADLength]byte
	iv  [ivLength]byte
}

// additional returns what a frame's tag covers besides its bytes: which message, which kind, which number, how long.
func (f *frames) additional(s *scratch, label string, number uint32, length uint64) []byte {
	aad := append(s.aad[:0], f.messageID...)
	aad = append(aad, label...)
	aad = binary.BigEndian.AppendUint32(aad, number)
	return binary.BigEndian.AppendUint64(aad, length)
}

// vector returns the vector of a frame: its number. No number is used twice under a data key, and 0 is the header's.
func (s *scratch) vector(number uint32) []byte {
	binary.BigEndian.PutUint32(s.iv[ivLength-4:], number)
	return s.iv[:]
}

// seal appends regular frames that hold the plaintext, whose length is a multiple of the frame's.
func (f *frames) seal(dst []byte, first uint32, plaintext []byte) []byte {
	var s scratch
	for number := first; len(plaintext) > 0; number++ {
		iv := s.vector(number)
		dst = binary.BigEndian.AppendUint32(dst, number)
		dst = append(dst, iv...)
		dst = f.aead.Seal(dst, iv, plaintext[:f.length], f.additional(&s, labelFrame, number, uint64(f.length)))
		plaintext = plaintext[f.length:]
	}
	return dst
}

// sealFinal appends the final frame. The plaintext is shorter than a regular frame's, and may be empty: AWS's tool for Python
// refuses a final frame of full length.
func (f *frames) sealFinal(dst []byte, number uint32, plaintext []byte) []byte {
	var s scratch
	iv := s.vector(number)
	dst = binary.BigEndian.AppendUint32(dst, finalMarker)
	dst = binary.BigEndian.AppendUint32(dst, number)
	dst = append(dst, iv...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(plaintext)))
	return f.aead.Seal(dst, iv, plaintext, f.additional(&s, labelFinal, number, uint64(len(plaintext))))
}

// open opens one regular frame, into dst[:0] if that is not nil, else in place.
func (f *frames) open(s *scratch, dst, frame []byte, number uint32) ([]byte, error) {
	if binary.BigEndian.Uint32(frame) != number {
		return nil, ErrOpen
	}
	sealed := frame[frameHead:]
	if dst == nil {
		dst = sealed
	}
	plaintext, err := f.aead.Open(dst[:0], frame[4:frameHead], sealed, f.additional(s, labelFrame, number, uint64(f.length)))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// onlyFinal looks at how the body of a message begins whose regular frames would be longer than what is admitted: it may have none, and
// a final frame that is not. It returns the length of that.
func onlyFinal(head []byte, most int) (int, error) {
	if len(head) < finalHead {
		return 0, ErrOpen
	}
	length := binary.BigEndian.Uint32(head[finalHead-4:])
	if binary.BigEndian.Uint32(head) != finalMarker || uint64(length) > uint64(most) {
		return 0, fmt.Errorf("%w: its frames are longer than the %d bytes admitted", ErrRefused, most)
	}
	return int(length), nil
}

// cutFinal splits what starts with a final frame into the frame and what follows it.
func (f *frames) cutFinal(raw []byte) (frame, rest []byte, err error) {
	if len(raw) < finalExtra {
		return nil, nil, ErrOpen
	}
	length := uint64(binary.BigEndian.Uint32(raw[finalHead-4:]))
	if length > uint64(f.length) || uint64(len(raw)) < length+finalExtra {
		return nil, nil, ErrOpen
	}
	end := finalExtra + int(length)
	return raw[:end:end], raw[end:], nil
}

// openFinal opens what cutFinal returned, as open does.
func (f *frames) openFinal(dst, frame []byte, number uint32) ([]byte, error) {
	if binary.BigEndian.Uint32(frame) != finalMarker || binary.BigEndian.Uint32(frame[4:]) != number {
		return nil, ErrOpen
	}
	var s scratch
	sealed := frame[finalHead:]
	if dst == nil {
		dst = sealed
	}
	plaintext, err := f.aead.Open(dst[:0], frame[8:8+ivLength], sealed, f.additional(&s, labelFinal, number, uint64(len(sealed)-tagLength)))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
