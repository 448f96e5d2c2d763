package prove

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// PathCondition is a condition on a whole path, "/SERVICE/METHOD". The zero value
// takes every path.
type PathCondition struct {
	// Pattern is asked of the path; of a literal with Prefix, that the path begins
	// with it.
	Pattern routing.Pattern
	Prefix  bool
	Not     bool // the condition must not hold
}

// trivial reports whether every path of a gRPC call satisfies it.
func (p *PathCondition) trivial() bool {
	return !p.Not && (p.Pattern.Kind == routing.AnyText || p.Prefix && (p.Pattern.Text == "" || p.Pattern.Text == "/"))
}

// paths returns the paths that satisfy all conditions, as disjoint rectangles.
func (n *names) pathsOf(conds []PathCondition) ([]rectangle, error) {
	conds = slices.DeleteFunc(slices.Clone(conds), func(p PathCondition) bool { return p.trivial() })
	switch len(conds) {
	case 0:
		return n.rectangles(&routing.Conditions{})
	case 1:
		if service, method, ok := conds[0].segments(); ok {
			return n.rectangles(&routing.Conditions{Service: service, Method: method})
		}
	}
	key := "paths " + fmt.Sprint(conds)
	if rs, ok := n.paths[key]; ok {
		return rs, n.failed[key]
	}
	a, err := n.automatonOf(conds)
	var rs []rectangle
	if err == nil {
		var texts []string
		for i := range conds {
			texts = append(texts, conds[i].written())
		}
		rs = n.splitAutomaton(key, strings.Join(texts, " and "), a)
	}
	n.paths[key], n.failed[key] = rs, err
	return rs, err
}

// written says in words which paths satisfy the condition.
func (p *PathCondition) written() string {
	text := "path "
	if p.Not {
		text = "paths other than "
	}
	if p.Prefix {
		return text + strconv.Quote(p.Pattern.Text+"...")
	}
	return text + written(p.Pattern)
}

// segments takes a literal apart that decides service and method by itself.
func (p *PathCondition) segments() (service, method routing.Pattern, ok bool) {
	if p.Not || p.Pattern.Kind != routing.LiteralText {
		return service, method, false
	}
	parts := strings.Split(p.Pattern.Text, "/")
	literal := func(text string) routing.Pattern { return routing.Pattern{Kind: routing.LiteralText, Text: text} }
	switch {
	case len(parts) != 3 || parts[0] != "":
		return service, method, false
	case !p.Prefix:
		return literal(parts[1]), literal(parts[2]), true
	case parts[2] == "":
		return literal(parts[1]), method, true
	}
	return service, method, false
}

// automatonOf is the automaton of the paths that satisfy all conditions.
func (n *names) automatonOf(conds []PathCondition) (*automaton, error) {
	var out *automaton
	for i := range conds {
		a, err := n.automaton(&conds[i])
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = a
			continue
		}
		if out, err = intersect(pathChars, out, a, n.service.budget.PatternStates); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n *names) automaton(p *PathCondition) (*automaton, error) {
	text := p.Pattern.Text
	if p.Pattern.Kind == routing.NoText {
		text = `[^\x00-\x{10FFFF}]`
	}
	if p.Pattern.Kind == routing.LiteralText {
		text = "^" + regexp.QuoteMeta(text)
		if !p.Prefix {
			text += "$"
		}
	}
	a, err := determinize(text, pathChars, n.service.budget.PatternStates)
	if err == nil && p.Not {
		a = a.complement()
	}
	return a, err
}

// splitByMethods is [names.splitAutomaton] where equal languages are one: states
// after which the same methods are accepted are one rectangle, so that equal sets of
// paths give equal rectangles.
func (n *names) splitByMethods(key, name string, a *automaton, begin int32) []rectangle {
	group := map[*language][]int32{}
	var order []*language
	seen := map[int32]bool{}
	for q := range int32(len(a.accept)) {
		middle := a.step(q, '/')
		if middle == dead || seen[middle] {
			continue
		}
		seen[middle] = true
		method := n.method.ofAutomaton(fmt.Sprintf("%s (methods %d)", key, len(seen)), name, a.restrict(middle, func(q int32) bool { return a.accept[q] }))
		if method.kind == routing.NoText {
			continue
		}
		if group[method] == nil {
			order = append(order, method)
		}
		group[method] = append(group[method], middle)
	}
	services := map[*language]*automaton{}
	order = slices.DeleteFunc(order, func(method *language) bool {
		to := group[method]
		services[method] = a.restrict(begin, func(q int32) bool { return slices.Contains(to, a.step(q, '/')) })
		return services[method].empty()
	})
	var rs []rectangle
	for i, method := range order {
		part := name
		if len(order) > 1 {
			part = fmt.Sprintf("%s (%d)", name, i+1)
		}
		service := n.service.ofAutomaton(fmt.Sprintf("%s (%d)", key, i), part, services[method])
		if service.kind != routing.NoText {
			rs = append(rs, rectangle{service, method})
		}
	}
	slices.SortFunc(rs, func(a, b rectangle) int { return a.method.id - b.method.id })
	return rs
}
