package containment

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestRoleMakersBounded(t *testing.T) { t.Parallel(); controltest.Run(t, RoleMakersBounded) }
