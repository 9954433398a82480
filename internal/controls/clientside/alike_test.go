package clientside

import "testing"

// TestLikeness: what a name says of a local key.
func TestLikeness(t *testing.T) {
	t.Parallel()
	const fingerprint = "fxje-f76y-a6vs-yeo4-mkut-r7td-43pq-xv55"
	for name, want := range map[string]string{
		"prod/payroll-key":            "is named like",
		"PayrollKey":                  "", // no word of its own
		"keys/payroll":                "is named like",
		"alias/onus/payroll":          "is named like",
		"payroll-db-password":         "",
		"backup/payroll.1.key":        "is named as the file of",
		"payroll.1.key.bak":           "is named as the file of",
		"xpayroll.1.key":              "",
		"copy of " + fingerprint:      "has in its name the fingerprint of",
		"contracts-key":               "",
		"acme-payroll-data/wrapping":  "is named like",
		"acme-payrolls-data/wrapping": "",
	} {
		if got := likeness(name, "payroll", fingerprint); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
