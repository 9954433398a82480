package estate

// Network is what packets pass: VPCs, groups, routes. Each list is sorted by Ref.Key.
type Network struct {
}
