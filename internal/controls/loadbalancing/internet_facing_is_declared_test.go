package loadbalancing

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestInternetFacingIsDeclared(t *testing.T) {
	t.Parallel()
	controltest.Run(t, InternetFacingIsDeclared)
}
