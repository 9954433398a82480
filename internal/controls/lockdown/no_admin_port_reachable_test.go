package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestNoAdminPortReachable(t *testing.T) { t.Parallel(); controltest.Run(t, NoAdminPortReachable) }
