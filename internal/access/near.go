package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// Principal finds a principal by what people type: an ARN (of a role's session too), an account id or "root" for its root user,
// "user/alice", "role/Admin", "permission-set/Operators", or a bare name where one principal alone has it. " in 111122223333"
// or "111122223333/" before it chooses the account.
func (w *World) Principal(text string) (*Principal, error) {
	if p := w.byARN[text]; p != nil {
		return p, nil
	}
	name, account := strings.TrimSpace(text), ""
	if before, after, ok := strings.Cut(name, " in "); ok {
		name, account = strings.TrimSpace(before), strings.TrimSpace(after)
	}
	if head, rest, ok := strings.Cut(name, "/"); ok && isAccount(head) {
		account, name = head, rest
	}
	kind := ""
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		account = parts[4]
		switch rest := parts[5]; {
		case parts[2] == "sts" && strings.HasPrefix(rest, "assumed-role/"):
			kind, name = "role", strings.Split(rest, "/")[1]
		case rest == "root":
			kind, name = "root", "root"
		default:
			name = rest
		}
	}
	if isAccount(name) {
		kind, account, name = "root", name, "root"
	}
	if head, rest, ok := strings.Cut(name, "/"); ok && (head == "user" || head == "role" || head == "permission-set") {
		kind, name = head, rest
	}
	last := name[strings.LastIndexByte(name, '/')+1:]
	var found []*Principal
	for _, p := range w.principals {
		switch {
		case account != "" && p.Account != account && !w.isAlias(p.Account, account):
		case kind == "permission-set" && p.Set != name:
		case kind != "" && kind != "permission-set" && p.Kind != kind:
		case kind == "permission-set", p.Name == name, p.Name == last && strings.HasSuffix(p.ARN, "/"+name):
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no principal %q was read%s", text, w.nearby(last))
	}
	var arns []string
	for _, p := range found {
		arns = append(arns, p.ARN)
	}
	return nil, fmt.Errorf("%q is %d principals: write which: %s", text, len(found), strings.Join(first(arns, 5), ", "))
}

func (w *World) isAlias(account, name string) bool {
	a := w.estate.Account(account)
	return a != nil && a.Alias != "" && a.Alias == name
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

func first(s []string, n int) []string {
	if len(s) > n {
		return append(slices.Clone(s[:n]), fmt.Sprintf("and %d more", len(s)-n))
	}
	return s
}

// nearby are the principals whose names are most like a text.
func (w *World) nearby(text string) string {
	if len(w.principals) == 0 {
		return ": no user or role was"
	}
	names := map[string]string{}
	for _, p := range w.principals {
		names[p.Kind+"/"+p.Name] = p.Name
		if p.Set != "" {
			names["permission-set/"+p.Set] = p.Set
		}
	}
	if near := nearest(text, names); len(near) > 0 {
		return ": did you mean " + strings.Join(near, ", ") + "?"
	}
	return ": write an ARN, user/NAME or role/NAME"
}

// nearest returns up to three keys whose values are most like a text, best first.
func nearest(text string, of map[string]string) []string {
	type scored struct {
		key      string
		distance int
	}
	text = strings.ToLower(text)
	var all []scored
	for key, name := range of {
		name = strings.ToLower(name)
		d := distance(text, name)
		if len(text) >= 3 && strings.Contains(name, text) {
			d = min(d, 2)
		}
		if d <= max(2, len(text)/4) {
			all = append(all, scored{key, d})
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.key, b.key)
	})
	var keys []string
	for _, s := range all[:min(3, len(all))] {
		keys = append(keys, s.key)
	}
	return keys
}

// distance counts the letters to change, add or leave out between two words of reasonable length.
func distance(a, b string) int {
	const most = 80
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}

// Resource finds a resource by what people type: an ARN as it is, "*", or the id or name of something in the estate.
func (w *World) Resource(text string) (string, error) {
	if text == "*" || strings.HasPrefix(text, "arn:") {
		return text, nil
	}
	if bucket, key, ok := strings.Cut(strings.TrimPrefix(text, "s3://"), "/"); ok {
		if o := w.objects["arn:"+w.partition+":s3:::"+bucket]; o != nil {
			return o.ARN + "/" + key, nil
		}
	}
	var found []string
	names := map[string]string{}
	for arn, o := range w.objects {
		if o.Ref.ID == text || o.Ref.Name == text {
			found = append(found, arn)
		}
		names[o.Ref.Kind+" "+o.Ref.ID] = o.Ref.ID
	}
	slices.Sort(found)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if near := nearest(text, names); len(near) > 0 {
			return "", fmt.Errorf("no resource %q was read: did you mean %s? Or write its ARN", text, strings.Join(near, ", "))
		}
		return "", fmt.Errorf("no resource %q was read: write its ARN, or \"*\"", text)
	}
	return "", fmt.Errorf("%q is %d resources: write which: %s", text, len(found), strings.Join(first(found, 5), ", "))
}

// Footholds are the things that somebody may take over: they run as a role, send packets, or open what is encrypted.
func (w *World) Footholds() []estate.Ref {
	var all []estate.Ref
	seen := map[string]bool{}
	add := func(r estate.Ref) {
		if !seen[r.Key()] {
			seen[r.Key()] = true
			all = append(all, r)
		}
	}
	for _, x := range w.Workloads() {
		add(x.Ref)
	}
	e := w.estate
	for _, x := range e.DBInstances {
		add(x.Ref())
	}
	for _, x := range e.DBClusters {
		add(x.Ref())
	}
	for _, x := range e.CacheClusters {
		add(x.Ref())
	}
	for _, x := range e.Warehouses {
		add(x.Ref())
	}
	for _, x := range e.Keys {
		add(x.Ref())
	}
	return all
}

// NearServer is which instance or task may have been meant by a name that none has.
func (w *World) NearServer(text string) string {
	names := map[string]string{}
	for _, x := range w.Workloads() {
		if x.Kind == "instance" || x.Kind == "task" {
			names[x.Ref.ID], names[cmp.Or(x.Ref.Name, x.Ref.ID)] = x.Ref.ID, cmp.Or(x.Ref.Name, x.Ref.ID)
		}
	}
	if near := nearest(text, names); len(near) > 0 {
		return ": did you mean " + strings.Join(near, ", ") + "?"
	}
	return ": write its id, its name or its ARN; onus who-can shell lists all"
}

// NearFoothold is what may have been meant by a name that nothing has.
func (w *World) NearFoothold(text string) string {
	names := map[string]string{}
	for _, r := range w.Footholds() {
		names[r.Kind+" "+r.ID] = r.ID
		if r.Name != "" {
			names[r.Kind+" "+r.Name] = r.Name
		}
	}
	for _, k := range w.estate.Keys {
		aliases, _ := k.Aliases.Value()
		for _, alias := range aliases {
			names[alias] = strings.TrimPrefix(alias, "alias/")
		}
	}
	for _, p := range w.principals {
		names[p.Kind+"/"+p.Name] = p.Name
	}
	if near := nearest(strings.TrimPrefix(text, "alias/"), names); len(near) > 0 {
		return ": did you mean " + strings.Join(near, ", ") + "?"
	}
	return ": write an id, a name, an ARN, user/NAME or role/NAME"
}
