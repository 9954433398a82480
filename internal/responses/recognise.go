package responses

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
)

// finding is a part of a text that is a secret.
type finding struct {
	from, to int
	what     string
	rank     int // the more telling word wins where two find the same
}

// suspicious is the first look at a string, in JSON or not: whether it may hold a secret at all. Nearly all strings that AWS sends
// are ids, times and names, and end here.
func suspicious(s []byte) bool {
	run := 0
	for i, c := range s {
		switch shape[c] {
		case inToken:
			if run++; run >= 16 || c == '-' && i > 0 && s[i-1] == '-' { // "--password ..."
				return true
			}
		case assigns:
			return true
		default:
			run = 0
		}
	}
	return false
}

// Kinds of bytes.
const (
	other = iota
	inToken
	assigns // "=", ":", "%", and "\", behind which JSON may hide any of them
)

var shape = func() (kinds [256]byte) {
	for c := range kinds {
		switch c := byte(c); {
		case c == '=' || c == ':' || c == '%' || c == '\\':
			kinds[c] = assigns
		case isKeyByte(c) || c == '_' || c == '-':
			kinds[c] = inToken
		}
	}
	return kinds
}()

// isKeyByte reports whether c is of the alphabet of AWS secret keys: base64 without padding.
func isKeyByte(c byte) bool { return isAlphanumeric(c) || c == '/' || c == '+' }

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// pattern recognises one kind of secret: the first group of the expression, or all of it. The words are looked for first, in
// lower case; an expression is tried only where one of them occurs.
type pattern struct {
	what  string
	words []string
	*regexp.Regexp
	keep func(secret string) bool
}

// patterns, the more telling first.
var patterns = []pattern{
	{"private key", []string{"-----begin"}, regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)`), nil},
	{"AWS access key id", []string{"akia", "asia"}, regexp.MustCompile(`(?:^|[^A-Za-z0-9])((?:AKIA|ASIA)[A-Z0-9]{16})(?:[^A-Za-z0-9]|$)`), nil},
	{"GitHub token", []string{"gh", "github_pat_"}, regexp.MustCompile(`\bgh[opusr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}`), nil},
	{"GitLab token", []string{"glpat-"}, regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{16,}`), nil},
	{"Slack token", []string{"xox", "hooks.slack.com"}, regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/([A-Za-z0-9/]{20,})`), nil},
	{"Stripe key", []string{"k_live_", "k_test_", "whsec_"}, regexp.MustCompile(`\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}`), nil},
	{"JSON web token", []string{"eyj"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*`), nil},
	{"password in a URL", []string{"://"}, regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@"'\\]*:([^\s/?#"'\\]+)@`), isSecretValue},
	// Behind ":" a value must be set off, or "secret:" in an ARN would be one; a password is one without.
	{"password", []string{"pass", "pwd"}, regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|pwd)\\*["']?\s*(?:=>|:=|[=:])\s*(?:\\*"([^"\\]+)|\\*'([^'\\]+)|([^\s"'\\]+))`), isSecretValue},
	{"password", []string{"--"}, regexp.MustCompile(`(?i)--[a-z-]*(?:passw(?:or)?d|passphrase|secret|token|api-?key)[ \t]+(?:"([^"\\]+)|'([^'\\]+)|([^\s"'\\-][^\s"'\\]*))`), isSecretValue},
	{"secret", []string{"secret", "token", "_key", "-key", "apikey", "accesskey", "privatekey", "accountkey"}, regexp.MustCompile(`(?i)(?:secret|token|(?:api|access|private|secret|account)[_-]?key)(?:\\*["']?\s*(?:=>|:=|=)\s*|\s*:\s+)(?:\\*"([^"\\]+)|\\*'([^'\\]+)|([^\s"'\\]+))`), isSecretValue},
	// In JSON. The keys of policy conditions ("aws:RequestTag/token") are no names of secrets.
	{"secret", []string{"secret", "token", "_key", "-key", "apikey", "accesskey", "privatekey", "accountkey"}, regexp.MustCompile(`(?i)["'][a-z0-9_.-]*(?:secret|token|(?:api|access|private|secret|account)[_-]?key)\\*["']\s*:\s*\\*["']([^"'\\]+)`), isSecretValue},
}

// recognise finds the secrets of a text, in order, without overlaps.
func recognise(s string) []finding {
	var found []finding
	lower := strings.ToLower(s)
	for rank, p := range patterns {
		if !slices.ContainsFunc(p.words, func(word string) bool { return strings.Contains(lower, word) }) {
			continue
		}
		for at := 0; at < len(s); {
			m := p.FindStringSubmatchIndex(s[at:])
			if m == nil {
				break
			}
			from, to := m[0], m[1]
			for g := 2; g < len(m); g += 2 {
				if m[g] >= 0 {
					from, to = m[g], m[g+1]
				}
			}
			if p.keep == nil || p.keep(s[at+from:at+to]) {
				found = append(found, finding{at + from, at + to, p.what, rank})
			}
			at += max(to, 1)
		}
	}
	found = appendSecretKeys(found, s)
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.from, b.from) })
	apart := found[:0]
	for _, f := range found {
		last := len(apart) - 1
		if last < 0 || f.from >= apart[last].to {
			apart = append(apart, f)
			continue
		}
		if f.rank < apart[last].rank {
			apart[last].what, apart[last].rank = f.what, f.rank
		}
		apart[last].to = max(apart[last].to, f.to)
	}
	return apart
}

