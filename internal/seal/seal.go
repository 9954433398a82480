// Package seal encrypts data with keys that their owner holds, and opens it again: keys and their folder, shares, receipts, and the two
// formats that are written, that of the AWS Encryption SDK (package esdk) and age.
//
// It produces streams, files and folders from streams, files and folders; where objects of S3 take part, package objects gives
// it readers and writers. It promises: nothing that was not authenticated is handed out; which algorithms and keys are used is
// decided here and by the caller, never by what is opened; a file that did not open leaves nothing behind; a failure to open does not
// say which of wrong key, wrong context and damage it was; and no error and no log holds a secret.
package seal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/esdk"
)

// ErrOpen is the one error for what does not open: damaged, altered, cut off, in another place than it was sealed for, or sealed for
// other keys. Which of these is not told.
var ErrOpen = errors.New("does not open: wrong key or context, or damaged")

// ErrRefused is the error for what is not admitted, judged by what everybody can read of it: its format, its suite, its length.
var ErrRefused = errors.New("refused")

// ErrNoRanges is the error for what opens as a whole only, as a stream. It is an ErrRefused.
var ErrNoRanges = fmt.Errorf("%w", ErrRefused)

// hidden replaces the errors of esdk for a message that does not open or is not admitted. What a service said that could not be asked stays beside it.
func hidden(err error) error {
	if errors.Is(err, esdk.ErrRefused) {
		refused := ErrRefused
		if errors.Is(err, esdk.ErrNoRanges) {
			refused = ErrNoRanges
		}
		return fmt.Errorf("%w%s", refused, strings.TrimPrefix(err.Error(), esdk.ErrRefused.Error()))
	}
	if !errors.Is(err, esdk.ErrOpen) {
		return err
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range several.Unwrap() {
			if !errors.Is(part, esdk.ErrOpen) {
				return fmt.Errorf("%w: %w", ErrOpen, part)
			}
		}
	}
	return ErrOpen
}
