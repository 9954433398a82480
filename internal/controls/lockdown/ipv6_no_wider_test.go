package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestIPv6NoWiderThanIPv4(t *testing.T) { t.Parallel(); controltest.Run(t, IPv6NoWiderThanIPv4) }
