package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// NoEndError says that nothing in the estate is called so.
type NoEndError struct {
	Text string
	Near []string // what was meant perhaps, nearest first, three at most
	// Gaps are the listings that would have told of it and were not read in full.
	Gaps []estate.Gap
}

func (e *NoEndError) Error() string {
	s := fmt.Sprintf("nothing that was read is called %q", brief(e.Text))
	if len(e.Near) > 0 {
		s += ", but there is " + strings.Join(e.Near, ", ")
	}
	if n := len(e.Gaps); n > 0 {
		s += "; it may be where nothing could be read: " + e.Gaps[0].String()
		if n > 1 {
			s += fmt.Sprintf(" (and %d more)", n-1)
		}
	}
	return s + `; write "internet", an address, a CIDR, an id, a name or an ARN`
}

// AmbiguousEndError says that several things are called so.
type AmbiguousEndError struct {
	Text string
	Refs []estate.Ref // sorted by Ref.Key
}

func (e *AmbiguousEndError) Error() string {
	const most = 6
	var each []string
	for _, r := range e.Refs[:min(most, len(e.Refs))] {
		each = append(each, r.Kind+" "+cmp.Or(r.ARN, r.Account+"/"+r.ID))
	}
	s := fmt.Sprintf("%d things are called %q: %s", len(e.Refs), brief(e.Text), strings.Join(each, ", "))
	if n := len(e.Refs) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s + "; write the ARN of one, or ACCOUNT/ID"
}

