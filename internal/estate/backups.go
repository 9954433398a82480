package estate

// Backups is filled by load.
type Backups struct {
}
