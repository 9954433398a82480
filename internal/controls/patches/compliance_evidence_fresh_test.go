package patches

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestComplianceEvidenceFresh(t *testing.T) {
	t.Parallel()
	controltest.Run(t, ComplianceEvidenceFresh)
}