// brief keeps an error readable whatever was typed.
func brief(text string) string {
	const most = 120
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// End understands one end as a person writes it:
//
//	internet                  everybody; in any case
//	203.0.113.7  10.0.0.0/8   an address or a CIDR, of IPv4 or IPv6
//	i-0abc  sg-0abc           an id; of a security group, a subnet or a VPC: all that is in it
//	arn:aws:rds:...           an ARN
//	shop  shop-1.eu.elb...    a name: of a load balancer, a database, a function, ..., a Name tag, a DNS name; in any case
//	111122223333/i-0abc       either, in one account; and so 111122223333/us-east-1/shop
//	load-balancer/shop        of that kind
//
// Ids that AWS gives go before names. A name of several things is an *AmbiguousEndError, one of nothing a *NoEndError.
func (n *Network) End(text string) (End, error) {
	text = strings.TrimSpace(text)
	switch fold := strings.ToLower(text); {
	case text == "":
		return End{}, fmt.Errorf(`an end is missing: write "internet", an address, a CIDR, an id, a name or an ARN`)
	case fold == "internet" || fold == "the internet":
		return End{Internet: true}, nil
	}
	if addresses, is, err := addressesOf(text); is {
		return End{Addresses: addresses}, err
	}
	d := n.ends.of(n.estate)
	found := d.find(text)
	switch len(found) {
	case 0:
		return End{}, d.missing(n.estate, text)
	case 1:
		return found[0].end()
	}
	e := &AmbiguousEndError{Text: text}
	for _, f := range found {
		e.Refs = append(e.Refs, f.ref)
	}
	slices.SortFunc(e.Refs, func(a, b estate.Ref) int { return strings.Compare(a.Key(), b.Key()) })
	return End{}, e
}

// Outside reports whether an end is a set of addresses of which none belongs to anything that was read.
func (n *Network) Outside(e End) bool {
	return len(e.Refs) == 0 && len(n.parties(e).nodes) == 0
}

// likeAddress is what somebody means as an IPv4 address or CIDR, right or wrong; likeIPv6 the same of IPv6.
var (
	likeIPv4 = regexp.MustCompile(`^[0-9]+(\.[0-9]*)+(/.*|:[0-9]+)?$`)
	likeIPv6 = regexp.MustCompile(`^[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%.*|/.*)?$|^\[.*\](:[0-9]+)?$`)
)

// addressesOf reads an address or a CIDR, and says whether the text is one or was meant as one.
func addressesOf(text string) (netset.Addresses, bool, error) {
	if !likeIPv4.MatchString(text) && !likeIPv6.MatchString(text) {
		return netset.Addresses{}, false, nil
	}
	bad := func(format string, args ...any) (netset.Addresses, bool, error) {
		return netset.Addresses{}, true, fmt.Errorf(format, args...)
	}
	shown := brief(text)
	if _, err := netip.ParseAddrPort(text); err == nil {
		return bad("%s is an address with a port: write the port apart, after both ends", shown)
	}
	before, length, isCIDR := strings.Cut(text, "/")
	address, err := netip.ParseAddr(before)
	switch {
	case err != nil:
		return bad("%s is not an address: an IPv4 address is written 203.0.113.7, an IPv6 address 2001:db8::7", shown)
	case address.Zone() != "":
		return bad("%s names a zone, which only its own host knows: write the address without %%%s", shown, brief(address.Zone()))
	case !isCIDR:
		address = address.Unmap() // "::ffff:192.0.2.1" is how some programs show an IPv4 address
		return netset.Of(netip.PrefixFrom(address, address.BitLen())), true, nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return bad("%s is not a CIDR: %q is not a length from 0 to %d", shown, brief(length), address.BitLen())
	case prefix != prefix.Masked():
		return bad("%s has bits set beyond its length: write %s for the network, or %s for the one address", shown, prefix.Masked(), address)
	}
	return netset.Of(prefix), true, nil
}

// directory is what ends may be called.
type directory struct {
	byID, byName map[string][]*listed // by the text in lower case
	all          []*listed            // each thing once
}

// listed is one thing that may be an end.
type listed struct {
	ref   estate.Ref
	names []string // besides its id and ARN, and not in lower case
	// means is what it stands for where that is not itself; nil otherwise.
	means func() (End, error)
}

func (e *listed) end() (End, error) {
	if e.means != nil {
		return e.means()
	}
	return End{Refs: []estate.Ref{e.ref}}, nil
}

// ends makes the directory when the first end is asked for: most questions of controls never need it.
type ends struct {
	once sync.Once
	directory
}

func (d *ends) of(e *estate.Estate) *directory {
	d.once.Do(func() { d.directory = newDirectory(e) })
	return &d.directory
}

// find returns what is called so: exactly one, several, or none.
func (d *directory) find(text string) []*listed {
	if host, ok := hostOf(text); ok {
		text = host
	}
	if found := d.called(text); len(found) > 0 || strings.HasPrefix(text, "arn:") {
		return found
	}
	// ACCOUNT/ID, ACCOUNT/REGION/ID or KIND/ID.
	first, rest, ok := strings.Cut(text, "/")
	if !ok {
		return nil
	}
	if !isAccount(first) {
		return slices.DeleteFunc(slices.Clone(d.called(rest)), func(e *listed) bool { return !strings.EqualFold(e.ref.Kind, first) })
	}
	in := func(text, region string) []*listed {
		return slices.DeleteFunc(slices.Clone(d.called(text)), func(e *listed) bool {
			return e.ref.Account != first || region != "" && e.ref.Region != region
		})
	}
	if found := in(rest, ""); len(found) > 0 {
		return found
	}
	if region, rest, ok := strings.Cut(rest, "/"); ok {
		return in(rest, region)
	}
	return nil
}

func (d *directory) called(text string) []*listed {
	fold := strings.ToLower(text)
	if found := d.byID[fold]; len(found) > 0 {
		return found
	}
	return d.byName[strings.TrimSuffix(fold, ".")]
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// hostOf returns the host of a URL, which people copy from a browser.
func hostOf(text string) (string, bool) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	if i := strings.IndexAny(rest, "/?#:"); i >= 0 {
		rest = rest[:i]
	}
	return rest, true
}

// missing says that nothing is called so, what is near, and which listings might have told.
func (d *directory) missing(e *estate.Estate, text string) error {
	return &NoEndError{Text: text, Near: d.near(text), Gaps: unreadLists(e, text)}
}

// near returns the three nearest ids, names or ARNs.
func (d *directory) near(text string) []string {
	const most = 200 // no id and no name is longer; ARNs are, and are copied rather than typed
	if len(text) > most {
		return nil
	}
	if first, rest, ok := strings.Cut(text, "/"); ok && isAccount(first) {
		text = rest
	}
	type candidate struct {
		shown string
		cost  int
	}
	fold := strings.ToLower(text)
	limit := max(2, len(fold)/4)
	family, _, hasFamily := strings.Cut(fold, "-")
	best := map[string]int{}
	consider := func(name, shown string) {
		lower := strings.ToLower(name)
		cost := limit + 1
		switch {
		case name == "":
			return
		case len(fold) > 3 && strings.HasPrefix(lower, fold):
			cost = 1 // an id that was cut short
		case len(lower)-len(fold) <= limit && len(fold)-len(lower) <= limit:
			cost = distance(fold, lower)
		}
		if old, ok := best[shown]; cost <= limit && (!ok || cost < old) {
			best[shown] = cost
		}
	}
	for _, e := range d.all {
		if isARN := strings.HasPrefix(fold, "arn:"); isARN {
			consider(e.ref.ARN, e.ref.ARN)
			continue
		}
		// Ids of other kinds that are as random are no nearer for a few equal digits.
		if kind, _, ok := strings.Cut(e.ref.ID, "-"); !ok || !hasFamily || !givenByAWS(e.ref) || kind == family || distance(kind, family) <= 1 {
			consider(e.ref.ID, shown(e.ref))
		}
		for _, name := range e.names {
			consider(name, shown(e.ref))
		}
	}
	var all []candidate
	for s, cost := range best {
		all = append(all, candidate{s, cost})
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.shown, b.shown)) })
	var near []string
	for _, c := range all[:min(3, len(all))] {
		near = append(near, c.shown)
	}
	return near
}

