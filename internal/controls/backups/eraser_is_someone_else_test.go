package backups

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestEraserIsSomeoneElse(t *testing.T) { t.Parallel(); controltest.Run(t, EraserIsSomeoneElse) }
