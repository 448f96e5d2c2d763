package prove

import (
	"slices"
	"strings"
)

// product is several automata side by side, over classes that none of them tells
// apart. Its states fall into groups by which automata accept: each group's words
// are an atom of the dimension.
type product struct {
	classes
	parts  []*language // the automata, by ascending id
	states []pair
	next   []int32 // state*len(rep) + class; never dead: "none accepts" is a group, too
	groups []group
	in     []int  // by state: its group
	order  []byte // in which characters are tried
}

// pair is a state of a product and how it was reached first.
type pair struct {
	at   []int32
	back int32
	by   byte
}

// group is the states in which the same automata accept.
type group struct {
	accepts bitset // over parts
	states  []int32
	member  []bool // by state
}

// product returns the product of some expressions, each product once. parts are
// distinct.
func (ls *languages) product(parts []*language) (*product, error) {
	slices.SortFunc(parts, func(a, b *language) int { return a.id - b.id })
	key := ids(parts)
	if p, ok := ls.products[key]; ok {
		return p, nil
	}
	p := &product{parts: parts, order: allChars}
	var sets []charset
	for _, l := range parts {
		sets = append(sets, l.auto.sets()...)
	}
	p.classes = classesOf(ls.alphabet, sets)
	if ls.canonical {
		p.classes, p.order = p.classes.readable(), readableChars
	}
	if err := p.explore(ls.budget.ProductStates); err != nil {
		return nil, err
	}
	p.group()
	ls.products[key] = p
	return p, nil
}

func ids(parts []*language) string {
	var b []byte
	for _, l := range parts {
		b = appendInt(b, int32(l.id))
	}
	return string(b)
}

// explore numbers the reachable states, breadth first.
func (p *product) explore(limit int) error {
	numbers := map[string]int32{}
	var key []byte
	number := func(at []int32, back int32, by byte) int32 {
		key = key[:0]
		for _, q := range at {
			key = appendInt(key, q)
		}
		n, ok := numbers[string(key)]
		if !ok {
			n = int32(len(p.states))
			numbers[string(key)] = n
			p.states = append(p.states, pair{slices.Clone(at), back, by})
		}
		return n
	}
	at := make([]int32, len(p.parts))
	number(at, -1, 0)
	for q := 0; q < len(p.states); q++ {
		if len(p.states) > limit {
			return &limitError{"states of the patterns of one dimension", limit}
		}
		for _, c := range p.rep {
			for i, l := range p.parts {
				at[i] = l.auto.step(p.states[q].at[i], c)
			}
			p.next = append(p.next, number(at, int32(q), c))
		}
	}
	return nil
}

func (p *product) group() {
	byAccepts := map[string]int{}
	p.in = make([]int, len(p.states))
	for q := range p.states {
		accepts := newBitset(len(p.parts))
		for i, l := range p.parts {
			if l.auto.accepts(p.states[q].at[i]) {
				accepts.add(i)
			}
		}
		var key []byte
		for i := range p.parts {
			if accepts.has(i) {
				key = appendInt(key, int32(i))
			}
		}
		n, ok := byAccepts[string(key)]
		if !ok {
			n = len(p.groups)
			byAccepts[string(key)] = n
			p.groups = append(p.groups, group{accepts: accepts, member: make([]bool, len(p.states))})
		}
		p.groups[n].states = append(p.groups[n].states, int32(q))
		p.groups[n].member[q] = true
		p.in[q] = n
	}
}

// word returns the first text that leads to a state.
func (p *product) word(q int32) string {
	var b []byte
	for ; p.states[q].back >= 0; q = p.states[q].back {
		b = append(b, p.states[q].by)
	}
	slices.Reverse(b)
	return string(b)
}

// run follows a text from the start.
func (p *product) run(text string) (int32, bool) {
	q := int32(0)
	for i := range len(text) {
		if text[i] >= 128 || p.of[text[i]] == noClass {
			return 0, false
		}
		q = p.next[int(q)*len(p.rep)+int(p.of[text[i]])]
	}
	return q, true
}

// find returns a text of a group that is not among the points, which are sorted;
// ok is false when there is none. The empty text counts unless nonEmpty. One that
// reads well is tried first.
func (p *product) find(g *group, points []string, nonEmpty bool, nice string) (text string, ok bool) {
	good := func(w string) bool {
		_, taken := slices.BinarySearch(points, w)
		return !taken && (w != "" || !nonEmpty)
	}
	if q, ok := p.run(nice); ok && g.member[q] && good(nice) {
		return nice, true
	}
	for _, q := range g.states {
		if w := p.word(q); good(w) {
			return w, true
		}
	}
	return p.findBeside(g, points, good)
}

// findBeside looks along the points: a text that is the beginning of none of them
// can be completed in any way, for the points block only finitely many texts.
func (p *product) findBeside(g *group, points []string, good func(string) bool) (string, bool) {
	ends := p.endings(g)
	type place struct {
		q    int32
		text string
	}
	for todo := []place{{0, ""}}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		if g.member[at.q] && good(at.text) {
			return at.text, true
		}
		for _, ch := range p.order {
			if p.of[ch] == noClass {
				continue
			}
			q := p.next[int(at.q)*len(p.rep)+int(p.of[ch])]
			if !ends.can[q] {
				continue
			}
			text := at.text + string(rune(ch))
			if !beginsAny(points, text) {
				return text + ends.text(p, q), true
			}
			todo = append(todo, place{q, text})
		}
	}
	return "", false
}

func beginsAny(points []string, prefix string) bool {
	i, _ := slices.BinarySearch(points, prefix)
	return i < len(points) && strings.HasPrefix(points[i], prefix)
}

// endings says how a group is reached from each state by the fewest characters.
type endings struct {
	can []bool
	by  []byte  // the next character, 0 where the state is of the group
	to  []int32 // the next state
}

func (p *product) endings(g *group) *endings {
	n, k := len(p.states), len(p.rep)
	before := make([][]int32, n) // edge numbers
	for e, t := range p.next {
		before[t] = append(before[t], int32(e))
	}
	x := &endings{can: make([]bool, n), by: make([]byte, n), to: make([]int32, n)}
	todo := slices.Clone(g.states)
	for _, q := range todo {
		x.can[q] = true
	}
	for ; len(todo) > 0; todo = todo[1:] {
		for _, e := range before[todo[0]] {
			if q := e / int32(k); !x.can[q] {
				x.can[q], x.by[q], x.to[q] = true, p.rep[int(e)%k], todo[0]
				todo = append(todo, q)
			}
		}
	}
	return x
}

func (x *endings) text(p *product, q int32) string {
	var b []byte
	for x.by[q] != 0 {
		b = append(b, x.by[q])
		q = x.to[q]
	}
	return string(b)
}
