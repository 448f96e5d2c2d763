package manifest

import "bytes"

// scan reads YAML text whose structure is known, to find where a part of it
// ends.
type scan struct{ text []byte }

// yamlLines returns the offsets of the lines of a document. YAML 1.1 breaks
// lines also at a lone carriage return and at the Unicode line separators.
func yamlLines(text []byte) []int32 {
	lines := make([]int32, 1, bytes.Count(text, []byte{'\n'})+1)
	s := scan{text}
	for i := 0; i < len(text); {
		if w := s.lineBreak(i); w > 0 {
			i += w
			lines = append(lines, int32(i))
			continue
		}
		i++
	}
	return lines
}

// lineBreak returns the width of the line break at an offset, or 0.
func (s scan) lineBreak(i int) int {
	if i >= len(s.text) {
		return 0
	}
	switch s.text[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(s.text) && s.text[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xc2:
		if bytes.HasPrefix(s.text[i:], []byte("\u0085")) {
			return 2
		}
	case 0xe2:
		if bytes.HasPrefix(s.text[i:], []byte("\u2028")) || bytes.HasPrefix(s.text[i:], []byte("\u2029")) {
			return 3
		}
	}
	return 0
}

func (s scan) blank(i int) bool {
	return i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t')
}

// gap skips blanks, line breaks and comments.
func (s scan) gap(i int) int {
	for i < len(s.text) {
		switch w := s.lineBreak(i); {
		case w > 0:
			i += w
		case s.blank(i):
			i++
		case s.text[i] == '#':
			for i < len(s.text) && s.lineBreak(i) == 0 {
				i++
			}
		default:
			return i
		}
	}
	return i
}

// properties skips the tag and anchor in front of a node, but not beyond limit.
// It returns where the node starts, without an anchor that comes first, and
// where its content starts.
func (s scan) properties(i, limit int) (start, body int) {
	start = i
	for i < limit && i < len(s.text) && (s.text[i] == '&' || s.text[i] == '!') {
		anchor := s.text[i] == '&' && i == start
		i = s.gap(s.token(i))
		if anchor {
			start = i
		}
	}
	return start, i
}

func isAnchorByte(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// emptyScalar returns the extent of a value of which at most an anchor and a tag
// are written.
func (s scan) emptyScalar(i int, anchored, tagged bool) (start, end int) {
	start, end = i, i
	for anchored || tagged {
		i = s.gap(i)
		switch {
		case i < len(s.text) && s.text[i] == '&' && anchored:
			anchored = false
			end = s.token(i)
			if tagged {
				start = s.gap(end)
			} else if start == i {
				start = end
			}
		case i < len(s.text) && s.text[i] == '!' && tagged:
			tagged = false
			end = s.token(i)
		default:
			return start, end
		}
		i = end
	}
	return start, end
}

// token skips an anchor or tag. The library ends the name of an anchor at the
// first character that is none of a name's, so that "&a:b" is the text ":b"; a tag
// goes on to the next blank.
func (s scan) token(i int) int {
	if i < len(s.text) && s.text[i] == '&' {
		for i++; i < len(s.text) && isAnchorByte(s.text[i]); i++ {
		}
		return i
	}
	if bytes.HasPrefix(s.text[i:], []byte("!<")) {
		if end := bytes.IndexByte(s.text[i:], '>'); end >= 0 {
			return i + end + 1
		}
	}
	for i < len(s.text) && !s.blank(i) && s.lineBreak(i) == 0 {
		i++
	}
	return i
}

func (s scan) doubleQuotedEnd(i int) int {
	return min(stringEnd(s.text, i), len(s.text))
}

func (s scan) singleQuotedEnd(i int) int {
	for i++; i < len(s.text); i++ {
		if s.text[i] != '\'' {
			continue
		}
		if i+1 < len(s.text) && s.text[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return len(s.text)
}

// plainEnd follows a plain scalar through the text by its value, in which line
// breaks are folded.
func (s scan) plainEnd(i int, value string) int {
	end := i
	for v := 0; v < len(value) && i < len(s.text); {
		if value[v] == s.text[i] && s.lineBreak(i) == 0 && !s.blank(i) {
			v++
			i++
			end = i
			continue
		}
		next := i
		broken := false
		for next < len(s.text) && (s.blank(next) || s.lineBreak(next) > 0) {
			w := max(s.lineBreak(next), 1)
			broken = broken || s.lineBreak(next) > 0
			next += w
		}
		if next == i {
			break
		}
		if !broken { // blanks within a line stay what they are
			v += next - i
		} else if v = skipFolded(value, v); v == len(value) {
			break
		}
		i = next
	}
	return end
}

// skipFolded skips what folding leaves of line breaks: one blank, or a line feed
// for each further one, and the Unicode separators as they are.
func skipFolded(value string, v int) int {
	s := scan{[]byte(value[v:min(len(value), v+4)])}
	if value[v] == ' ' {
		return v + 1
	}
	for w := s.lineBreak(0); w > 0; w = s.lineBreak(0) {
		v += w
		s = scan{[]byte(value[v:min(len(value), v+4)])}
	}
	return v
}

// flowEnd returns the offset after the bracket that closes a flow collection,
// given where its last part ends.
func (s scan) flowEnd(i int, bracket byte) int {
	for i < len(s.text) {
		i = s.gap(i)
		if i >= len(s.text) {
			break
		}
		switch s.text[i] {
		case bracket:
			return i + 1
		case ',', ':', '?':
			i++
		default:
			return i
		}
	}
	return i
}

// blockEnd returns the end of the last line of a block scalar, without its line
// break. Indent is the column of the collection around it.
func (s scan) blockEnd(i, indent int) int {
	keep, digit := false, 0
	for i++; i < len(s.text) && !s.blank(i) && s.lineBreak(i) == 0; i++ {
		switch c := s.text[i]; {
		case c == '+':
			keep = true
		case c >= '1' && c <= '9':
			digit = int(c - '0')
		}
	}
	end := i
	for i < len(s.text) && s.lineBreak(i) == 0 { // blanks and a comment
		i++
	}
	i += s.lineBreak(i)
	width := max(indent, 0) + digit
	if digit == 0 {
		width = s.blockIndent(i, indent)
	}
	for i < len(s.text) {
		column := 0
		for column < width && i < len(s.text) && s.text[i] == ' ' {
			i++
			column++
		}
		w := s.lineBreak(i)
		if w == 0 && (column < width || i == len(s.text)) {
			break
		}
		from := i
		for i < len(s.text) && s.lineBreak(i) == 0 {
			i++
		}
		if i > from || keep {
			end = i
		}
		i += s.lineBreak(i)
	}
	return end
}

// blockIndent returns the indentation of a block scalar that names none: that of
// its first line with text, or of a longer blank line before it.
func (s scan) blockIndent(i, indent int) int {
	longest := 0
	for i < len(s.text) {
		column := 0
		for i < len(s.text) && s.text[i] == ' ' {
			i++
			column++
		}
		longest = max(longest, column)
		w := s.lineBreak(i)
		if w == 0 {
			break
		}
		i += w
	}
	return max(longest, indent+1, 1)
}
