package estate

// Watching is what would notice: trails and detectors. Each list is sorted by Ref.Key.
type Watching struct {
}
