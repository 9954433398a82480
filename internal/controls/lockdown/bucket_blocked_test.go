package lockdown

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestBucketBlocked(t *testing.T) { t.Parallel(); controltest.Run(t, BucketBlocked) }
