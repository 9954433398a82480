package clientside

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestProvidedKeyUploadsBlocked(t *testing.T) {
	t.Parallel()
	controltest.Run(t, ProvidedKeyUploadsBlocked)
}
