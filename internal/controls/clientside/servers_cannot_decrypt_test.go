package clientside

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestServersCannotDecrypt(t *testing.T) { t.Parallel(); controltest.Run(t, ServersCannotDecrypt) }
