package estate

// FrontDoors is how people come in: load balancers, distributions, web ACLs. Each list is sorted by Ref.Key.
type FrontDoors struct {
}
