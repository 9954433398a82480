package claims

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Slots are the values of a sentence's slots, by the slots' names. Each method returns the value and whether the sentence
// has a slot of that name and kind; the zero Slots has none.
type Slots struct {
	values []slotValue
}

type slotValue struct {
	name      string
	value     any
	canonical string // equal for equal values, however they were written
}

func slot[T any](s Slots, name string) (value T, ok bool) {
	for _, v := range s.values {
		if v.name == name {
			value, ok = v.value.(T)
			return value, ok
		}
	}
	return value, false
}

// Ports returns a {ports} slot, sorted.
func (s Slots) Ports(name string) ([]PortRange, bool) { return slot[[]PortRange](s, name) }

// Port returns a {port} slot.
func (s Slots) Port(name string) (uint16, bool) { return slot[uint16](s, name) }

// Period returns a {period} slot; a day is 24 hours.
func (s Slots) Period(name string) (time.Duration, bool) { return slot[time.Duration](s, name) }

// Number returns a {number} slot.
func (s Slots) Number(name string) (int, bool) { return slot[int](s, name) }

// Sources returns a {sources} slot; groups are replaced by their members.
func (s Slots) Sources(name string) ([]Source, bool) { return slot[[]Source](s, name) }

// Tier returns a {tier} slot.
func (s Slots) Tier(name string) (Tier, bool) { return slot[Tier](s, name) }

// Principals returns a {principals} slot.
func (s Slots) Principals(name string) ([]Principal, bool) { return slot[[]Principal](s, name) }

// Text returns an {action}, {location}, {word} or {text} slot.
func (s Slots) Text(name string) (string, bool) { return slot[string](s, name) }

// problem is what is wrong with one piece of a text.
type problem struct {
	at   string // the piece, as it stands in the text; empty means all of it
	text string
	hint string
}

// kind is a type of slot.
type kind struct {
	many    bool                                                // it may be several words
	names   bool                                                // its words are names that the file declares
	takes   func(word string) bool                              // a word of a form could be (part of) its value
	typical []string                                            // such words
	parse   func(f *File, text string) (any, string, []problem) // value, canonical text, what is wrong
}

var kinds = map[string]*kind{
	"ports":      {many: true, takes: startsWithDigit, typical: []string{"22"}, parse: parsePorts},
	"port":       {takes: startsWithDigit, typical: []string{"22"}, parse: parsePort},
	"number":     {takes: startsWithDigit, typical: []string{"14"}, parse: parseNumber},
	"period":     {many: true, takes: couldBePeriod, typical: []string{"30", "days", "day"}, parse: parsePeriod},
	"sources":    {many: true, names: true, takes: anyWord, typical: []string{"office", "10.0.0.0/8"}, parse: parseSources},
	"tier":       {names: true, takes: couldBeName, typical: []string{"shop"}, parse: parseTier},
	"principals": {many: true, takes: anyWord, typical: []string{"role/admin", "account"}, parse: parsePrincipals},
	"action":     {takes: hasColon, typical: []string{"s3:getobject"}, parse: parseAction},
	"location":   {takes: hasSlash, typical: []string{"s3://bucket/prefix"}, parse: parseLocation},
	"word":       {takes: anyWord, typical: []string{"word"}, parse: parseText},
	"text":       {many: true, takes: anyWord, typical: []string{"word"}, parse: parseText},
}

