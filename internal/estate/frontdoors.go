package estate

// FrontDoors is filled by load.
type FrontDoors struct {
}
