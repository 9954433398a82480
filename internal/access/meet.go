package access

import "strings"

// meet returns a text that two patterns both match, and whether there is one. Where both leave open what comes, the result has a *.
// It walks the product of the two, so its time is their lengths multiplied.
func meet(a, b string) (string, bool) {
	const most = 2000
	if len(a) > most || len(b) > most {
		return "", false
	}
	width := len(b) + 1
	seen := make([]bool, (len(a)+1)*width)
	var out []byte
	var walk func(i, j int) bool
	walk = func(i, j int) bool {
		if i == len(a) && j == len(b) {
			return true
		}
		if seen[i*width+j] {
			return false
		}
		seen[i*width+j] = true
		mark := len(out)
		switch {
		case i < len(a) && a[i] == '*' && j < len(b) && b[j] == '*':
			out = append(out, '*')
			if walk(i+1, j+1) {
				return true
			}
			out = out[:mark]
			if walk(i+1, j) || walk(i, j+1) {
				return true
			}
		case i < len(a) && a[i] == '*':
			if walk(i+1, j) {
				return true
			}
			if j < len(b) {
				out = append(out, b[j])
				if walk(i, j+1) {
					return true
				}
			}
		case j < len(b) && b[j] == '*':
			if walk(i, j+1) {
				return true
			}
			if i < len(a) {
				out = append(out, a[i])
				if walk(i+1, j) {
					return true
				}
			}
		case i < len(a) && j < len(b):
			c := a[i]
			if c == '?' {
				c = b[j]
			}
			if c == b[j] || b[j] == '?' {
				out = append(out, c)
				if walk(i+1, j+1) {
					return true
				}
			}
		}
		out = out[:mark]
		return false
	}
	if !walk(0, 0) {
		return "", false
	}
	return strings.ReplaceAll(string(out), "?", "x"), true
}

// made replaces what a pattern of an ARN leaves open by names that nothing has: the Region by one, the account by one.
func made(pattern, region, account string) string {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) == 6 {
		if strings.Contains(parts[3], "*") {
			parts[3] = region
		}
		if strings.Contains(parts[4], "*") {
			parts[4] = account
		}
		pattern = strings.Join(parts, ":")
	}
	return strings.ReplaceAll(strings.ReplaceAll(pattern, "*", "onus0"), "?", "x")
}
