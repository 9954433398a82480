package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestOnlyDeclaredPortsPublic(t *testing.T) {
	t.Parallel()
	controltest.Run(t, OnlyDeclaredPortsPublic)
}
