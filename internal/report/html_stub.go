package report

import (
	"github.com/onus-cloud/onus/internal/answer"
	"io"
)

func HTML(w io.Writer, r *answer.Report) error { return nil }
