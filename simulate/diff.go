package simulate

import (
	"maps"
	"math/big"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/prove"
)

// Change is what happens to the calls of a region from one side to the other.
type Change string

// The changes, the worst first.
const (
	ChangeLost       Change = "lost"       // more calls fail than before
	ChangeGained     Change = "gained"     // fewer calls fail than before
	ChangeMoved      Change = "moved"      // calls reach a backend that was not named before, or leave one
	ChangeReweighted Change = "reweighted" // the same backends with other shares
	ChangeFilters    Change = "filters"    // the same backends and shares, other filters
	ChangeStatus     Change = "status"     // no call reaches a backend before or after, and the code differs
)

// Changes lists them in the order that reports use.
var Changes = []Change{ChangeLost, ChangeMoved, ChangeReweighted, ChangeGained, ChangeFilters, ChangeStatus}

// DiffSide names one of the two things compared.
type DiffSide struct {
	Label   string // as the user named it: a path, a revision, a profile
	Profile string // the implementation it was resolved for
	// Files are what explain reads with -f to follow a call on this side.
	Files []string
	// Chosen is set when Profile was asked for, rather than read from the input.
	Chosen bool
}

// Diff is which calls are treated differently by two sides. Equal is a proof:
// there is no region and nothing is left open.
type Diff struct {
	Old, New DiffSide
	Regions  []DiffRegion
	Unknown  []string // what could not be decided, and why
	Notes    []string // what the comparison rests on
	// Traffic is set when only the calls of a log were compared; Calls is then how
	// many there are and Seen how many of them are in Regions.
	Traffic     bool
	Calls, Seen int
}

// Equal reports whether both sides were proven to do the same.
func (d *Diff) Equal() bool { return len(d.Regions) == 0 && len(d.Unknown) == 0 }

// DiffRegion is a set of calls, all with the same effect on each side: those
// made to one of Hosts, with a service of Service, a method of Method and headers
// that satisfy all of Headers.
type DiffRegion struct {
	Change   Change
	Gateways []string // "NS/NAME port 443"; "Service NS/NAME port 50051" for a mesh
	Hosts    []string // "api.example.com", "*.example.com", "any host"
	Service  string   // "shop.Users", "any", "any but shop.Users", "matching \"shop\\..*\""
	Method   string
	Headers  []string // "x-canary is \"always\"", "x-env is absent"
	Witness  diag.Witness
	Old, New *prove.Effect
	// Certainty is Unknown when an effect depends on what the input does not show.
	Certainty diag.Certainty
	Why       string
	Calls     int // with a traffic log: how many of its calls are in the region
}

// classify says what happens to calls between two effects that differ.
func classify(was, now *prove.Effect) Change {
	n1, d1 := was.Failing()
	n2, d2 := now.Failing()
	switch before, after := n1*d2, n2*d1; {
	case after > before:
		return ChangeLost
	case after < before:
		return ChangeGained
	case was.Answer != nil && now.Answer != nil:
		return ChangeStatus
	case !named(was, now) || !named(now, was):
		return ChangeMoved
	case sameShares(was, now):
		return ChangeFilters
	}
	return ChangeReweighted
}

// named reports whether each target that gets calls in a is named in b, be it
// without calls.
func named(a, b *prove.Effect) bool {
	names := map[string]bool{}
	for _, ts := range [][]prove.Target{b.Targets, b.Drained} {
		for i := range ts {
			names[ts[i].Name+ts[i].String()+ts[i].Group] = true
		}
	}
	for i := range a.Targets {
		if t := &a.Targets[i]; !names[t.Name+t.String()+t.Group] {
			return false
		}
	}
	return true
}

// sameShares reports whether both sides give each target the same share, exactly.
func sameShares(a, b *prove.Effect) bool {
	x, y := sharesOf(a), sharesOf(b)
	return maps.EqualFunc(x, y, func(v, w *big.Rat) bool { return v.Cmp(w) == 0 })
}

// sharesOf adds the shares of an effect up by target, whatever its filters.
func sharesOf(e *prove.Effect) map[string]*big.Rat {
	shares := map[string]*big.Rat{}
	for i := range e.Targets {
		t := &e.Targets[i]
		id := t.Group + " " + t.String()
		if shares[id] == nil {
			shares[id] = new(big.Rat)
		}
		shares[id].Add(shares[id], big.NewRat(t.Num, t.Den))
	}
	return shares
}
