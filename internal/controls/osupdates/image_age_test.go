package osupdates

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestImageAge(t *testing.T) { t.Parallel(); controltest.Run(t, ImageAge) }