func anyWord(string) bool { return true }
func startsWithDigit(word string) bool {
	return word[0] >= '0' && word[0] <= '9'
}
func hasColon(word string) bool { return strings.Contains(word, ":") }
func hasSlash(word string) bool { return strings.Contains(word, "/") }
func couldBePeriod(word string) bool {
	_, unit := units[strings.TrimSuffix(word, "s")]
	return unit || startsWithDigit(word)
}
func couldBeName(word string) bool {
	system, tier, both := strings.Cut(word, ".")
	return isName(system) && (!both || isName(tier))
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	digits      = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// notNames are words that a sentence needs for itself.
var notNames = []string{"a", "all", "an", "and", "any", "anybody", "anyone", "anywhere", "each", "every", "everybody", "everyone",
	"everything", "in", "internet", "no", "nobody", "nothing", "only", "the"}

// isName reports whether systems, tiers, groups and people may have that name.
func isName(s string) bool {
	return namePattern.MatchString(s) && !slices.Contains(notNames, strings.ToLower(s))
}

func one(at, text, hint string) []problem { return []problem{{at, text, hint}} }

// list splits "a, b and c".
func list(text string) []string {
	var items []string
	for _, part := range strings.Split(text, ",") {
		var item []string
		for _, word := range append(strings.Fields(part), "and") {
			if !strings.EqualFold(word, "and") {
				item = append(item, word)
				continue
			}
			if len(item) > 0 {
				items = append(items, strings.Join(item, " "))
			}
			item = nil
		}
	}
	return items
}

// services are the ports that people call by a name.
var services = map[string]string{"ssh": "22", "telnet": "23", "smtp": "25", "dns": "53", "http": "80", "https": "443", "smb": "445",
	"mysql": "3306", "rdp": "3389", "postgres": "5432", "postgresql": "5432", "winrm": "5985-5986", "redis": "6379"}

func parsePort(_ *File, text string) (any, string, []problem) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return nil, "", one(text, fmt.Sprintf("%q is not a port", text), portHint(text))
	}
	return uint16(n), strconv.FormatUint(n, 10), nil
}

func portHint(text string) string {
	if port, ok := services[strings.ToLower(text)]; ok {
		return fmt.Sprintf("write its number: %s", port)
	}
	return "ports are numbers from 1 to 65535"
}

func parsePorts(_ *File, text string) (any, string, []problem) {
	var ranges []PortRange
	var problems []problem
	for _, item := range list(text) {
		numbers, protocol, _ := strings.Cut(item, "/")
		first, last, isRange := strings.Cut(numbers, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 16)
		b, errB := strconv.ParseUint(last, 10, 16)
		switch {
		case errA != nil || errB != nil || a == 0 || b == 0:
			hint := portHint(item)
			if strings.Contains(item, " ") {
				hint = "put a comma between ports and a hyphen in a range: 22, 8000-8100"
			}
			problems = append(problems, problem{item, fmt.Sprintf("%q is not a port or a range of ports", item), hint})
		case a > b:
			problems = append(problems, problem{item, fmt.Sprintf("the range %s ends before it begins", numbers), fmt.Sprintf("write %d-%d", b, a)})
		case strings.Contains(item, "/") && protocol != "tcp" && protocol != "udp":
			problems = append(problems, problem{item, fmt.Sprintf("%q is not a protocol with ports", protocol), "write 53/udp or 53/tcp"})
		default:
			ranges = append(ranges, PortRange{uint16(a), uint16(b), protocol})
		}
	}
	if len(ranges) == 0 && problems == nil {
		problems = one("", "no port is named", portHint(""))
	}
	slices.SortFunc(ranges, func(a, b PortRange) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	ranges = slices.Compact(ranges)
	return ranges, fmt.Sprint(ranges), problems
}

func parseNumber(_ *File, text string) (any, string, []problem) {
	if !digits.MatchString(text) {
		return nil, "", one(text, fmt.Sprintf("%q is not a whole number", text), "")
	}
	n, _ := strconv.Atoi(text)
	return n, strconv.Itoa(n), nil
}

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour}

