package prove

import (
	"slices"

	"github.com/grpcroute/grpcroute/routing"
)

// headerDim is one header as a dimension: atom 0 is that it is absent, the others
// are its values, or sets of values of a header that is sent several times.
type headerDim struct {
	name  string
	conds []*headerCond
	words [][]string // the values of each atom; nil for absent
	sets  map[int]bitset
	all   bitset
	dim   *dimension
}

// headerDim divides a header by the conditions on it. Where any one of several
// values may satisfy a condition, atoms are sets of up to most values: fewer
// values satisfy fewer conditions, so that more than one per condition that must
// hold are never needed.
func (x *engine) headerDim(conds []*headerCond, most int) (*headerDim, error) {
	conds = slices.Clone(conds)
	slices.SortFunc(conds, func(a, b *headerCond) int { return a.id - b.id })
	conds = slices.Compact(conds)
	if slices.ContainsFunc(conds, func(c *headerCond) bool { return !c.each }) {
		most = 1
	}
	key := []byte{byte(most)}
	for _, c := range conds {
		key = appendInt(key, int32(c.id))
	}
	if d, ok := x.dims[string(key)]; ok {
		return d, nil
	}
	var by []*language
	for _, c := range conds {
		by = append(by, c.value)
	}
	values, err := x.values.dimension(by)
	if err != nil {
		return nil, err
	}
	d := &headerDim{name: conds[0].name, conds: conds, sets: map[int]bitset{}, dim: values}
	if err := d.combine(values, most, x.budget.Atoms); err != nil {
		return nil, err
	}
	x.dims[string(key)] = d
	return d, nil
}

// combine makes the atoms: absent, then each choice of up to most values.
func (d *headerDim) combine(values *dimension, most, limit int) error {
	chosen := [][]int{nil}
	for from, size := 0, 0; size < most; size++ {
		for end := len(chosen); from < end; from++ {
			least := 0
			if c := chosen[from]; len(c) > 0 {
				least = c[len(c)-1] + 1
			}
			for v := least; v < values.size(); v++ {
				if len(chosen) > limit {
					return &limitError{"atoms of one dimension", limit}
				}
				chosen = append(chosen, append(slices.Clone(chosen[from]), v))
			}
		}
	}
	d.all = fullBitset(len(chosen))
	for _, c := range d.conds {
		set := newBitset(len(chosen))
		for a, vs := range chosen {
			if len(vs) == 0 && c.absent || slices.ContainsFunc(vs, func(v int) bool { return values.takes(c.value, v) }) {
				set.add(a)
			}
		}
		d.sets[c.id] = set
	}
	for _, vs := range chosen {
		var words []string
		for _, v := range vs {
			words = append(words, values.words[v])
		}
		d.words = append(d.words, words)
	}
	return nil
}

// headers appends the header lines of an atom to a request.
func (d *headerDim) headers(hs []routing.Header, atom int) []routing.Header {
	for _, v := range d.words[atom] {
		hs = append(hs, routing.Header{Name: d.name, Value: v})
	}
	return hs
}
