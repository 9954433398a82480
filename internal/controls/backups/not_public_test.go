package backups

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestNotPublic(t *testing.T) { t.Parallel(); controltest.Run(t, NotPublic) }
