package estate

// Backups is what is kept of what is kept: plans, vaults, recovery points, snapshots, restores. Each list is sorted by Ref.Key.
type Backups struct {
}
