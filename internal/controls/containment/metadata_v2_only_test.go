package containment

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestMetadataV2Only(t *testing.T) { t.Parallel(); controltest.Run(t, MetadataV2Only) }
