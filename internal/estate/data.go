package estate

// Data is filled by load.
type Data struct {
}
