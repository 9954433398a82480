package estate

import "time"

// Watching is what would notice: trails and detectors. Each list is sorted by Ref.Key.
type Watching struct {
	Trails    []*Trail
	Detectors []*Detector
}

// Trail is a CloudTrail trail. An organisation's trail belongs to the account that made it and is seen from every member:
// it stands here once, under its ARN, with what any account could tell of it.
type Trail struct {
	Resource           // Region is the home Region
	MultiRegion        bool
	Organization       bool
	Validation         bool // log file validation
	Bucket             string
	KMSKey             string
	GlobalEvents       bool    // events of services without Regions, such as IAM
	CustomSelectors    bool    // it has event selectors of its own; else it records every management event
	SeenFrom           []Place // where DescribeTrails showed it, sorted
	Status             Known[TrailStatus]
	ManagementAll      Known[bool] // its selectors record all management events, reads and writes
	ManagementExcludes Known[[]string]
}

// TrailStatus is cloudtrail:GetTrailStatus.
type TrailStatus struct {
	Logging       bool
	LastDelivery  time.Time // of a log file to the bucket; zero for never
	DeliveryError string    // of the newest delivery, empty for none
}

// Detector is a GuardDuty detector: one a Region at most.
type Detector struct {
	Resource
	Enabled Known[bool]
}
