package prove

import (
	"cmp"
	"slices"
	"strconv"
)

// Mixed is the effect on calls that are divided among targets, whose shares add up to
// 1. Equal targets are put together. Where all calls end with one status it is that
// answer's.
func Mixed(targets []Target, extras []string) *Effect {
	e := &Effect{Extras: extras}
	byIdentity := map[string]int{}
	for i := range targets {
		t := targets[i]
		if t.Num == 0 {
			e.Drained = append(e.Drained, t)
			continue
		}
		id := t.identity()
		if at, ok := byIdentity[id]; ok {
			old := &e.Targets[at]
			old.Num, old.Den = addFractions(old.Num, old.Den, t.Num, t.Den)
			continue
		}
		byIdentity[id] = len(e.Targets)
		e.Targets = append(e.Targets, t)
	}
	slices.SortStableFunc(e.Targets, func(a, b Target) int { return cmp.Compare(a.identity(), b.identity()) })
	if len(e.Targets) == 1 && e.Targets[0].Answer != nil {
		e.Answer = e.Targets[0].Answer
		e.Targets, e.Drained, e.Extras = nil, nil, nil
		e.key = "status " + strconv.Itoa(e.Answer.GRPC)
		return e
	}
	var b []byte
	for i := range e.Targets {
		t := &e.Targets[i]
		b = strconv.AppendInt(b, t.Num, 10)
		b = strconv.AppendInt(append(b, '/'), t.Den, 10)
		b = append(t.appendIdentity(append(b, ' ')), '\n')
	}
	e.key = string(appendQuoted(b, e.Extras))
	return e
}
