package fix

import (
	"errors"
	"fmt"

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

// proven returns the candidates whose edit alone does what its suggestion says.
// Edits that claim to change no call are proven together, by try.
func (s *state) proven(batch []*candidate, out *Outcome) []*candidate {
	var kept, together []*candidate
	for _, c := range batch {
		if c.suggestion.Claim == lint.SameRouting {
			together = append(together, c)
		}
	}
	all := len(together) > 1 && s.check(apart(together)) == nil
	first := map[*candidate]bool{}
	if all {
		for _, c := range apart(together) {
			first[c] = true
		}
	}
	for _, c := range batch {
		if first[c] {
			kept = append(kept, c)
			continue
		}
		if err := s.check([]*candidate{c}); err != nil {
			s.refuse(out, c, err.Error())
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// check makes the edits of a batch for a trial.
func (s *state) check(batch []*candidate) error {
	set, err := s.with(batch)
	if err != nil {
		return err
	}
	return s.prove(set, batch)
}

// prove compares routing before and after for each profile. A call that is treated
// in another way has to be one that a suggestion of the batch speaks of.
func (s *state) prove(set *manifest.Set, batch []*candidate) error {
	if s.tables == nil {
		s.tables = s.compile(s.set)
	}
	after := s.compile(set)
	if len(batch) == 1 {
		batch[0].changes = nil // of an earlier trial
	}
	for i, p := range s.profiles() {
		d := prove.Diff(s.ctx, s.tables[i], after[i], prove.Options{})
		if s.ctx.Err() != nil {
			return errors.New("there was no time left to prove what it changes")
		}
		if len(d.Unknown) > 0 {
			return fmt.Errorf("what it changes for calls cannot be proven: %s", d.Unknown[0])
		}
		for _, r := range d.Regions {
			if !covered(r, batch) {
				return fmt.Errorf("it would change what happens to %s (profile %s): %s before, %s after", calls(r), p.Name, effect(r.Old), effect(r.New))
			}
			if len(batch) == 1 && i == 0 {
				batch[0].changes = append(batch[0].changes, fmt.Sprintf("%s: %s before, %s after", calls(r), effect(r.Old), effect(r.New)))
			}
		}
	}
	return nil
}

// covered reports whether one of the suggestions allows a region to change.
func covered(r *prove.Region, batch []*candidate) bool {
	for _, c := range batch {
		switch c.suggestion.Claim {
		case lint.AnyCalls:
			return true
		case lint.RepairsCalls:
			if num, _ := r.Old.Failing(); num > 0 {
				return true
			}
		case lint.OwnCalls:
			for _, ch := range c.suggestion.Changes {
				if takes(r.Old, ch.Doc.Ref) || takes(r.New, ch.Doc.Ref) {
					return true
				}
			}
		}
	}
	return false
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
