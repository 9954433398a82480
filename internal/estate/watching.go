package estate

// Watching is filled by load.
type Watching struct {
}
