package policy

import "strings"

// about reports whether an element of Resource or NotResource names the resource of the request.
func (j *judge) about(layer Layer, effect Effect, pattern, resource string) (truth, string) {
	g, known, open := j.expand(pattern)
	switch known {
	case no:
		return no, ""
	case maybe:
		// Whatever stands in a variable's place, the rest of the text must match; what is short is completed first.
		if g.colons() >= 5 && !g.matches(resource) {
			return no, ""
		}
		return maybe, open
	}
	return truthOf(resourceMatches(layer, effect, g, resource)), ""
}

// resourceMatches reports whether a pattern in a statement of a layer names a resource.
//
// Stars and question marks stand for anything, slashes included, and the last star of a part runs on past colons; none may
// stand in the part that names the service. An ARN that is cut short is completed with stars, as far as the kind of policy
// lets it be short.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func resourceMatches(layer Layer, effect Effect, g glob, resource string) bool {
	if g.everything() {
		return true
	}
	if resource == "*" { // an action that knows no resource: only all of them will do
		return false
	}
	whole, ok := completed(layer, effect, g)
	return ok && whole.matchCrossing(resource, sixth(whole.text))
}

// completed gives a pattern its six parts, and reports whether it can name anything in a policy of its kind.
func completed(layer Layer, effect Effect, g glob) (glob, bool) {
	parts := g.parts(6)
	if parts[0].text != "arn" {
		return g, true
	}
	if len(parts) > 2 && parts[2].hasWildcard() && !(len(parts) == 3 && parts[2].everything()) {
		return g, false
	}
	if len(parts) < 6 {
		if !mayBeShort(layer, effect, g) {
			return g, false
		}
		g = g.append(strings.Repeat(":*", 6-len(parts)))
		parts = g.parts(6)
	}
	// A star in the place of a resource's type, before a fixed name, stands for no type: semantics of a peer that AWS's pages
	// neither confirm nor deny. AWS's own policies do write *:name/* and mean it.
	rest, ok := strings.CutPrefix(parts[5].text, "*:")
	return g, !ok || !parts[5].wildAt(0) || parts[5].slice(2, 2+len(rest)).hasWildcard()
}

// sixth is where the sixth part of an ARN begins; 0 in a text that is none, where every star may cross colons.
func sixth(text string) int {
	if !strings.HasPrefix(text, "arn:") {
		return 0
	}
	at := 0
	for range 5 {
		at += strings.IndexByte(text[at:], ':') + 1
	}
	return at
}

// matchCrossing matches with stars that cross colons in the sixth part, which begins at tail, and at the end of other parts.
func (g glob) matchCrossing(s string, tail int) bool {
	return g.match(s, func(at int) bool { return at >= tail || at+1 == len(g.text) || g.text[at+1] == ':' })
}

// mayBeShort reports whether a kind of policy takes an ARN of less than six parts.
func mayBeShort(layer Layer, effect Effect, g glob) bool {
	last := len(g.text) - 1
	star := last >= 0 && g.text[last] == '*' && g.wildAt(last)
	switch layer {
	case ResourceLayer, AccessPointLayer:
		return star
	case ServiceControlLayer:
		return star && effect == Deny && last > 0 && g.text[last-1] == ':'
	case ResourceControlLayer:
		return false
	}
	return true
}
