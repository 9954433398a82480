package clientside

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestKeyStaysLocal(t *testing.T) { t.Parallel(); controltest.Run(t, KeyStaysLocal) }
