package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/responses"
	"github.com/onus-cloud/onus/internal/seal"
)

// readReceipts reads the receipts of the folder that is named. One that does not verify with the fingerprint that it names is a problem, and
// counts for nothing.
func (s *source) readReceipts(f *facts) error {
	dir := s.receipts
	folder := os.DirFS(dir)
	switch {
	case dir != "":
	case f.isDemo && s.claims == "":
		dir, folder = "the demo's receipts", demo.Receipts()
	case f.declared.Receipts != "":
		dir = f.declared.Receipts
		folder = os.DirFS(dir)
	default:
		return nil
	}
	receipts, err := seal.ReadReceipts(folder)
	// What could not be read may be a receipt: that it is not there is not known.
	var unreadable *fs.PathError
	if err != nil && (receipts == nil || errors.As(err, &unreadable)) {
		return usage("receipts: %v: name a folder with --receipts, or receipts: in the claims file", err)
	}
	if err != nil {
		f.problems = append(f.problems, responses.Problem{Place: dir, Text: err.Error()})
	}
	good := []estate.Receipt{}
	for _, r := range receipts {
		if err := r.Verify(r.Fingerprint); err != nil {
			f.problems = append(f.problems, responses.Problem{Place: dir + "/" + r.FileName(), Text: err.Error() + ": it counts for nothing"})
			continue
		}
		good = append(good, estate.Receipt{Holder: r.Holder, Key: r.Key, Fingerprint: r.Fingerprint, Object: r.Object, Opened: r.Opened, Digest: r.Digest})
	}
	f.receipts = estate.Know(good)
	return nil
}
