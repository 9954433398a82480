package intransit

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestS3RequiresTLS(t *testing.T) { t.Parallel(); controltest.Run(t, S3RequiresTLS) }
