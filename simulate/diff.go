package simulate

import (
	"fmt"
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
	ChangeMoved      Change = "moved"      // calls reach a backend that was not named before, or leave one
	ChangeReweighted Change = "reweighted" // the same backends with other shares
	ChangeGained     Change = "gained"     // fewer calls fail than before
	ChangeFilters    Change = "filters"    // the same backends and shares, other filters
	ChangeStatus     Change = "status"     // what fails fails with another code, and nothing else differs but filters
)

// Changes lists them in the order that reports use.
var Changes = []Change{ChangeLost, ChangeMoved, ChangeReweighted, ChangeGained, ChangeFilters, ChangeStatus}

// DiffSide names one of the two things compared.
type DiffSide struct {
	Label    string   // as the user named it: a path, a revision, a profile
	Profiles []string // the implementations it was resolved for
	// Chosen is set when Profiles was asked for, rather than read from the input.
	Chosen bool
	// Files are what explain reads to replay a call on this side; nil when only git
	// has them.
	Files []string
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

// classify says what happens to calls between two effects that differ. Shares are
// exact: a hundredth of the calls that fails is a loss.
func classify(was, now *prove.Effect) Change {
	switch order := failing(now).Cmp(failing(was)); {
	case order > 0:
		return ChangeLost
	case order < 0:
		return ChangeGained
	case nothingRoutes(was) && nothingRoutes(now):
		return ChangeStatus
	case !named(was, now) || !named(now, was):
		return ChangeMoved
	case !sameShares(was, now, targetName):
		return ChangeReweighted
	case !sameShares(was, now, targetEnd):
		return ChangeStatus
	}
	return ChangeFilters
}

// nothingRoutes reports whether no call reaches a backend.
func nothingRoutes(e *prove.Effect) bool { return failing(e).Cmp(big.NewRat(1, 1)) == 0 }

// failing is the share of the calls that reach no backend.
func failing(e *prove.Effect) *big.Rat { return big.NewRat(e.Failing()) }

// named reports whether each target that takes calls in a is named in b, be it
// without calls.
func named(a, b *prove.Effect) bool {
	names := map[string]bool{}
	for _, ts := range [][]prove.Target{b.Targets, b.Drained} {
		for i := range ts {
			names[targetName(&ts[i])] = true
		}
	}
	for i := range a.Targets {
		if t := &a.Targets[i]; t.Answer == nil && !names[targetName(t)] {
			return false
		}
	}
	return true
}

// targetName tells destinations apart, whatever TLS and filters they come with.
// Those that cannot be used are one: their calls fail.
func targetName(t *prove.Target) string {
	if t.Answer != nil && t.Num > 0 {
		return "fails"
	}
	return t.Group + " " + t.String()
}

// targetEnd tells the codes apart with which calls fail, too.
func targetEnd(t *prove.Target) string {
	if t.Answer != nil && t.Num > 0 {
		return fmt.Sprintf("fails with %d", t.Answer.GRPC)
	}
	return targetName(t)
}

// sameShares reports whether both sides give each target of a name the same share.
func sameShares(a, b *prove.Effect, name func(*prove.Target) string) bool {
	return maps.EqualFunc(shares(a, name), shares(b, name), func(x, y *big.Rat) bool { return x.Cmp(y) == 0 })
}

// shares adds up what each destination gets: it may be listed with several sets
// of filters.
func shares(e *prove.Effect, name func(*prove.Target) string) map[string]*big.Rat {
	sums := map[string]*big.Rat{}
	for i := range e.Targets {
		t := &e.Targets[i]
		sum, ok := sums[name(t)]
		if !ok {
			sum = new(big.Rat)
			sums[name(t)] = sum
		}
		sum.Add(sum, big.NewRat(t.Num, t.Den))
	}
	return sums
}
