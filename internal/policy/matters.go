package policy

import "slices"

// sure is what is allowed whatever is not known turns out to be, open what then may be.
func (f forms) sure() forms { return forms{f.direct.sure(), f.role.sure(), f.account.sure()} }
func (f forms) open() forms { return forms{f.direct.open(), f.role.open(), f.account.open()} }

func (t truth) sure() truth { return truthOf(t == yes) }
func (t truth) open() truth { return truthOf(t != no) }

// mostOpen bounds how many layers may be open for it to be tried which of them matter: each doubles the tries.
const mostOpen = 8

// matters reports for each opinion, in the order of opinions, whether what it leaves open about allowing can change what is allowed, by
// trying what the others may turn out to be. What two layers allow must not be asked of both: a boundary that may allow something does
// not matter where the resource's policy surely gives it to the user.
func (h *hearing) matters(j *judge) []bool {
	of := h.opinions()
	all := make([]bool, len(of))
	var undecided []int
	for i, o := range of {
		if o.allow.sure() != o.allow.open() {
			undecided = append(undecided, i)
		}
	}
	if len(undecided) > mostOpen {
		for _, i := range undecided {
			all[i] = true
		}
		return all
	}
	trial := *h
	trial.serviceControl, trial.resourceControl = slices.Clone(h.serviceControl), slices.Clone(h.resourceControl)
	tried := trial.opinions()
	outcomes := make([]truth, 1<<len(undecided))
	for choice := range outcomes {
		for bit, i := range undecided {
			if tried[i].allow = of[i].allow.sure(); choice>>bit&1 == 1 {
				tried[i].allow = of[i].allow.open()
			}
		}
		j.weigh(&trial)
		outcomes[choice] = trial.allowed()
	}
	for choice, outcome := range outcomes {
		for bit, i := range undecided {
			all[i] = all[i] || outcome != outcomes[choice^1<<bit]
		}
	}
	return all
}
