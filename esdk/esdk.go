// Package esdk writes and reads messages of the AWS Encryption SDK format, as streams and at random offsets.
//
// A message is a header, frames and, for some suites, a signature. Every message has its own data key, which the header
// carries wrapped under one or more wrapping keys: any of them opens the message. The encryption context, pairs of names and
// values, is readable by everybody and authenticated with the rest.
//
// What it promises: no plaintext is handed out before the frame that holds it is authenticated; a message that was truncated,
// extended, reordered, spliced or changed does not end with io.EOF; memory is bounded by the frames in work, whatever the
// size of the message; what a message may use (suites, number of keys, sizes) is decided by the reader's options, never by the
// message; and all failures to open look alike.
//
// It writes format version 2 with the suites that commit to their key. It reads the older ones only when they are named in
// [ReadOptions.Suites]. The format is described at
// https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html.
package esdk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// ErrOpen is the one error for a message that cannot be opened with the keys and the context given: it is damaged, altered,
// truncated or extended, it was sealed for other keys, or in another context. Which of these is not told, so that nobody learns
// from it.
var ErrOpen = errors.New("esdk: message does not open: wrong key or context, or damaged")

// ErrRefused is the error for a message that the options do not admit, judged by what everybody can read in its header: its
// suite, the number of its wrapped keys, the length of its frames.
var ErrRefused = errors.New("esdk: message refused")

// ErrNoRanges is the error of NewReaderAt for a message that opens as a whole only: a Reader reads it. It is an ErrRefused.
var ErrNoRanges = fmt.Errorf("%w", ErrRefused)

// A WrappingKey wraps the data keys of messages and unwraps them. It must be safe for use by several goroutines.
type WrappingKey interface {
	// Wrap encrypts a data key for a message with that encryption context.
	Wrap(ctx context.Context, dataKey []byte, encryptionContext map[string]string) (WrappedKey, error)
	// Unwrap returns the data key, which the caller overwrites after use. For a wrapped key that is not this key's, and for one
	// that fails authentication, it returns ErrOpen. Any other error (a service that could not be asked) is shown if
	// no other key opens the message.
	Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error)
}

// A WrappedKey is a data key as it stands in the header of a message.
type WrappedKey struct {
	Provider   string // who can unwrap it: "aws-kms", or the namespace of a raw key
	Info       []byte // which key of that provider; for raw AES keys also the initialization vector
	Ciphertext []byte
}

const (
	// DefaultFrameLength is the plaintext in a frame unless WriteOptions say otherwise. AWS's own tools write 4,096.
	DefaultFrameLength = 64 << 10
	// MaxFrameLength is the longest frame that this package writes or reads. A message may name a greater length in its header, and be
	// shorter itself.
	MaxFrameLength = 1 << 30

	defaultMaxFrame    = 16 << 20
	defaultMaxDataKeys = 16
	pieceBytes         = 128 << 10 // short frames are sealed and opened this much at a time, which stays in a core's cache
	parallelPieceBytes = 512 << 10 // by a goroutine of its own, which has to be worth its start
)

// WriteOptions say how a message is written. Keys is needed; the zero value of all else is a good choice.
type WriteOptions struct {
	// Keys are the wrapping keys. Each of them alone opens the message.
	Keys []WrappingKey
	// Suite is AES256GCMCommit if zero.
	Suite Suite
	// Context is stored in the header, readable by everybody, and authenticated.
	Context map[string]string
	// BoundContext is authenticated and not stored: who opens the message must know it ("required encryption context"
	// in AWS's documentation). Its names must not be in Context.
	BoundContext map[string]string
	// FrameLength is the plaintext in each frame but the last, in bytes; DefaultFrameLength if zero. It has to be a multiple
	// of 128 for AWS's tools of some languages to write it; all read any.
	FrameLength int
	// Parallel is how many pieces (a frame, or short frames up to 128 KiB) are in work at once, and so what bounds memory: 1
	// works in the caller's goroutine alone; 0 is twice runtime.GOMAXPROCS, or 1 if that is 1.
	Parallel int
}

// ReadOptions say what a reader admits. Keys is needed; the zero value of all else is a good choice.
type ReadOptions struct {
	// Keys are tried in order on each wrapped key of the header.
	Keys []WrappingKey
	// Context must be in the message: each pair stored in its header, or bound when it was written. A message may
	// store more.
	Context map[string]string
	// Suites are those that may be read. Without any, they are the two that commit to their key: AES256GCMCommit and
	// AES256GCMCommitSigned.
	Suites []Suite
	// MaxDataKeys is how many wrapped keys a header may carry; 16 if zero.
	MaxDataKeys int
	// MaxFrame is the longest frame, or whole unframed message, in bytes of plaintext; 16 MiB if zero.
	MaxFrame int
	// Parallel is as in WriteOptions.
	Parallel int
}

func (o *WriteOptions) frameLength() (int, error) {
	switch n := o.FrameLength; {
	case n == 0:
		return DefaultFrameLength, nil
	case n < 0 || n > MaxFrameLength:
		return 0, fmt.Errorf("esdk: frame length %d: use 1 to %d", n, MaxFrameLength)
	default:
		return n, nil
	}
}

func (o *ReadOptions) maxFrame() int {
	if o.MaxFrame <= 0 {
		return defaultMaxFrame
	}
	return min(o.MaxFrame, MaxFrameLength)
}

func (o *ReadOptions) maxDataKeys() int {
	if o.MaxDataKeys <= 0 {
		return defaultMaxDataKeys
	}
	return o.MaxDataKeys
}

// pieces returns how many pieces are in work at once.
func pieces(parallel int) int {
	if parallel > 0 {
		return parallel
	}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return 2 * n
	}
	return 1
}
