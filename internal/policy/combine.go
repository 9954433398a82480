package policy

// weights is what every layer says of one request, ready to be combined. Layers that do not apply say yes.
type weights struct {
	identity, boundary, session     truth
	serviceControl, resourceControl truth // every level allows
	endpoint                        truth
	resource                        forms // the policy of the resource, and access control lists
	granted                         forms // grants of a key
	deny                            truth
	sameAccount                     bool
	signed                          bool // by a principal of an account: not anonymous, no service, no token of a provider
	mandatory                       bool // the resource's policy must let the caller's account in: trust and key policies
	identityOnly                    bool // the resource has no policy
}

// allowed combines what the layers allow, denials left aside.
//
// In one account the caller's policies or the resource's will do, and the ceilings (boundary and session policies) bound what
// comes from the caller's. What the resource's policy gives to the role comes under them too; what it gives to the user, to
// the session itself or to everyone does not. What it gives to the account only lets the account's own policies decide, which
// they do anyway, except over roles and keys, whose policy must let them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
//
// Across accounts both sides must allow.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func (w *weights) allowed() truth {
	around := all(w.serviceControl, w.resourceControl, w.endpoint)
	ceilings := min(w.boundary, w.session)
	own := min(w.identity, ceilings)
	var t truth
	switch {
	case !w.signed:
		t = w.resource.direct
	case w.identityOnly:
		t = min(own, truthOf(w.sameAccount))
	case !w.sameAccount:
		t = min(own, w.resource.any())
	case w.mandatory:
		t = some(w.resource.direct, min(w.resource.role, ceilings), min(w.resource.account, own))
	default:
		t = some(own, w.resource.direct, min(w.resource.role, ceilings))
	}
	// A grant is enough by itself, across accounts too.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
	t = some(t, w.granted.direct, min(w.granted.role, ceilings), min(w.granted.account, own))
	return min(t, around)
}

// result is the answer. An explicit denial decides, whatever else is open; what is denied either way, nobody need find out why.
func (w *weights) result() Result {
	allowed := w.allowed()
	switch {
	case w.deny == yes:
		return ExplicitDeny
	case allowed == no:
		return ImplicitDeny
	case allowed == yes && w.deny == no:
		return Allowed
	}
	return Depends
}
