package estate

// Compute is what runs, and the disks it runs on. Each list is sorted by Ref.Key.
type Compute struct {
	Volumes []*Volume
}

// Volume is an EBS volume.
type Volume struct {
	Resource
	Encrypted bool
	KMSKey    string   // ARN of the key; empty where it is not encrypted
	Instances []string // ids of the instances it is attached to
}
