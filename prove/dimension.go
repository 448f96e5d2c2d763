package prove

import (
	"slices"

	"github.com/grpcroute/grpcroute/routing"
)

// dimension is the atoms into which some languages divide the texts of an
// alphabet: each literal is one, and each combination of expressions that has a
// text beside the literals is one.
type dimension struct {
	points []string // the literals, sorted: atoms 0 to len(points)-1
	prod   *product // of the expressions
	groups []int    // of prod: the atoms after the points
	words  []string // a text of each atom
}

// dimension divides by some languages; those that take any text or none divide
// nothing.
func (ls *languages) dimension(by []*language) (*dimension, error) {
	d := &dimension{}
	var parts []*language
	seen := map[int]bool{}
	for _, l := range by {
		if seen[l.id] {
			continue
		}
		seen[l.id] = true
		switch l.kind {
		case routing.LiteralText:
			d.points = append(d.points, l.text)
		case routing.RegexText:
			parts = append(parts, l)
		}
	}
	slices.Sort(d.points)
	d.points = slices.Compact(d.points)
	var err error
	if d.prod, err = ls.product(parts); err != nil {
		return nil, err
	}
	d.words = slices.Clone(d.points)
	for i := range d.prod.groups {
		if w, ok := d.prod.find(&d.prod.groups[i], d.points, ls.nonEmpty, ls.nice); ok {
			d.groups = append(d.groups, i)
			d.words = append(d.words, w)
		}
	}
	if len(d.prod.groups) > ls.budget.Atoms {
		return nil, &limitError{"atoms of one dimension", ls.budget.Atoms}
	}
	return d, nil
}

func (d *dimension) size() int { return len(d.words) }

// point returns the atom of a literal.
func (d *dimension) point(text string) int {
	i, ok := slices.BinarySearch(d.points, text)
	if !ok {
		return -1
	}
	return i
}

// takes reports whether an atom's texts are in a language that divides the
// dimension.
func (d *dimension) takes(l *language, atom int) bool {
	switch {
	case l.kind == routing.AnyText:
		return true
	case atom < len(d.points):
		return l.takes(d.points[atom])
	case l.regex():
		i := slices.Index(d.prod.parts, l)
		return i >= 0 && d.prod.groups[d.groups[atom-len(d.points)]].accepts.has(i)
	}
	return false
}

// groupOf returns the group of the product that a literal falls into.
func (d *dimension) groupOf(text string) int {
	q, _ := d.prod.run(text)
	return d.prod.in[q]
}
