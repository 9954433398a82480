package access

import "slices"

// Spread is one principal that another can act as, in any number of steps.
type Spread struct {
	Principal *Principal // as it can be made, where it can be changed
	Strength  Strength   // of the surest way that was found
	From      int        // index of the one before in the list; -1 for the start itself
	Steps     []Step     // the move from there; none for the start
}

// Spread lists everybody that a principal can act as, itself first, the near before the far: what is lost with it. Where it can
// make itself administrator nothing is added to that: the list then has it as what it can be made into.
func (w *World) Spread(p *Principal) []Spread {
	f := w.fieldOf(false)
	start, ok := f.byARN[p.ARN]
	if !ok {
		return []Spread{{Principal: p, Strength: Yes, From: -1}}
	}
	out := f.outward()
	type place struct {
		node int
		s    Strength
	}
	list := []Spread{{Principal: p, Strength: Yes, From: -1}}
	at := []place{{start, Yes}}
	seen := map[int]bool{start: true}
	for _, sure := range []Strength{Yes, May, Unknown} {
		for i := 0; i < len(at); i++ {
			n := at[i].node
			if w.prover().administrator(list[i].Principal).strength == Yes {
				continue // he may do everything: nothing further is worth a step
			}
			add := func(to int, s Strength, steps func() ([]Step, *Principal)) {
				if seen[to] {
					return
				}
				seen[to] = true
				moves, made := steps()
				if made == nil {
					made = f.nodes[to].p
				}
				at = append(at, place{to, min(s, at[i].s)})
				list = append(list, Spread{Principal: made, Strength: min(s, at[i].s), From: i, Steps: moves})
			}
			f.steps(n, sure, func(m move, s Strength) {
				add(m.to, s, func() ([]Step, *Principal) { return w.stepsOf(list[i].Principal, f.nodes[m.to].p, &m, nil) })
			})
			for _, l := range out[n] {
				if l.strength >= sure {
					m := l.move
					add(l.from, l.strength, func() ([]Step, *Principal) {
						q := f.nodes[m.to].p
						if m.rule == nil {
							q = list[i].Principal
						}
						return w.stepsOf(list[i].Principal, q, &m, nil)
					})
				}
			}
		}
	}
	return list
}

// outward are the links by who makes, each with what is made in the place of from.
func (f *field) outward() map[int][]link {
	if f.out == nil {
		f.out = map[int][]link{}
		for n := range f.nodes {
			for _, l := range f.nodes[n].in {
				f.out[l.from] = append(f.out[l.from], link{from: n, move: l.move, strength: l.strength})
			}
		}
	}
	return f.out
}

// Effect is what a principal can do to one thing.
type Effect struct {
	ARN                     string
	Reads, Writes, Destroys Strength
	Answers                 []Answer // the decisions, one for each effect that is not no
}

// Effects says what a principal can do to a store by permission.
func (w *World) Effects(p *Principal, arn string) Effect {
	e := Effect{ARN: arn}
	allows := w.allows(&p.Policies, p.Kind)
	o := w.find(arn)
	for _, a := range storeActions(arn) {
		i, ok := actionIndex[lower(a.action)]
		if ok && !allows.has(i) && (o == nil || !o.lets()) {
			continue
		}
		of := map[string]*Strength{"reads": &e.Reads, "writes": &e.Writes, "destroys": &e.Destroys}[a.effect]
		if *of == Yes {
			continue
		}
		if s, answer := w.prover().check(p, a.action, a.resource, nil); s > *of {
			*of = s
			e.Answers = append(e.Answers, answer)
		}
	}
	return e
}

// Any is the surest of the effects.
func (e Effect) Any() Strength { return max(e.Reads, e.Writes, e.Destroys) }

// blinding are the actions after which nobody would notice.
var blinding = []string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "guardduty:DeleteDetector",
	"guardduty:UpdateDetector", "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "securityhub:DisableSecurityHub",
	"logs:DeleteLogGroup", "ec2:DeleteFlowLogs", "access-analyzer:DeleteAnalyzer", "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions"}

// giving are the actions that hand what a store holds to others.
var giving = []string{"s3:PutBucketPolicy", "ec2:ModifySnapshotAttribute", "rds:ModifyDBSnapshotAttribute", "kms:PutKeyPolicy", "kms:CreateGrant", "backup:PutBackupVaultAccessPolicy"}

// Blinds says whether a principal can blind the watch: trails, detectors, recorders, logs.
func (w *World) Blinds(p *Principal) (Strength, []Answer) { return w.anyOf(p, blinding) }

// Gives says whether a principal can hand data to others: by bucket and key policies, and shared snapshots.
func (w *World) Gives(p *Principal) (Strength, []Answer) { return w.anyOf(p, giving) }

// anyOf decides actions on what the account has of their kind, or may have.
func (w *World) anyOf(p *Principal, names []string) (Strength, []Answer) {
	best := No
	var answers []Answer
	allows := w.allows(&p.Policies, p.Kind)
	for _, action := range names {
		if !allows.has(actionIndex[lower(action)]) {
			continue
		}
		s, more := w.onExisting(p, action)
		if s == No {
			continue
		}
		if s > best {
			best = s
		}
		answers = append(answers, more...)
	}
	return best, answers
}

// onExisting decides an action on things of its kind that were read, or where there are none, on what there may be.
func (w *World) onExisting(p *Principal, action string) (Strength, []Answer) {
	best, tried := No, 0
	var answer Answer
	for _, t := range objectsOf(action) {
		pattern := t.pattern(w.partition, p.Account)
		for _, arn := range w.arns() {
			if tried < 200 && matchARN(pattern, arn) {
				tried++
				if s, a := w.prover().check(p, action, arn, nil); s > best {
					best, answer = s, a
				}
				if best == Yes {
					return best, []Answer{answer}
				}
			}
		}
	}
	if tried > 0 {
		if best == No {
			return No, nil
		}
		return best, []Answer{answer}
	}
	return w.prover().checkNew(p, action, p.Account, nil)
}

// arns are those of everything that was read, sorted.
func (w *World) arns() []string {
	if w.sortedARNs == nil {
		for arn := range w.objects {
			w.sortedARNs = append(w.sortedARNs, arn)
		}
		slices.Sort(w.sortedARNs)
	}
	return w.sortedARNs
}
