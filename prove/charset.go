package prove

import "slices"

// charset is a set of characters below 128.
type charset [2]uint64

func (s *charset) add(c byte)             { s[c>>6] |= 1 << (c & 63) }
func (s charset) has(c byte) bool         { return c < 128 && s[c>>6]>>(c&63)&1 == 1 }
func (s charset) and(t charset) charset   { return charset{s[0] & t[0], s[1] & t[1]} }
func (s charset) minus(t charset) charset { return charset{s[0] &^ t[0], s[1] &^ t[1]} }
func (s charset) empty() bool             { return s[0]|s[1] == 0 }

// charsBetween returns the characters from lo to hi but for those of not.
func charsBetween(lo, hi byte, not string) charset {
	var s charset
	for c := lo; c <= hi; c++ {
		s.add(c)
	}
	for i := range len(not) {
		s[not[i]>>6] &^= 1 << (not[i] & 63)
	}
	return s
}

// The request domain (semantics of a gRPC call on the wire): what one segment of
// a path, and a header value, may consist of. gRPC's Path is "/" Service-Name "/"
// method name, and its ASCII-Value is 0x20 to 0x7e (gRPC over HTTP/2).
var (
	segmentChars = charsBetween(0x21, 0x7e, "/?#%")
	pathChars    = charsBetween(0x21, 0x7e, "?#%")
	valueChars   = charsBetween(0x20, 0x7e, "")
	wordChars    = charsBetween('0', '9', "").or(charsBetween('A', 'Z', "")).or(charsBetween('a', 'z', "")).or(charsBetween('_', '_', ""))
)

func (s charset) or(t charset) charset { return charset{s[0] | t[0], s[1] | t[1]} }

// holds reports whether a text consists of the set's characters.
func (s charset) holds(text string) bool {
	for i := range len(text) {
		if !s.has(text[i]) {
			return false
		}
	}
	return true
}

// pretty returns the character of the set that reads best in a witness.
func (s charset) pretty() byte {
	const preferred = "aAbxyzGS015_-.:"
	for i := range len(preferred) {
		if s.has(preferred[i]) {
			return preferred[i]
		}
	}
	for c := byte(0); c < 128; c++ {
		if s.has(c) {
			return c
		}
	}
	return 0
}

// classes divides an alphabet into classes of characters that no given set tells
// apart.
type classes struct {
	of  [128]uint8 // noClass outside the alphabet
	rep []byte     // the prettiest character of each class
}

const noClass = 255

func classesOf(alphabet charset, sets []charset) classes {
	parts := []charset{alphabet}
	for _, s := range sets {
		var next []charset
		for _, p := range parts {
			for _, x := range [2]charset{p.and(s), p.minus(s)} {
				if !x.empty() {
					next = append(next, x)
				}
			}
		}
		parts = next
	}
	var c classes
	for i := range c.of {
		c.of[i] = noClass
	}
	for k, p := range parts {
		c.rep = append(c.rep, p.pretty())
		for ch := byte(0); ch < 128; ch++ {
			if p.has(ch) {
				c.of[ch] = uint8(k)
			}
		}
	}
	return c
}

// allChars are the characters of all domains, readableChars those in an order in which
// texts that are tried first read well.
var (
	allChars      = charsFrom(0x20, 0x7e)
	readableChars = slices.SortedStableFunc(slices.Values(allChars), func(a, b byte) int { return rank(a) - rank(b) })
)

func charsFrom(lo, hi byte) []byte {
	var out []byte
	for ch := lo; ch <= hi; ch++ {
		out = append(out, ch)
	}
	return out
}

func rank(ch byte) int {
	switch {
	case 'a' <= ch && ch <= 'z':
		return 0
	case 'A' <= ch && ch <= 'Z':
		return 1
	case '0' <= ch && ch <= '9':
		return 2
	}
	return 3
}

// readable puts the classes in an order in which the first words of a search read
// well: small letters, capital ones, digits, all else.
func (c classes) readable() classes {
	order := make([]int, len(c.rep))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(c.rep[a]) - rank(c.rep[b]) })
	out := classes{of: c.of, rep: make([]byte, len(c.rep))}
	place := make([]uint8, len(order))
	for i, old := range order {
		out.rep[i], place[old] = c.rep[old], uint8(i)
	}
	for ch, k := range c.of {
		if k != noClass {
			out.of[ch] = place[k]
		}
	}
	return out
}

// sets returns the classes as sets.
func (c *classes) sets() []charset {
	out := make([]charset, len(c.rep))
	for ch := byte(0); ch < 128; ch++ {
		if k := c.of[ch]; k != noClass {
			out[k].add(ch)
		}
	}
	return out
}
