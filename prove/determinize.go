package prove

import (
	"regexp/syntax"
	"slices"
)

// determinize turns an expression into an automaton for the texts over an
// alphabet in which it is found, as [regexp.Regexp.MatchString] finds it; anchors
// make that a full match. The instruction program of regexp/syntax is the
// nondeterministic automaton.
//
// Empty-width assertions look at the characters on both sides. A state is
// therefore a set of instructions before their assertions are followed, and the
// kind of the character that came last; assertions are followed when the next
// character, or the end, is known.
func determinize(pattern string, alphabet charset, maxStates int) (*automaton, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	d := newDeterminizer(prog, alphabet)
	for q := 0; q < len(d.states); q++ {
		if len(d.states) > maxStates {
			return nil, &limitError{"states of an automaton", maxStates}
		}
		d.expand(q)
	}
	d.minimize()
	return &d.automaton, nil
}

// previous is the kind of the character before a position.
type previous uint8

const (
	atBegin previous = iota
	afterWord
	afterOther
)

// subset is a state: instructions, sorted, and what came before. found: the
// expression has been found, whatever follows.
type subset struct {
	insts []uint32
	prev  previous
	found bool
}

type determinizer struct {
	automaton
	prog     *syntax.Prog
	anchored bool // the expression cannot be found after the first character
	sets     []charset
	states   []subset
	ids      map[string]int32
	mark     []uint32 // by instruction: the closure that visited it last
	visit    uint32
	key      []byte
}

func newDeterminizer(prog *syntax.Prog, alphabet charset) *determinizer {
	d := &determinizer{
		prog: prog,
		sets: make([]charset, len(prog.Inst)),
		ids:  map[string]int32{},
		mark: make([]uint32, len(prog.Inst)),
	}
	d.anchored = prog.StartCond()&syntax.EmptyBeginText != 0
	distinct := []charset{wordChars}
	for i := range prog.Inst {
		in := &prog.Inst[i]
		switch in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for c := byte(0); c < 128; c++ {
				if in.MatchRune(rune(c)) {
					d.sets[i].add(c)
				}
			}
			if !slices.Contains(distinct, d.sets[i]) {
				distinct = append(distinct, d.sets[i])
			}
		}
	}
	d.classes = classesOf(alphabet, distinct)
	d.state(subset{insts: []uint32{uint32(prog.Start)}, prev: atBegin})
	return d
}

// state numbers a subset.
func (d *determinizer) state(s subset) int32 {
	d.key = append(d.key[:0], byte(s.prev), 0)
	if s.found {
		d.key[1] = 1
	}
	for _, pc := range s.insts {
		d.key = appendInt(d.key, int32(pc))
	}
	id, ok := d.ids[string(d.key)]
	if !ok {
		id = int32(len(d.states))
		d.ids[string(d.key)] = id
		d.states = append(d.states, s)
	}
	return id
}

// expand works out where a state leads.
func (d *determinizer) expand(q int) {
	s := d.states[q]
	if s.found {
		d.accept = append(d.accept, true)
		for range d.rep {
			d.next = append(d.next, int32(q))
		}
		return
	}
	_, atEnd := d.closure(s, syntax.EmptyEndText|syntax.EmptyEndLine, false)
	d.accept = append(d.accept, atEnd)
	var insts [2][]uint32
	var found [2]bool
	for word := range 2 {
		insts[word], found[word] = d.closure(s, 0, word == 1)
	}
	for _, c := range d.rep {
		word, prev := 0, afterOther
		if wordChars.has(c) {
			word, prev = 1, afterWord
		}
		d.next = append(d.next, d.follow(insts[word], found[word], c, prev))
	}
}

// follow returns the state after a character.
func (d *determinizer) follow(insts []uint32, found bool, c byte, prev previous) int32 {
	if found {
		return d.state(subset{found: true})
	}
	var to []uint32
	for _, pc := range insts {
		if d.sets[pc].has(c) {
			to = append(to, d.prog.Inst[pc].Out)
		}
	}
	if !d.anchored {
		to = append(to, uint32(d.prog.Start))
	}
	if len(to) == 0 {
		return dead
	}
	slices.Sort(to)
	return d.state(subset{insts: slices.Compact(to), prev: prev})
}

// closure follows a state's instructions up to those that consume a character,
// and reports whether the match instruction is among them. nextWord says whether
// the next character is one of a word; at the end of the text it is not.
func (d *determinizer) closure(s subset, edge syntax.EmptyOp, nextWord bool) (insts []uint32, found bool) {
	flags := edge
	if s.prev == atBegin {
		flags |= syntax.EmptyBeginText | syntax.EmptyBeginLine
	}
	if (s.prev == afterWord) != nextWord {
		flags |= syntax.EmptyWordBoundary
	} else {
		flags |= syntax.EmptyNoWordBoundary
	}
	d.visit++
	stack := slices.Clone(s.insts)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if d.mark[pc] == d.visit {
			continue
		}
		d.mark[pc] = d.visit
		switch in := &d.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^flags == 0 {
				stack = append(stack, in.Out)
			}
		case syntax.InstMatch:
			found = true
		case syntax.InstFail:
		default:
			insts = append(insts, pc)
		}
	}
	return insts, found
}
