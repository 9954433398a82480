package policy

// Match reports whether the whole of s matches a pattern, in which * stands for any characters, none included, and ? for
// exactly one. Everything else stands for itself, in its case; slashes and colons are characters like others.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func Match(pattern, s string) bool { return match(pattern, s, func(b byte) byte { return b }) }

// MatchAction is Match for actions, whose case does not matter. Nothing is trimmed: a pattern with a blank matches nothing
// that AWS calls an action.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func MatchAction(pattern, action string) bool { return match(pattern, action, lower) }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// match goes through s once and comes back only to the last *: what an earlier one took need never change. It works byte by
// byte, except that ? takes a whole character.
func match(pattern, s string, fold func(byte) byte) bool {
	p, i := 0, 0
	star, from := -1, 0 // the last *, and where in s what it takes ends
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			i += width(s, i)
		case p < len(pattern) && fold(pattern[p]) == fold(s[i]):
			p++
			i++
		case star >= 0:
			from += width(s, from)
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// width is how many bytes the character at i has. Bytes that are not UTF-8 are characters of their own.
func width(s string, i int) int {
	n := 1
	for i+n < len(s) && n < 4 && s[i] >= 0xC0 && s[i+n]&0xC0 == 0x80 {
		n++
	}
	return n
}

// coversPrefix reports whether a pattern matches everything that begins with a prefix.
func coversPrefix(pattern, prefix string) bool {
	return pattern != "" && pattern[len(pattern)-1] == '*' && Match(pattern, prefix)
}

// meetsPrefix reports whether a pattern matches anything that begins with a prefix.
func meetsPrefix(pattern, prefix string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '*' || len(prefix) == 0 {
			return true
		}
		if pattern[i] != '?' && pattern[i] != prefix[0] {
			return false
		}
		n := 1
		if pattern[i] == '?' {
			n = width(prefix, 0)
		}
		prefix = prefix[n:]
	}
	return len(prefix) == 0
}
