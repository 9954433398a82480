package atrest

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestDatabaseEncrypted(t *testing.T) { t.Parallel(); controltest.Run(t, DatabaseEncrypted) }
