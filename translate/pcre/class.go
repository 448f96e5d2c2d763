package pcre

import (
	"fmt"
	"strings"
	"unicode"
)

// class writes a class of characters, given as ranges in order.
func (w *writer) class(ranges []rune) {
	var in [256]bool
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], lastASCII); r++ {
			in[r] = true
		}
		switch hi := ranges[i+1]; {
		case hi == unicode.MaxRune && ranges[i] <= lastASCII+1:
			for b := lastASCII + 1; b < len(in); b++ {
				in[b] = true // every character beyond ASCII, of whatever bytes
			}
		case hi > lastASCII:
			w.clipped = true
		}
	}
	for i := range len(w.edges.Without) {
		in[w.edges.Without[i]] = false
	}
	before := w.b.Len()
	w.b.WriteByte('[')
	for lo := 0; lo < len(in); lo++ {
		if !in[lo] {
			continue
		}
		hi := lo
		for hi+1 < len(in) && in[hi+1] {
			hi++
		}
		w.b.WriteString(member(lo))
		if hi > lo+1 {
			w.b.WriteByte('-')
		}
		if hi > lo {
			w.b.WriteString(member(hi))
		}
		lo = hi
	}
	if w.b.Len() == before+1 {
		text := w.b.String()[:before]
		w.b.Reset()
		w.b.WriteString(text + Nothing)
		return
	}
	w.b.WriteByte(']')
}

func member(b int) string {
	if isWord(byte(b)) {
		return string(rune(b))
	}
	return fmt.Sprintf(`\x%02x`, b)
}

func isWord(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_'
}

// Quote writes a text as an expression that takes it alone. Nothing in it is a
// quotation mark, a blank or another character that a configuration language could
// mean something by, but for backslashes.
func Quote(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case isWord(c) || c == '/' || c == '-' || c == ',' || c == '=' || c == '@':
			b.WriteByte(c)
		case c == '.':
			b.WriteString(`\.`)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}
