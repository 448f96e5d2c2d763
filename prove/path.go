package prove

import (
	"fmt"

	"github.com/grpcroute/grpcroute/routing"
)

// rectangle is a set of services times a set of methods.
type rectangle struct{ service, method *language }

// names makes the languages of services and methods.
type names struct {
	service, method *languages
	paths           map[string][]rectangle
	failed          map[string]error
}

func newNames(b *Budget) *names {
	return &names{
		service: newLanguages(segmentChars, true, "any.Service", b),
		method:  newLanguages(segmentChars, true, "Any", b),
		paths:   map[string][]rectangle{},
		failed:  map[string]error{},
	}
}

// rectangles returns the paths that conditions take, as rectangles that are
// disjoint.
func (n *names) rectangles(c *routing.Conditions) ([]rectangle, error) {
	switch c.Path.Kind {
	case routing.NoText:
		return nil, nil
	case routing.RegexText:
		return n.split(c.Path)
	}
	service, err := n.service.of(c.Service)
	if err != nil {
		return nil, err
	}
	method, err := n.method.of(c.Method)
	if err != nil {
		return nil, err
	}
	if service.kind == routing.NoText || method.kind == routing.NoText {
		return nil, nil
	}
	return []rectangle{{service, method}}, nil
}

// split divides an expression for whole paths. Its automaton reads "/", a service,
// "/" and a method; each state that the second slash can lead to is a rectangle:
// the services that lead there, and the methods accepted from there.
func (n *names) split(p routing.Pattern) ([]rectangle, error) {
	if rs, ok := n.paths[p.Text]; ok {
		return rs, n.failed[p.Text]
	}
	a, err := determinize(p.Text, pathChars, n.service.budget.PatternStates)
	var rs []rectangle
	if err == nil {
		rs = n.splitAutomaton(p.Text, "path "+written(p), a)
	}
	n.paths[p.Text], n.failed[p.Text] = rs, err
	return rs, err
}

func (n *names) splitAutomaton(key, path string, a *automaton) []rectangle {
	begin := a.step(0, '/')
	if begin == dead {
		return nil
	}
	if n.service.canonical {
		return n.splitByMethods(key, "its part of the "+path, a, begin)
	}
	var rs []rectangle
	seen := map[int32]bool{}
	for q := range int32(len(a.accept)) {
		middle := a.step(q, '/')
		if middle == dead || seen[middle] {
			continue
		}
		seen[middle] = true
		name := fmt.Sprintf("its part of the %s (%d)", path, len(seen))
		part := fmt.Sprintf("%s (%d)", key, len(seen))
		service := n.service.ofAutomaton(part, name, a.restrict(begin, func(q int32) bool { return a.step(q, '/') == middle }))
		method := n.method.ofAutomaton(part, name, a.restrict(middle, func(q int32) bool { return a.accept[q] }))
		if service.kind != routing.NoText && method.kind != routing.NoText {
			rs = append(rs, rectangle{service, method})
		}
	}
	return rs
}

// restrict returns the automaton of the texts without slashes that lead from a
// state to one that accept names.
func (a *automaton) restrict(start int32, accept func(int32) bool) *automaton {
	out := &automaton{classes: classesOf(segmentChars, a.sets())}
	number := map[int32]int32{start: 0}
	todo := []int32{start}
	for i := 0; i < len(todo); i++ {
		out.accept = append(out.accept, accept(todo[i]))
		for _, c := range out.rep {
			t := a.step(todo[i], c)
			if t == dead {
				out.next = append(out.next, dead)
				continue
			}
			n, ok := number[t]
			if !ok {
				n = int32(len(todo))
				number[t] = n
				todo = append(todo, t)
			}
			out.next = append(out.next, n)
		}
	}
	out.minimize()
	return out
}
