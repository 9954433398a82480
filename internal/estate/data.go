package estate

// Data is what is kept: buckets, databases, tables and the keys that encrypt them. Each list is sorted by Ref.Key.
type Data struct {
	Databases
}