func shown(r estate.Ref) string {
	if r.Name != "" && r.Name != r.ID {
		return r.ID + " (" + brief(r.Name) + ")"
	}
	return r.ID
}

// distance counts the letters to add, to leave out, to change or to swap with their neighbour (Damerau's and Levenshtein's,
// in the form of the optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// listings are what tells of ids, by how those begin.
var listings = []struct {
	prefix string
	list   operation.ID
}{
	{"i-", "ec2:DescribeInstances"}, {"eni-", "ec2:DescribeNetworkInterfaces"}, {"vpc-", "ec2:DescribeVpcs"}, {"subnet-", "ec2:DescribeSubnets"},
	{"sg-", "ec2:DescribeSecurityGroups"}, {"nat-", "ec2:DescribeNatGateways"}, {"vpce-", "ec2:DescribeVpcEndpoints"}, {"eipalloc-", "ec2:DescribeAddresses"},
	{"pl-", "ec2:DescribeManagedPrefixLists"},
}

// unreadLists returns the places where the listing of an id, or of a name what most are of, was not read in full.
func unreadLists(e *estate.Estate, text string) []estate.Gap {
	if first, rest, ok := strings.Cut(text, "/"); ok && isAccount(first) {
		text = rest
	}
	for _, l := range listings {
		if strings.HasPrefix(text, l.prefix) {
			return e.Gaps(l.list)
		}
	}
	var gaps []estate.Gap
	for _, list := range []operation.ID{"ec2:DescribeInstances", "elbv2:DescribeLoadBalancers", "rds:DescribeDBInstances"} {
		gaps = append(gaps, e.Gaps(list)...)
	}
	return gaps
}

// namedByPeople are the kinds whose id is a name that somebody gave them. Other ids are AWS's own, and nothing else is called so.
var namedByPeople = []string{"load-balancer", "classic-load-balancer", "db-instance", "db-cluster", "cache-cluster", "warehouse", "function", "auto-scaling-group",
	"container-cluster", "container-service", "kubernetes-cluster"}

func givenByAWS(r estate.Ref) bool { return !slices.Contains(namedByPeople, r.Kind) }

