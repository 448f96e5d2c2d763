package fix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// tables are the routing tables of a set, one per profile.
type tables []*routing.Table

func (s *state) compile(set *manifest.Set) tables {
	var out tables
	for _, p := range s.profiles() {
		out = append(out, routing.Compile(topology.Resolve(set, topology.Options{
			Profile: p, Auto: s.o.Lint.Profile == nil, Assume: s.o.Lint.Assume, TunnelProtocol: s.o.Lint.TunnelProtocol,
		})))
	}
	return out
}

func (s *state) profiles() []*profile.Profile { return s.result.Profiles }

// manyEdits is how many edits of one claim are proven one by one. A proof looks at
// all calls; more edits are proven together, and apart only where that fails.
const manyEdits = 8

// proven returns the candidates whose edit does what its suggestion says; the
// others are refused, or wait for another round behind one that they meet. Edits
// that claim to change no call have nothing to tell, so that two are many.
func (s *state) proven(batch []*candidate, out *Outcome) []*candidate {
	byClaim := map[lint.Claim][]*candidate{}
	for _, c := range apart(batch) {
		byClaim[c.suggestion.Claim] = append(byClaim[c.suggestion.Claim], c)
	}
	holds := map[*candidate]bool{}
	for claim := lint.SameRouting; claim <= lint.AnyCalls; claim++ {
		group := byClaim[claim]
		one := claim == lint.AnyCalls || claim != lint.SameRouting && len(group) <= manyEdits
		s.sift(group, one, holds, out)
	}
	return slices.DeleteFunc(slices.Clone(batch), func(c *candidate) bool { return !holds[c] })
}

// sift marks the candidates that hold and refuses the others. It halves a group
// that does not hold together.
func (s *state) sift(group []*candidate, one bool, holds map[*candidate]bool, out *Outcome) {
	if len(group) == 0 {
		return
	}
	if one && len(group) > 1 {
		for i := range group {
			s.sift(group[i:i+1], true, holds, out)
		}
		return
	}
	err := s.check(group)
	switch {
	case err == nil:
		for _, c := range group {
			holds[c] = true
		}
	case len(group) == 1:
		s.refuse(out, group[0], err.Error())
	default:
		s.sift(group[:len(group)/2], false, holds, out)
		s.sift(group[len(group)/2:], false, holds, out)
	}
}

// check makes the edits of a batch for a trial, and notes what they change.
func (s *state) check(batch []*candidate) error {
	set, _, err := s.with(batch)
	if err != nil {
		return err
	}
	for _, c := range batch {
		c.changes = nil // of an earlier trial
	}
	return s.prove(set, batch, true)
}

// prove compares routing before and after for each profile. A call that is treated
// in another way has to be one that a suggestion of the batch speaks of.
func (s *state) prove(set *manifest.Set, batch []*candidate, note bool) error {
	if s.tables == nil {
		s.tables = s.compile(s.set)
	}
	after := s.compile(set)
	for i, p := range s.profiles() {
		d := prove.Diff(s.ctx, s.tables[i], after[i], prove.Options{})
		if s.ctx.Err() != nil {
			return errors.New("there was no time left to prove what it changes")
		}
		if len(d.Unknown) > 0 {
			return fmt.Errorf("what it changes for calls cannot be proven: %s", d.Unknown[0])
		}
		for _, r := range d.Regions {
			c := covering(r, batch)
			if c == nil {
				return fmt.Errorf("it would change what happens to %s (profile %s): %s", calls(r), p.Name, effects(r))
			}
			if note && i == 0 {
				c.changes = append(c.changes, calls(r)+": "+effects(r))
			}
		}
	}
	return nil
}

// covering returns the first candidate whose suggestion allows a region to change,
// nil for none.
func covering(r *prove.Region, batch []*candidate) *candidate {
	for _, c := range batch {
		switch c.suggestion.Claim {
		case lint.AnyCalls:
			return c
		case lint.RepairsCalls:
			if num, _ := r.Old.Failing(); num > 0 {
				return c
			}
		case lint.OwnCalls:
			for _, ch := range c.suggestion.Changes {
				if takes(r.Old, ch.Doc.Ref) || takes(r.New, ch.Doc.Ref) {
					return c
				}
			}
		}
	}
	return nil
}

func takes(e *prove.Effect, route diag.Ref) bool {
	return e.Entry != nil && e.Entry.Route.Kind == route.Kind &&
		e.Entry.Route.Namespace == route.Namespace && e.Entry.Route.Name == route.Name
}

// calls names the calls of a region in a sentence.
func calls(r *prove.Region) string {
	host := "no host"
	if len(r.Hosts) > 0 {
		host = r.Hosts[0]
	}
	return fmt.Sprintf("calls to %s on %s", r, host)
}

// effects says what happens to the calls of a region before and after: where they
// go, and what is done to them on the way where they go to the same place.
func effects(r *prove.Region) string {
	before, after := effect(r.Old), effect(r.New)
	if before == after {
		before, after = before+more(r.Old), after+more(r.New)
	}
	return before + " before, " + after + " after"
}

// more says what a rule does beside sending calls somewhere.
func more(e *prove.Effect) string {
	all := slices.Concat(e.Filters, e.Extras)
	for i := range e.Targets {
		all = append(all, e.Targets[i].Filters...)
		if e.Targets[i].TLS != "" {
			all = append(all, "TLS to "+e.Targets[i].TLS)
		}
	}
	if len(all) == 0 {
		return " with nothing else"
	}
	return " with " + strings.Join(all, ", ")
}

// effect says what happens to a call, as briefly as tells two effects apart for a
// reader.
func effect(e *prove.Effect) string {
	if e.Answer != nil {
		return profile.CodeName(e.Answer.GRPC)
	}
	text := ""
	for i := range e.Targets {
		if text != "" {
			text += ", "
		}
		t := &e.Targets[i]
		text += t.String()
		if t.Den != 1 {
			text += fmt.Sprintf(" (%d/%d)", t.Num, t.Den)
		}
	}
	return text
}
