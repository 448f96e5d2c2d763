package prove

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNamed is how many literals people are shown before the rest is counted.
const maxNamed = 12

// wording says how literals are written: in quotes or not, and how many of them.
// Texts that are compared have all of them.
type wording struct {
	quote bool
	most  int // 0: all
}

func (w wording) list(texts []string) string {
	more := 0
	if w.most > 0 && len(texts) > w.most {
		texts, more = texts[:w.most], len(texts)-w.most
	}
	if w.quote {
		texts = slices.Clone(texts)
		for i := range texts {
			texts[i] = strconv.Quote(texts[i])
		}
	}
	text := strings.Join(texts, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// describe says in words which texts a set of atoms holds: "any", "shop.Users",
// "any but shop.Users", "matching \"shop\\..*\"".
func (d *dimension) describe(set bitset, w wording) string {
	n := len(d.points)
	var in, out []string
	for i, p := range d.points {
		if set.has(i) {
			in = append(in, p)
		} else {
			out = append(out, p)
		}
	}
	var on, off []int // groups of the product
	for a, g := range d.groups {
		if set.has(n + a) {
			on = append(on, g)
		} else {
			off = append(off, g)
		}
	}
	switch {
	case len(on) == 0:
		return w.list(in)
	case len(off) == 0 && len(out) == 0:
		return "any"
	case len(off) == 0:
		return "any but " + w.list(out)
	}
	return d.describeGroups(on, off, set, w)
}

// describeGroups names the expressions that tell groups apart, and the literals
// that go against them.
func (d *dimension) describeGroups(on, off []int, set bitset, w wording) string {
	text, holds := d.rule(on, off)
	var more, less []string
	for i, p := range d.points {
		switch byRule := holds(d.groupOf(p)); {
		case set.has(i) && !byRule:
			more = append(more, p)
		case !set.has(i) && byRule:
			less = append(less, p)
		}
	}
	if len(less) > 0 {
		text += " but not " + w.list(less)
	}
	if len(more) > 0 {
		text = w.list(more) + " or " + text
	}
	return text
}

// rule is a condition that holds for some groups and not for others: one
// expression where that suffices, else each group by the expressions it is in.
func (d *dimension) rule(on, off []int) (text string, holds func(group int) bool) {
	in := func(g, part int) bool { return d.prod.groups[g].accepts.has(part) }
	all := func(groups []int, part int, want bool) bool {
		return !slices.ContainsFunc(groups, func(g int) bool { return in(g, part) != want })
	}
	for part, l := range d.prod.parts {
		switch {
		case all(on, part, true) && all(off, part, false):
			return "matching " + l.source, func(g int) bool { return in(g, part) }
		case all(on, part, false) && all(off, part, true):
			return "not matching " + l.source, func(g int) bool { return !in(g, part) }
		}
	}
	var texts []string
	for _, g := range on {
		var with, without []string
		for part, l := range d.prod.parts {
			if in(g, part) {
				with = append(with, l.source)
			} else {
				without = append(without, l.source)
			}
		}
		switch {
		case len(without) == 0:
			texts = append(texts, "matching "+strings.Join(with, " and "))
		case len(with) == 0:
			texts = append(texts, "matching none of "+strings.Join(without, ", "))
		default:
			texts = append(texts, "matching "+strings.Join(with, " and ")+" and not "+strings.Join(without, " nor "))
		}
	}
	return strings.Join(texts, ", or "), func(g int) bool { return slices.Contains(on, g) }
}

// describe says in words which headers a piece asks for, one text per header.
func (f *frame) describe(p piece, w wording) []string {
	var out []string
	for i, set := range p {
		if set != nil && !f.dims[i].all.within(set) {
			out = append(out, f.dims[i].describe(set, w))
		}
	}
	return out
}

// describe says what a header has to be: "x-env is absent", "x-env is \"canary\"",
// "x-env is absent or any but \"canary\"".
func (d *headerDim) describe(set bitset, w wording) string {
	w.quote = true
	if slices.ContainsFunc(d.words, func(ws []string) bool { return len(ws) > 1 }) {
		return d.describeSeveral(set, w)
	}
	values := newBitset(d.dim.size())
	for a := range d.dim.size() {
		if set.has(a + 1) {
			values.add(a)
		}
	}
	text := d.dim.describe(values, w)
	switch absent := set.has(0); {
	case values.empty():
		return d.name + " is absent"
	case text == "any":
		return d.name + " is present"
	case absent:
		return d.name + " is absent or " + text
	default:
		return d.name + " is " + text
	}
}

// describeSeveral lists the sets of values; a header that may be sent several
// times has no shorter name for them.
func (d *headerDim) describeSeveral(set bitset, w wording) string {
	var texts []string
	for _, a := range set.members() {
		text := "absent"
		if ws := d.words[a]; len(ws) > 0 {
			text = wording{quote: true}.list(ws)
		}
		texts = append(texts, text)
	}
	return d.name + " is like one of " + strconv.Quote(strings.Join(texts, "; "))
}
