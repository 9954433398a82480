package report

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options are what a rendering as text may depend on besides the report.
type Options struct {
	Width int  // columns of the terminal; 0 means 80, and it is kept between 60 and 200
	Color bool // whether the reader wants colour; it never carries meaning alone
	ASCII bool // whether the terminal shows nothing else
	// Causes is how many causes the first screen shows: 0 means 10, a negative number all.
	Causes   int
	HTMLPath string   // where the HTML report was written, if it was
	Next     []string // what to type next, one command each
}

// style is an effect of the terminal, as in ECMA-48 (Select Graphic Rendition).
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// terminal lays text out in a width. All text that reaches it is scrubbed, so every escape sequence in it is its own.
type terminal struct {
	b     strings.Builder
	width int
	seen  string // the resource that was last shown where to find
	Options
}

func newTerminal(o Options) *terminal {
	if o.Width == 0 {
		o.Width = 80
	}
	return &terminal{width: min(max(o.Width, 60), 200), Options: o}
}

// flush writes what was laid out.
func (t *terminal) flush(w io.Writer) error {
	_, err := io.WriteString(w, t.b.String())
	return err
}

// in gives text an effect.
func (t *terminal) in(s style, text string) string {
	if !t.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// ascii replaces what an ASCII terminal cannot show: our own signs by theirs, the rest by escapes.
func (t *terminal) ascii(text string) string {
	if !t.ASCII {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '✓':
			b.WriteByte('+')
		case '✗':
			b.WriteByte('x')
		case '·', '–', '—':
			b.WriteByte('-')
		case '…':
			b.WriteString("...")
		case '→':
			b.WriteString("->")
		default:
			if r < utf8.RuneSelf {
				b.WriteRune(r)
			} else {
				q := strconv.QuoteRuneToASCII(r)
				b.WriteString(q[1 : len(q)-1])
			}
		}
	}
	return b.String()
}

// blank leaves a line free.
func (t *terminal) blank() { t.b.WriteByte('\n') }

// heading starts a part.
func (t *terminal) heading(text string) {
	t.blank()
	t.para("", "", t.in(bold, text))
}

// para writes text in lines: the first begins with first, the others with as many blanks.
func (t *terminal) para(first, indent, text string) {
	first = t.ascii(first)
	for i, line := range t.wrap(text, t.width-max(columns(first), columns(indent))) {
		if i == 0 {
			t.b.WriteString(first)
		} else {
			t.b.WriteString(indent)
		}
		t.b.WriteString(line)
		t.b.WriteByte('\n')
	}
}

// command writes a command that can be copied into a shell as it stands: it is continued with a backslash, and only
// between words that no quotes enclose.
func (t *terminal) command(indent, text string) {
	text = t.ascii(text)
	for i, line := range strings.Split(text, "\n") {
		lead := "  "
		if i == 0 {
			lead = "$ "
		}
		for j, part := range continued(line, t.width-columns(indent)-4) {
			if j > 0 {
				lead = "    "
			}
			t.b.WriteString(indent + t.in(cyan, lead+part) + "\n")
		}
	}
}

// block writes lines as they are.
func (t *terminal) block(indent, text string) {
	for line := range strings.Lines(strings.Trim(t.ascii(text), "\n")) {
		t.b.WriteString(indent + strings.TrimRight(strings.ReplaceAll(line, "\t", "  "), "\n") + "\n")
	}
}

// table writes rows whose last cell takes the rest of the width and is continued below itself; the cells before are as
// wide as the widest of their column, within reason.
func (t *terminal) table(indent string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	const gap = 2
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, row := range rows {
		for i := range last {
			row[i] = t.ascii(row[i])
			widths[i] = max(widths[i], columns(row[i]))
		}
	}
	free := t.width - columns(indent) - gap*last
	for i := range widths {
		widths[i] = min(widths[i], max(8, free/(last+1)+free/8))
	}
	for _, row := range rows {
		var b strings.Builder
		b.WriteString(indent)
		for i, cell := range row[:last] {
			cell = t.shorten(cell, widths[i])
			b.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+gap))
		}
		lead := b.String()
		for i, line := range t.wrap(row[last], t.width-columns(lead)) {
			if i > 0 {
				lead = strings.Repeat(" ", columns(lead))
			}
			t.b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		}
	}
}

// shorten cuts the middle out of text that is too wide: both ends of an id tell it apart.
func (t *terminal) shorten(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	mark := t.ascii("…")
	runes := []rune(unstyled(text))
	left, right := 0, len(runes)
	room := width - columns(mark)
	for left < right {
		l := runeColumns(runes[left])
		if l > room {
			break
		}
		room -= l
		left++
		if left >= right {
			break
		}
		r := runeColumns(runes[right-1])
		if r > room {
			break
		}
		room -= r
		right--
	}
	return string(runes[:left]) + mark + string(runes[right:])
}

