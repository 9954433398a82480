package estate

// Network is filled by load.
type Network struct {
}
