package control

import (
	"fmt"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
)

// CauseKey is the key of a cause that is one aspect of a resource: "launch-template/lt-0abc/image". A resource may have to
// change in several independent ways, each with a fix of its own, so the aspect is part of the key. Ids of kinds that are
// unique only within a Region come with account and Region.
func CauseKey(r estate.Ref, aspect string) string {
	id := r.ID
	switch r.Kind {
	case "auto-scaling-group", "launch-configuration", "function",
		"db-instance", "db-cluster", "db-snapshot", "db-cluster-snapshot", "table":
		id = strings.Join([]string{r.Account, r.Region, r.ID}, "/")
	}
	return strings.Join([]string{r.Kind, id, aspect}, "/")
}

// Age words a duration as people do: "1,862 days", "5 hours", "12 minutes".
func Age(d time.Duration) string {
	n, unit := int(d/time.Minute), "minute"
	switch {
	case d >= 48*time.Hour:
		n, unit = int(d/(24*time.Hour)), "day"
	case d >= 2*time.Hour:
		n, unit = int(d/time.Hour), "hour"
	}
	if n != 1 {
		unit += "s"
	}
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " " + unit
}

// Called is how a sentence names a resource: its id, and the name that people gave it.
func Called(r estate.Ref) string {
	if r.Name == "" || r.Name == r.ID {
		return r.ID
	}
	return fmt.Sprintf("%s (%s)", r.ID, r.Name)
}

// ShellQuote writes a value into a command that somebody may paste into a shell: names come from AWS and may hold anything.
func ShellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=+,%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
