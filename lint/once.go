package lint

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// The routes of a large input are looked at in groups (see [RunRead]), and Gateways,
// Services and all else with each of them. What a rule says of something that
// routes of several groups may use it therefore does not remember itself: it says
// so each time, with [Pass.Once], and takes back what does not hold, with
// [Pass.Clear].

// Subject is what a rule says at most one thing about, however many routes show
// it.
type Subject struct {
	Doc  *manifest.Document // an object that is no route; nil for something else
	Name string             // tells subjects of one object, or of none, apart
}

// Rank orders findings about one subject.
type Rank string

// RankOf is the rank of what a route shows: routes come by kind, namespace and
// name, as in topology.Topology.Routes.
func RankOf(r *topology.Route) Rank {
	return Rank(r.Kind + "\x00" + r.Namespace + "\x00" + r.Name)
}

// RankOfDocument is the rank of what a document shows: documents come in input
// order.
func RankOfDocument(d *manifest.Document) Rank {
	file, offset := d.Order()
	rank := fmt.Sprintf("%010d %010d", file, offset)
	for _, i := range d.Items() {
		rank += fmt.Sprintf(" %010d", i)
	}
	return Rank(rank)
}

// After ranks behind all that a rank without it is before: the n-th of a list comes
// first, and the rank counts among equal ones. n is from 0 to 99999.
func (r Rank) After(n int) Rank { return Rank(fmt.Sprintf("%05d\x00%s", n, r)) }

// once is what [Pass.Once] says of a finding.
type once struct {
	about about
	rank  Rank
	value string
}

// about is a subject of a rule under a profile. A document is known by its place:
// another group may have read it again.
type about struct {
	rule    *Rule
	profile *profile.Profile
	place   Rank
	object  diag.Ref
	name    string
}

func (p *Pass) about(s Subject) about {
	a := about{rule: p.Rule, profile: p.Profile, name: s.Name}
	if s.Doc != nil {
		a.place, a.object = RankOfDocument(s.Doc), s.Doc.Ref
	}
	return a
}

// Once says of the finding reported last that it is about a subject, of which the
// rule says one thing only: of its findings about it that of the least rank is
// kept, and of equal ones the first.
func (p *Pass) Once(s Subject, r Rank) { p.OnceAgreed(s, r, "") }

// OnceAgreed is [Pass.Once] for a finding that takes a value from the routes that
// were looked at. If others show another value, none of the findings is kept.
func (p *Pass) OnceAgreed(s Subject, r Rank, value string) {
	if n := len(p.found); n > 0 {
		p.found[n-1].once = &once{p.about(s), r, value}
	}
}

// Clear says that what the rule has to say of a subject does not hold: no finding
// about it is kept, whichever pass comes to it.
func (p *Pass) Clear(s Subject) { p.cleared = append(p.cleared, p.about(s)) }

// outcome is what passes found, and the subjects that they cleared.
type outcome struct {
	found   []finding
	cleared map[about]bool
}

func (o *outcome) add(p *Pass) {
	o.found = append(o.found, p.found...)
	for _, a := range p.cleared {
		if o.cleared == nil {
			o.cleared = map[about]bool{}
		}
		o.cleared[a] = true
	}
}

// settled returns the findings without those that others about their subject
// stand for, or that a pass cleared.
func (o *outcome) settled() []finding {
	first := map[about]int{}
	disputed := map[about]bool{}
	for i := range o.found {
		n := o.found[i].once
		if n == nil {
			continue
		}
		j, ok := first[n.about]
		if !ok || n.rank < o.found[j].once.rank {
			first[n.about] = i
		}
		disputed[n.about] = disputed[n.about] || ok && n.value != o.found[j].once.value
	}
	if len(first) == 0 {
		return o.found
	}
	kept := o.found[:0]
	for i, f := range o.found {
		if n := f.once; n == nil || first[n.about] == i && !disputed[n.about] && !o.cleared[n.about] {
			kept = append(kept, f)
		}
	}
	return kept
}
