package clientside

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestDeclaredDataIsCiphertext(t *testing.T) {
	t.Parallel()
	controltest.Run(t, DeclaredDataIsCiphertext)
}