func parsePeriod(_ *File, text string) (any, string, []problem) {
	words := strings.Fields(strings.ToLower(text))
	count := 1
	if len(words) == 2 && digits.MatchString(words[0]) {
		count, _ = strconv.Atoi(words[0])
		words = words[1:]
	}
	const hint = "write it like 30 days, 36 hours or 2 weeks"
	if len(words) != 1 {
		return nil, "", one("", fmt.Sprintf("%q is not a period", text), hint)
	}
	switch strings.TrimSuffix(words[0], "s") {
	case "month", "quarter", "year":
		return nil, "", one("", fmt.Sprintf("%q has no fixed length", text), "say it in days: 30 days, 365 days")
	}
	unit, ok := units[strings.TrimSuffix(words[0], "s")]
	switch {
	case !ok:
		return nil, "", one("", fmt.Sprintf("%q is not a period", text), hint)
	case count == 0:
		return nil, "", one("", "a period is longer than nothing", hint)
	case time.Duration(count) > 100*365*24*time.Hour/unit:
		return nil, "", one("", fmt.Sprintf("%q is more than a hundred years", text), hint)
	}
	d := time.Duration(count) * unit
	return d, d.String(), nil
}

func parseTier(f *File, text string) (any, string, []problem) {
	t, problems := f.tier(text)
	return t, t.String(), problems
}

// tier resolves "shop" or "shop.web".
func (f *File) tier(text string) (Tier, []problem) {
	systemName, tierName, dotted := strings.Cut(text, ".")
	system, ok := f.System(systemName)
	if !ok {
		var names []string
		for _, s := range f.Systems {
			names = append(names, s.Name)
		}
		return Tier{}, one(text, fmt.Sprintf("no system is called %q", systemName), suggest(systemName, names, "declare it under systems:"))
	}
	if _, ok := system.Tier(tierName); dotted && !ok {
		var names []string
		for _, t := range system.Tiers {
			names = append(names, systemName+"."+t.Name)
		}
		return Tier{}, one(text, fmt.Sprintf("system %s has no tier %q", systemName, tierName), suggest(text, names, "declare it under tiers: of the system"))
	}
	return Tier{systemName, tierName}, nil
}

var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

func parseSources(f *File, text string) (any, string, []problem) {
	var sources []Source
	var problems []problem
	var names []string
	for _, item := range list(text) {
		found, p := f.source(item)
		sources = append(sources, found...)
		problems = append(problems, p...)
		names = append(names, item)
	}
	if len(sources) == 0 && problems == nil {
		problems = one("", "no source is named", "")
	}
	slices.Sort(names)
	return sources, strings.Join(slices.Compact(names), ","), problems
}

