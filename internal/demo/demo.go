// Package demo holds the recording and the claims file of a made-up company, built into the binary: what `onus demo` answers
// for. It produces the same set of responses as a recording of a real account would, and promises that everybody gets the
// same one: the recording is what internal/generate makes, byte for byte, and its clocks stand still.
package demo

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/onus-cloud/onus/internal/responses"
)

//go:generate go test -run TestRecordingIsGenerated . -update

//go:embed acme.zip
var recording []byte

//go:embed onus.yaml
var claims []byte

//go:embed receipts/*.json
var receipts embed.FS

// Now is the clock of the demo, by which excuses end: six hours after the recording was made.
var Now = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// Recording returns the responses of the made-up company.
func Recording() (*responses.Set, error) {
	folder, err := zip.NewReader(bytes.NewReader(recording), int64(len(recording)))
	if err != nil {
		return nil, fmt.Errorf("the demo recording: %w", err)
	}
	return responses.ReadRecording(folder, "the demo recording")
}

// Receipts returns the folder of receipts of canaries. They were signed once, with keys that were thrown away: their fingerprints
// in the claims file verify them.
func Receipts() fs.FS {
	folder, err := fs.Sub(receipts, "receipts")
	if err != nil {
		return receipts // fs.Sub refuses only names that are none
	}
	return folder
}

// Claims returns the claims file of the made-up company: an onus.yaml.
func Claims() []byte { return slices.Clone(claims) }