// wrap breaks text into lines as the terminal can show it.
func (t *terminal) wrap(text string, width int) []string {
	const dot = "·" // what wrap knows parts by
	if !t.ASCII {
		return wrap(text, width)
	}
	words := strings.Fields(text)
	for i, word := range words {
		if word != dot {
			words[i] = t.ascii(word)
		}
	}
	lines := wrap(strings.Join(words, " "), width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], dot, "-")
	}
	return lines
}

// wrap breaks text into lines of at most width columns, between words where it can. Of text in parts, "a · b · c", a short part
// stays whole and the dot stays at the end of its line. Empty text is one empty line.
func wrap(text string, width int) []string {
	width = max(width, 16)
	var lines []string
	line, used := "", 0
	for _, word := range wholes(text, width*2/3) {
		n := columns(word)
		if used > 0 && used+1+n <= width {
			line, used = line+" "+word, used+1+n
			continue
		}
		if used > 0 {
			lines = append(lines, line)
		}
		for n > width {
			head, tail := cut(word, width)
			lines = append(lines, head)
			word, n = tail, columns(tail)
		}
		line, used = word, n
	}
	return append(lines, line)
}

// wholes divides text into what wrap keeps together: parts that take at most most columns, else words.
func wholes(text string, most int) []string {
	var all []string
	start := 0
	words := strings.Fields(text)
	for i, word := range words {
		if end := i == len(words)-1; word != "·" && !end {
			continue
		}
		part := words[start : i+1]
		start = i + 1
		if whole := strings.Join(part, " "); len(part) < len(words) && columns(whole) <= most {
			all = append(all, whole)
			continue
		}
		if n := len(part); n > 1 && part[n-1] == "·" {
			part = append(part[:n-2:n-2], part[n-2]+" ·")
		}
		all = append(all, part...)
	}
	return all
}

// cut divides a word after at most width columns.
func cut(word string, width int) (head, tail string) {
	used := 0
	for i := 0; i < len(word); {
		if n := sequence(word[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(word[i:])
		used += runeColumns(r)
		if used > width && i > 0 {
			return word[:i], word[i:]
		}
		i += size
	}
	return word, ""
}

// continued breaks a command into lines that a shell reads as one. An option and its value stay together where they fit.
func continued(command string, width int) []string {
	var words []string
	var quote rune
	start := 0
	for i, r := range command {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ' ':
			words = append(words, command[start:i])
			start = i + 1
		}
	}
	words = append(words, command[start:])
	lines := []string{words[0]}
	for i := 1; i < len(words); i++ {
		part := words[i]
		if strings.HasPrefix(part, "--") && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") && columns(part)+columns(words[i+1]) < width-3 {
			i++
			part += " " + words[i]
		}
		if at := len(lines) - 1; columns(lines[at])+1+columns(part) <= width-2 {
			lines[at] += " " + part
		} else {
			lines[at] += ` \`
			lines = append(lines, part)
		}
	}
	return lines
}

// columns counts the columns that text takes, without the effects.
func columns(text string) int {
	n := 0
	for i := 0; i < len(text); {
		if s := sequence(text[i:]); s > 0 {
			i += s
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		n += runeColumns(r)
		i += size
	}
	return n
}

// sequence returns the length of the escape sequence that text begins with, or 0.
func sequence(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	return strings.IndexByte(text, 'm') + 1
}

// unstyled returns text without effects.
func unstyled(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if s := sequence(text[i:]); s > 0 {
			i += s
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(text[i : i+size])
		i += size
	}
	return b.String()
}

// runeColumns says how many columns a terminal gives a rune: none for marks that combine with the rune before, two for the
// wide ones of East Asian writing and for emoji (Unicode Standard Annex 11, East Asian Width W and F), else one.
func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	for _, w := range wide {
		if r < w[0] {
			return 1
		}
		if r <= w[1] {
			return 2
		}
	}
	return 1
}

// wide are the ranges of wide runes, in order.
var wide = [][2]rune{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x26a1, 0x26a1}, {0x2705, 0x2705}, {0x274c, 0x274c},
	{0x2753, 0x2755}, {0x2795, 0x2797}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf},
	{0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f18e, 0x1f19a},
	{0x1f200, 0x1f265}, {0x1f300, 0x1f320}, {0x1f32d, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff},
	{0x20000, 0x3fffd},
}