func (f *File) source(text string) ([]Source, []problem) {
	if members, ok := f.Groups[text]; ok {
		sources := slices.Clone(members)
		for i := range sources {
			sources[i].Name = text
		}
		return sources, nil
	}
	if s := strings.ToLower(text); s == "the internet" || s == "internet" || s == "anywhere" {
		var sources []Source
		for _, p := range everywhere {
			sources = append(sources, Source{Name: "the internet", Prefix: p})
		}
		return sources, nil
	}
	if accountID.MatchString(text) || strings.ContainsAny(text, ":/") || startsWithDigit(text) {
		s, problems := parseMember(text)
		return []Source{s}, problems
	}
	if systemName, _, dotted := strings.Cut(text, "."); dotted || f.has(systemName) {
		t, problems := f.tier(text)
		return []Source{{Name: text, Tier: t}}, problems
	}
	var names []string
	for g := range f.Groups {
		names = append(names, g)
	}
	for _, s := range f.Systems {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return nil, one(text, fmt.Sprintf("no group is called %q", text), suggest(text, names, "declare it under groups:"))
}

func (f *File) has(system string) bool {
	_, ok := f.System(system)
	return ok
}

// parseMember reads what a group may hold: an address, a CIDR or an account.
func parseMember(text string) (Source, []problem) {
	if accountID.MatchString(text) {
		return Source{Name: text, Account: text}, nil
	}
	if digits.MatchString(text) || len(text) > 9 && !strings.ContainsAny(text, ".:/") && startsWithDigit(text) {
		return Source{}, one(text, fmt.Sprintf("%q is not an account id", text), "an account id has 12 digits")
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" && !addr.Is4In6() {
		return Source{Name: text, Prefix: netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Addr().Is4In6() {
		return Source{}, one(text, fmt.Sprintf("%q is not an address, a CIDR or an account id", text), memberHint(text))
	}
	if network := prefix.Masked(); network != prefix {
		return Source{}, one(text, fmt.Sprintf("%s is not a network: bits are set beyond /%d", text, prefix.Bits()),
			fmt.Sprintf("the network is %s; the one address is %s/%d", network, prefix.Addr(), prefix.Addr().BitLen()))
	}
	return Source{Name: text, Prefix: prefix}, nil
}

func memberHint(text string) string {
	addr, bits, ok := strings.Cut(text, "/")
	if a, err := netip.ParseAddr(addr); err == nil && ok && !a.Is4In6() {
		return fmt.Sprintf("/%s is not between /0 and /%d", bits, a.BitLen())
	}
	if a, err := netip.ParseAddr(addr); err == nil && a.Is4In6() {
		return fmt.Sprintf("write it as IPv4: %s", a.Unmap())
	}
	return "write it like 203.0.113.0/24, 203.0.113.7, 2001:db8::/32 or 111122223333"
}

var principalKinds = []string{"role", "user", "group", "permission-set"}

var principalARN = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+::([0-9]{12})?:\S+$`)

func parsePrincipals(_ *File, text string) (any, string, []problem) {
	var principals []Principal
	var problems []problem
	var names []string
	for _, item := range list(text) {
		p, problem := parsePrincipal(item)
		problems = append(problems, problem...)
		principals = append(principals, p)
		names = append(names, fmt.Sprint(p))
	}
	if len(principals) == 0 {
		problems = one("", "nobody is named", "")
	}
	slices.Sort(names)
	return principals, strings.Join(slices.Compact(names), ","), problems
}

func parsePrincipal(item string) (Principal, []problem) {
	const hint = "write it like role/Admin in every account, user/ann in 111122223333, or an ARN"
	words := strings.Fields(item)
	who, where := words[0], words[1:]
	p := Principal{}
	if len(where) > 0 {
		place := strings.ToLower(strings.Join(where, " "))
		place = strings.TrimPrefix(place, "in account ")
		place = strings.TrimPrefix(place, "in ")
		switch {
		case place == "every account" || place == "all accounts" || place == "any account":
		case accountID.MatchString(place):
			p.Account = place
		default:
			return p, one(item, fmt.Sprintf("%q is not in an account", item), hint)
		}
	}
	if strings.HasPrefix(who, "arn:") {
		m := principalARN.FindStringSubmatch(who)
		if m == nil {
			return p, one(who, fmt.Sprintf("%q is not the ARN of a principal", who), hint)
		}
		if p.Account != "" && p.Account != m[1] {
			return p, one(item, fmt.Sprintf("%q names another account than %s", who, p.Account), hint)
		}
		p.ARN, p.Account = who, m[1]
		return p, nil
	}
	if who == "root" {
		p.Kind = who
		return p, nil
	}
	k, n, _ := strings.Cut(who, "/")
	if !slices.Contains(principalKinds, k) || n == "" {
		if near := suggest(k, principalKinds, ""); near != "" && n != "" {
			return p, one(who, fmt.Sprintf("%q is not a principal", who), near+"/"+n)
		}
		return p, one(who, fmt.Sprintf("%q is not a principal", who), hint)
	}
	p.Kind, p.Name = k, n
	return p, nil
}

var actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9*]+$`)

func parseAction(_ *File, text string) (any, string, []problem) {
	if !actionPattern.MatchString(text) {
		return nil, "", one(text, fmt.Sprintf("%q is not an action", text), "write it like s3:GetObject")
	}
	return text, strings.ToLower(text), nil
}

var locationPattern = regexp.MustCompile(`^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S*)?|table/\S+|arn:aws[a-z-]*:\S+)$`)

func parseLocation(_ *File, text string) (any, string, []problem) {
	if !locationPattern.MatchString(text) {
		return nil, "", one(text, fmt.Sprintf("%q is not a place for data", text), "write it like s3://bucket/prefix, table/orders or an ARN")
	}
	return text, text, nil
}

func parseText(_ *File, text string) (any, string, []problem) { return text, text, nil }
