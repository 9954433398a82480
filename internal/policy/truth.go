package policy

// truth is what can be said of a statement about a request: no, maybe, yes. Maybe rests on something that is not known.
type truth int8

const (
	no truth = iota
	maybe
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth { return yes - t }

// all is yes of nothing, any is no of nothing.
func all(ts ...truth) truth {
	least := yes
	for _, t := range ts {
		least = min(least, t)
	}
	return least
}

func some(ts ...truth) truth {
	most := no
	for _, t := range ts {
		most = max(most, t)
	}
	return most
}
