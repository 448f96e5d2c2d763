package rules

import (
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// served walks the GRPCRoutes that the implementation has to do with: those with
// a parent among its own Gateways, which the input may lack.
func served(t *topology.Topology) iter.Seq[*topology.Route] {
	return func(yield func(*topology.Route) bool) {
		for r := range grpcRoutes(t) {
			if own(r) && !yield(r) {
				return
			}
		}
	}
}

func own(r *topology.Route) bool {
	for _, p := range r.Parents {
		if p.Gateway != nil && !p.Gateway.Foreign {
			return true
		}
	}
	return false
}

// claimOn returns what is known of an implementation's feature, nil when nothing
// is.
func claimOn(p *profile.Profile, feature string) *profile.Claim {
	for i := range p.Claims {
		if p.Claims[i].Feature == feature {
			return &p.Claims[i]
		}
	}
	return nil
}

// source is where a claim was read, in brackets at the end of a sentence.
func source(c *profile.Claim) string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", c.Source, c.Says)
}

// place is an entry of a table and the server it is on.
type place struct {
	server *routing.Server
	entry  *routing.Entry
}

// places finds the entries of rules. It is built when a rule first needs it.
type places struct {
	table *routing.Table
	of    map[*topology.Rule][]place
}

func (x *places) entries(r *topology.Rule) []place {
	if x.of == nil {
		x.of = map[*topology.Rule][]place{}
		for pl := range hostsOf(x.table) {
			for _, e := range pl.host.Entries {
				if e.Host.Name == pl.host.Name {
					x.of[e.Rule] = append(x.of[e.Rule], place{pl.server, e})
				}
			}
		}
	}
	return x.of[r]
}

// match returns the entries of one match of a rule.
func (x *places) match(r *topology.Rule, match int) []place {
	var out []place
	for _, pl := range x.entries(r) {
		if pl.entry.Match == match {
			out = append(out, pl)
		}
	}
	return out
}

// replay finds a call that reaches a rule and shows what a test asks for.
func (x *places) replay(r *topology.Rule, shows func(routing.Result) bool) (*routing.Request, routing.Result, bool) {
	for i, pl := range x.entries(r) {
		if i == maxReplays {
			break
		}
		guess, ok := sampleRequest(pl.entry, concrete(pl.entry.Host.Name))
		if !ok {
			continue
		}
		request := to(pl.server, guess)
		if res := x.table.LookupOnce(request); res.Entry == pl.entry && shows(res) {
			return request, res, true
		}
	}
	return nil, routing.Result{}, false
}

// takes reports whether a path form takes a path.
func takes(f profile.PathForm, path string) bool {
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || service == "" || method == "" || strings.Contains(method, "/") {
		return false
	}
	switch f.Kind {
	case profile.AnyPath:
		return true
	case profile.ExactPath:
		return service == f.Service && method == f.Method
	case profile.ServicePath:
		return service == f.Service
	case profile.MethodPath:
		return method == f.Method
	case profile.SegmentPath:
		return (f.Service == "" || whole(f.Service, service)) && (f.Method == "" || whole(f.Method, method))
	case profile.RegexPath:
		if !f.Partial {
			return whole(f.Pattern, path)
		}
		re, err := regexp.Compile(f.Pattern)
		return err == nil && re.MatchString(path)
	}
	return false
}

// whole reports whether a pattern takes a text as a whole.
func whole(pattern, text string) bool {
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	return err == nil && re.MatchString(text)
}
