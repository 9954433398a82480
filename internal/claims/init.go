package claims

// InitFacts is what Init writes a first claims file from.
type InitFacts struct {
	Company   string
	Regions   []string
	OwnerTags []string // keys of tags seen that name owners
	Systems   []InitSystem
	// Claims are sentences that are surely meant, because they already hold and nobody would want them otherwise.
	Claims []string
	// Questions are what was seen and may or may not be meant.
	Questions []Question
}

// InitSystem is a system guessed from tags. A name that is not fit for a system is made so.
type InitSystem struct {
	Name  string
	Tags  map[string]string
	Tiers []InitTier
}

// InitTier is a tier guessed from tags.
type InitTier struct {
	Name string
	Tags map[string]string
}

// Question is something seen, and the claim to make if it is as it should be.
type Question struct {
	Seen  string // "port 8080 of jenkins is open to the internet"
	Claim string // the sentence that would say so, or empty
}

// Init writes a first claims file.
func Init(facts InitFacts) []byte { return nil }
