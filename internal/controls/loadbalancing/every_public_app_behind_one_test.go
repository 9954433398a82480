package loadbalancing

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestEveryPublicAppBehindOne(t *testing.T) {
	t.Parallel()
	controltest.Run(t, EveryPublicAppBehindOne)
}
