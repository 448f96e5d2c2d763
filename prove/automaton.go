package prove

// automaton is a deterministic automaton over the classes of an alphabet. State 0
// is the start; dead states are left out.
type automaton struct {
	classes
	next   []int32 // state*len(rep) + class; dead where nothing can be accepted any more
	accept []bool
}

const dead = int32(-1)

// step follows one character of the alphabet.
func (a *automaton) step(state int32, c byte) int32 {
	if state == dead || c >= 128 || a.of[c] == noClass {
		return dead
	}
	return a.next[int(state)*len(a.rep)+int(a.of[c])]
}

// run follows a text from a state.
func (a *automaton) run(state int32, text string) int32 {
	for i := range len(text) {
		if state = a.step(state, text[i]); state == dead {
			return dead
		}
	}
	return state
}

// accepts reports whether a state, be it dead, ends a word of the language.
func (a *automaton) accepts(state int32) bool { return state != dead && a.accept[state] }

// takes reports whether a text is in the language.
func (a *automaton) takes(text string) bool { return a.accepts(a.run(0, text)) }

// empty reports whether the language has no word. Only then does the start state
// of a minimized automaton accept nothing and lead nowhere.
func (a *automaton) empty() bool {
	if a.accept[0] {
		return false
	}
	for _, t := range a.next[:len(a.rep)] {
		if t != dead {
			return false
		}
	}
	return true
}

// minimize merges states that no continuation tells apart (Moore) and drops those
// from which nothing is accepted.
func (a *automaton) minimize() {
	block := a.liveBlocks()
	for count := -1; ; {
		refined, n := a.refine(block)
		block = refined
		if n == count {
			break
		}
		count = n
	}
	a.rebuild(block)
}

// liveBlocks puts states into block 0 (dead), 1 or 2 (accepting).
func (a *automaton) liveBlocks() []int32 {
	n, k := len(a.accept), len(a.rep)
	before := make([][]int32, n)
	for q := range n {
		for _, t := range a.next[q*k : q*k+k] {
			if t != dead {
				before[t] = append(before[t], int32(q))
			}
		}
	}
	block := make([]int32, n)
	var todo []int32
	for q := range n {
		if a.accept[q] {
			block[q] = 2
			todo = append(todo, int32(q))
		}
	}
	for len(todo) > 0 {
		q := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range before[q] {
			if block[p] == 0 {
				block[p] = 1
				todo = append(todo, p)
			}
		}
	}
	return block
}

// refine splits blocks by where their states lead and returns the number of
// blocks.
func (a *automaton) refine(block []int32) ([]int32, int) {
	k := len(a.rep)
	ids := map[string]int32{}
	refined := make([]int32, len(block))
	var key []byte
	for q := range block {
		if block[q] == 0 {
			continue
		}
		key = appendInt(key[:0], block[q])
		for _, t := range a.next[q*k : q*k+k] {
			to := int32(0)
			if t != dead {
				to = block[t]
			}
			key = appendInt(key, to)
		}
		id, ok := ids[string(key)]
		if !ok {
			id = int32(len(ids)) + 1
			ids[string(key)] = id
		}
		refined[q] = id
	}
	return refined, len(ids)
}

// rebuild makes a state of each block that the start reaches.
func (a *automaton) rebuild(block []int32) {
	k := len(a.rep)
	if block[0] == 0 {
		a.next, a.accept = make([]int32, k), []bool{false}
		for i := range a.next {
			a.next[i] = dead
		}
		return
	}
	state := map[int32]int32{}
	var member []int32
	number := func(q int32) int32 {
		if q == dead || block[q] == 0 {
			return dead
		}
		s, ok := state[block[q]]
		if !ok {
			s = int32(len(member))
			state[block[q]] = s
			member = append(member, q)
		}
		return s
	}
	number(0)
	var next []int32
	var accept []bool
	for i := 0; i < len(member); i++ {
		q := int(member[i])
		accept = append(accept, a.accept[q])
		for _, t := range a.next[q*k : q*k+k] {
			next = append(next, number(t))
		}
	}
	a.next, a.accept = next, accept
}

func appendInt(b []byte, v int32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}
