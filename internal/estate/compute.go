package estate

// Compute is filled by load.
type Compute struct {
}