// appendSecretKeys finds AWS secret access keys: forty characters of base64 that stand alone and are as mixed as chance mixes them.
// Digests in hexadecimal, paths, ids and padded base64 are not.
func appendSecretKeys(found []finding, s string) []finding {
	for i := 0; i < len(s); {
		if !isKeyByte(s[i]) {
			i++
			continue
		}
		from := i
		for i < len(s) && isKeyByte(s[i]) {
			i++
		}
		if i-from == 40 && standsAlone(s, from, i) && isMixed(s[from:i]) {
			found = append(found, finding{from, i, "AWS secret access key", 1})
		}
	}
	return found
}

// standsAlone reports whether s[from:to] is not a part of a longer word.
func standsAlone(s string, from, to int) bool {
	if from > 0 && (s[from-1] == '_' || s[from-1] == '-' || s[from-1] == '.' && from > 1 && isAlphanumeric(s[from-2])) {
		return false
	}
	return to == len(s) || s[to] != '=' && s[to] != '_' && s[to] != '-' && (s[to] != '.' || to+1 == len(s) || !isAlphanumeric(s[to+1]))
}

// isMixed reports whether a word of forty is as random as a key: lower case, upper case and digits, changing often, and at least
// 3.9 bits of entropy a character (a random key has 4.8, give or take 0.2).
func isMixed(word string) bool {
	var kinds [4]int
	var count [256]float64
	changes, last := 0, -1
	for i := range len(word) {
		c, kind := word[i], 3
		switch {
		case 'a' <= c && c <= 'z':
			kind = 0
		case 'A' <= c && c <= 'Z':
			kind = 1
		case '0' <= c && c <= '9':
			kind = 2
		}
		kinds[kind]++
		count[c]++
		if kind != last {
			changes++
		}
		last = kind
	}
	var entropy float64
	for _, n := range count {
		if n > 0 {
			entropy -= n / float64(len(word)) * math.Log2(n/float64(len(word)))
		}
	}
	return kinds[0] > 0 && kinds[1] > 0 && kinds[2] > 0 && changes >= 12 && entropy >= 3.9
}

// secretName is how names of variables, tags and parameters end that hold a secret. Those of AWS's own members
// ("ClientToken") and of policy conditions ("aws:RequestTag/token") do not.
var secretName = regexp.MustCompile(`(?i)(?:^|[_.-])(?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private|secret)[_-]?key)$|[a-z0-9]Password$`)

// isSecretName reports whether a name says that its value is a secret.
func isSecretName(name string) bool {
	if name == "Key" { // of every tag
		return false
	}
	for _, end := range [...]string{"key", "token", "secret", "word", "wd", "phrase"} {
		if len(name) >= len(end) && strings.EqualFold(name[len(name)-len(end):], end) {
			return secretName.MatchString(name)
		}
	}
	return false
}

// notSecrets are values that say something about a secret, and references to where it is.
var notSecrets = regexp.MustCompile(`(?i)^(?:true|false|null|nil|none|yes|no|on|off|required|optional|enabled|disabled|default|unknown|\**|[0-9]{1,3}|arn:.*|\$\{.*|\$\(.*|\$[A-Z_]{3,}|\{\{.*|redacted:[0-9a-f]{16}.*)[,;.)}\]]*$`)

func isSecretValue(value string) bool { return !notSecrets.MatchString(value) }
