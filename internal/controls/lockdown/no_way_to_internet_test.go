package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestVPCInternetBlocked(t *testing.T) { t.Parallel(); controltest.Run(t, VPCInternetBlocked) }
