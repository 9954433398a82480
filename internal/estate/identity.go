package estate

// Identity is filled by load.
type Identity struct {
}
