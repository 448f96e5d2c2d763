package prove

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// State is what is known about a match.
type State int

// The states.
const (
	Undecided   State = iota // not known: see Why
	Reachable                // Witness is a call that it takes
	Unreachable              // it can never take a call
)

var stateNames = [...]string{Undecided: "unknown", Reachable: "reachable", Unreachable: "unreachable"}

// String returns "unknown", "reachable" or "unreachable".
func (s State) String() string { return stateNames[s] }

// Verdict says whether one match of one rule can ever take a call.
type Verdict struct {
	Rule  *topology.Rule
	Match int // index in the rule's matches; -1 for a rule without matches
	State State
	// Entry is one of the places where it stands; with a Witness the one that
	// [routing.Table.Lookup] gives the call to.
	Entry   *routing.Entry
	Witness *routing.Request // of a Reachable match, unless [Options.NoWitness]
	// Never: it takes no call whatever else there is; Why says so.
	Never bool
	// Contradictory, with Never: its header conditions exclude each other.
	Contradictory bool
	// By are the matches that take its calls first, as few as explain it.
	By []*routing.Entry
	// Certainty is that of Unreachable: Unknown does not occur.
	Certainty diag.Certainty
	Why       string
	// Limit: Undecided, because a budget ended.
	Limit bool
	// Shadowed, of an Unreachable match that is not Never, is a call that it would
	// take and another one of By takes; nil where no call consults it.
	Shadowed *routing.Request
}

// Options steer a proof.
type Options struct {
	Budget Budget
	// Progress, when set, is called now and then with the hosts done and to do.
	Progress func(done, total int)
	// NoWitness: [Reach] keeps no witness of what is reachable. Each takes as much
	// memory as its verdict.
	NoWitness bool
	// Views, when set, is what [ViewsOf] the table gives, for several proofs over one
	// table to share.
	Views *Views
}

// settle turns what no walk reached into a verdict.
func (r *reaching) settle(v *Verdict) {
	if r.stopped != nil {
		v.Why, v.Limit = r.stopped.Error(), true
		return
	}
	if d := v.Entry.Dead; d != "" {
		v.State, v.Never, v.Why = Unreachable, true, d
		return
	}
	if len(r.asking(v)) == 0 {
		v.State, v.Why = Unreachable, "no call consults it: a more specific listener or hostname answers for its hosts"
		return
	}
	x := &explanation{reaching: r, verdict: v}
	if err := x.explain(); err != nil {
		v.State, v.By, v.Why, v.Limit = Undecided, nil, err.Error(), true
	}
}

// stand is an entry on a host that some call consults.
type stand struct {
	host  *routing.Host
	entry *routing.Entry
}

// asking returns where calls consult the entries of a verdict.
func (r *reaching) asking(v *Verdict) []stand {
	if r.stands == nil {
		r.stands = map[*Verdict][]stand{}
		for _, h := range r.hosts() {
			if len(r.views[h]) == 0 {
				continue
			}
			for _, e := range h.Entries {
				if v := r.verdict(e); v.State == Undecided {
					r.stands[v] = append(r.stands[v], stand{h, e})
				}
			}
		}
	}
	return r.stands[v]
}
