package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestDatabaseNotPublic(t *testing.T) { t.Parallel(); controltest.Run(t, DatabaseNotPublic) }
