package simulate

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/prove"
)

// Verification is what the proof that a data plane routes as the manifests say came
// to. Of the Diff, Old is the manifests and New the data plane's configuration.
type Verification struct {
	Diff
	Domain   string   // the calls that the proof is about, for people
	Compared []string // "Gateway infra/edge port 443 with listener edge"
	Settings []string // what it does with calls beside routing that no manifest asks for
}

// DiffRegions classifies regions, the worst first. certain says how certain what the
// old side does is, and what that depends on.
func DiffRegions(regions []*prove.Region, certain func(*prove.Region) (diag.Certainty, []string)) []DiffRegion {
	var out []DiffRegion
	for i, g := range regions {
		if i >= maxDoubted {
			certain = nil
		}
		out = append(out, regionOf(g, certain))
	}
	slices.SortStableFunc(out, func(a, b DiffRegion) int {
		return slices.Index(Changes, a.Change) - slices.Index(Changes, b.Change)
	})
	return out
}

// regionOf classifies a region; certain is nil where nobody asks.
func regionOf(g *prove.Region, certain func(*prove.Region) (diag.Certainty, []string)) DiffRegion {
	r := DiffRegion{
		Change: classify(g.Old, g.New), Gateways: g.Where, Hosts: g.Hosts,
		Service: g.Service, Method: g.Method, Headers: g.Headers,
		Witness: WitnessOf(g.Witness), Old: g.Old, New: g.New,
	}
	if certain == nil {
		return r
	}
	var whys []string
	r.Certainty, whys = certain(g)
	if slices.Sort(whys); r.Certainty == diag.Unknown {
		r.Why = strings.Join(slices.Compact(whys), "; ")
	}
	return r
}
