package estate

// Identity is who may do what. Each list is sorted by Ref.Key.
type Identity struct {
}