func newDirectory(e *estate.Estate) directory {
	b := builder{seen: map[string]*listed{}, directory: directory{byID: map[string][]*listed{}, byName: map[string][]*listed{}}}
	add := b.add
	for _, x := range e.Instances {
		add(x.Reference)
	}
	for _, x := range e.NetworkInterfaces {
		add(x.Reference)
	}
	for _, x := range e.VPCs {
		add(x.Reference)
	}
	for _, x := range e.Subnets {
		add(x.Reference)
	}
	for _, x := range e.SecurityGroups {
		add(x.Reference)
	}
	for _, x := range e.NATGateways {
		add(x.Reference)
	}
	for _, x := range e.Endpoints {
		add(x.Reference)
	}
	for _, x := range e.LoadBalancers {
		names := []string{x.DNSName, "dualstack." + x.DNSName}
		if _, path, ok := strings.Cut(x.Reference.ARN, ":loadbalancer/"); ok {
			names = append(names, path)
		}
		add(x.Reference, names...)
	}
	for _, x := range e.DBInstances {
		add(x.Reference, x.Address)
	}
	for _, x := range e.DBClusters {
		add(x.Reference, x.Address)
	}
	for _, x := range e.CacheClusters {
		add(x.Reference)
	}
	for _, x := range e.Warehouses {
		add(x.Reference)
	}
	for _, x := range e.Functions {
		name := ""
		if u, ok := x.URL.Value(); ok {
			name, _ = hostOf(u.URL)
		}
		add(x.Reference, name)
	}
	for _, x := range e.ContainerClusters {
		add(x.Reference, lastPart(x.Reference.ID))
	}
	for _, x := range e.ContainerServices {
		add(x.Reference, lastPart(x.Reference.ID))
	}
	for _, x := range e.ContainerTasks {
		add(x.Reference, lastPart(x.Reference.ID))
	}
	for _, x := range e.KubernetesClusters {
		name := ""
		if k, ok := x.Description.Value(); ok {
			name, _ = hostOf(k.Endpoint)
		}
		add(x.Reference, name)
	}
	for _, x := range e.Distributions {
		add(x.Reference, append([]string{x.Domain}, x.Aliases...)...)
	}
	for _, x := range e.Accelerators {
		add(x.Reference, x.DNSName)
	}
	for _, x := range e.APIs {
		add(x.Reference)
	}
	for _, x := range e.AutoScalingGroups {
		add(x.Reference).means = func() (End, error) { return instancesOf(x) }
	}
	for _, x := range e.Addresses {
		add(x.Reference).means = func() (End, error) {
			return End{Addresses: netset.Of(netip.PrefixFrom(x.Public, x.Public.BitLen()))}, nil
		}
	}
	for _, x := range e.PrefixLists {
		add(x.Reference).means = func() (End, error) { return entriesOf(x) }
	}
	b.hints(e)
	return b.directory
}

func lastPart(id string) string { return id[strings.LastIndexAny(id, "/:")+1:] }

type builder struct {
	seen map[string]*listed
	directory
}

func (b *builder) add(r estate.Ref, names ...string) *listed {
	if e := b.seen[r.Key()]; e != nil {
		return e
	}
	e := &listed{ref: r}
	b.seen[r.Key()] = e
	b.all = append(b.all, e)
	enter := func(m map[string][]*listed, text string) {
		if fold := strings.ToLower(text); text != "" && !slices.Contains(m[fold], e) {
			m[fold] = append(m[fold], e)
		}
	}
	enter(b.byID, r.ARN)
	if givenByAWS(r) {
		enter(b.byID, r.ID)
	} else {
		enter(b.byName, r.ID)
	}
	for _, name := range append(names, r.Name) {
		if name != "" && name != r.ID {
			e.names = append(e.names, name)
			enter(b.byName, name)
		}
	}
	return e
}

// hints enters what interfaces name and no listing told of, so that a denied listing takes away no question that can be
// answered without it.
func (b *builder) hints(e *estate.Estate) {
	for _, x := range e.NetworkInterfaces {
		hint := func(kind, id string) {
			if id != "" && len(b.byID[strings.ToLower(id)]) == 0 {
				b.add(estate.Ref{Kind: kind, Account: x.Reference.Account, Region: x.Reference.Region, ID: id})
			}
		}
		hint("instance", x.Instance)
		hint("subnet", x.Subnet)
		hint("vpc", x.VPC)
		for _, group := range x.SecurityGroups {
			hint("security-group", group)
		}
	}
}

func instancesOf(g *estate.AutoScalingGroup) (End, error) {
	var end End
	for _, id := range g.Instances {
		end.Refs = append(end.Refs, estate.Ref{Kind: "instance", Account: g.Reference.Account, Region: g.Reference.Region, ID: id})
	}
	if len(end.Refs) == 0 {
		return End{}, fmt.Errorf("the Auto Scaling group %s has no instance now", brief(g.Reference.ID))
	}
	return end, nil
}

func entriesOf(l *estate.PrefixList) (End, error) {
	if gap, ok := l.Entries.Unread(); ok {
		return End{}, fmt.Errorf("what is in the prefix list %s was not read: %s; write a CIDR of it", l.Reference.ID, gap)
	}
	entries, _ := l.Entries.Value()
	if len(entries) == 0 {
		return End{}, fmt.Errorf("the prefix list %s is empty", l.Reference.ID)
	}
	return End{Addresses: netset.Of(entries...)}, nil
}
