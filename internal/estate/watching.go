package estate

import "time"

// Watching is what would notice: trails and detectors. Each list is sorted by Ref.Key.
type Watching struct {
	Trails    []*Trail
	Detectors []*Detector
}

// Trail is a CloudTrail trail. It stands here once, under its owner and its home Region, whichever account and Region
// showed it: a multi-Region trail is shown in every Region, an organisation's in every member account.
type Trail struct {
	Resource
	MultiRegion  bool
	Organization bool // it logs every account of the organisation
	Validation   bool // log file validation
	Bucket       string
	SeenBy       []string // accounts that see the trail among theirs, sorted
	Status       Known[TrailStatus]
	// Reads and Writes report whether it records all management events that read or write, those of KMS and the RDS Data
	// API aside, which a trail may leave out for their number.
	Reads, Writes Known[bool]
}

// TrailStatus is what cloudtrail:GetTrailStatus says. AWS answers for one Region: whether a trail logs is the same in all of
// them, when it delivered is not.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
type TrailStatus struct {
	Logging       bool
	Started       time.Time // zero for never
	LastDelivery  time.Time // of a log file to the bucket; zero for never
	DeliveryError string    // of the last attempt, from S3; empty for none
	Home          bool      // it was asked in the trail's home Region
}

// Detector is a GuardDuty detector: one a Region at most.
type Detector struct {
	Resource
	Enabled Known[bool]
}
