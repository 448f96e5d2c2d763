package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var hostnamePartlyIgnored = &lint.Rule{
	ID:       "hostname-partly-ignored",
	Summary:  "a hostname of the route matches no listener and is dropped without a word",
	Section:  lint.HostnameSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkHostnamePartlyIgnored,
}

// One hostname in common is enough for the route to be accepted, and the others
// are ignored (GA apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames).
func checkHostnamePartlyIgnored(p *lint.Pass) {
	if p.Profile.Hosts.NoNarrowing {
		return // an accepted route answers for all its hostnames
	}
	for r := range grpcRoutes(p.Topology) {
		if len(r.Hostnames) < 2 || allEffective(r) {
			continue
		}
		asked := askedListeners(r)
		if len(asked) == 0 {
			continue
		}
		ignored := ignoredHostnames(r, asked)
		if len(ignored) == len(r.Hostnames) {
			continue // hostname-no-intersection
		}
		for _, i := range ignored {
			if bareSuffix(r.Hostnames[i], asked) != nil {
				continue // hostname-bare-suffix
			}
			p.Report(r.Doc, manifest.Path{"spec", "hostnames", i}, diag.Diagnostic{
				Message: fmt.Sprintf("hostname %q is ignored: no listener of the route's parents covers it, and the route is accepted for its other hostnames", r.Hostnames[i]),
				Hint:    fmt.Sprintf("expected a name under %s", quotedList(listenerHostnames(asked))),
			})
			suggest(p, lint.SameRouting, r.Doc, "delete the hostname", manifest.Remove(at("spec", "hostnames", i)))
		}
	}
}

// allEffective reports whether each hostname of a route counts on some listener.
func allEffective(r *topology.Route) bool {
	for _, name := range r.Hostnames {
		if !effective(r, name) {
			return false
		}
	}
	return true
}

func effective(r *topology.Route, name string) bool {
	for _, p := range r.Parents {
		for _, a := range p.Attachments {
			for _, h := range a.Hosts {
				if h.Own == name {
					return true
				}
			}
		}
	}
	return false
}

// askedListeners returns the listeners that look at a route's hostnames: those
// that its parentRefs select and that refuse it for no other reason. It returns
// nothing when a parent is not in the input, whose listeners may cover anything.
func askedListeners(r *topology.Route) []*topology.Listener {
	var out []*topology.Listener
	for _, p := range r.Parents {
		if p.Foreign {
			return nil // another implementation's listeners may cover anything, too
		}
		for _, a := range p.Attachments {
			switch {
			case a.Listener.Index < 0:
				return nil
			case a.Refusal == nil || a.Stage == profile.HostnameStage || a.Stage == profile.ConflictStage:
				out = append(out, a.Listener)
			case a.Refusal.Certainty == diag.Unknown:
				return nil
			}
		}
		if len(p.Attachments) == 0 && p.Refusal != nil && p.Refusal.Certainty == diag.Unknown {
			return nil
		}
	}
	return out
}

// ignoredHostnames returns the indexes of the hostnames that have nothing in
// common with any of the listeners.
func ignoredHostnames(r *topology.Route, ls []*topology.Listener) []int {
	var out []int
	for i, name := range r.Hostnames {
		covered := false
		for _, l := range ls {
			if _, ok := topology.Intersect(l.Hostname, name); ok {
				covered = true
				break
			}
		}
		if !covered {
			out = append(out, i)
		}
	}
	return out
}

// listenerHostnames returns the hostnames of listeners, each once.
func listenerHostnames(ls []*topology.Listener) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range ls {
		if !seen[l.Hostname] {
			seen[l.Hostname] = true
			out = append(out, l.Hostname)
		}
	}
	return out
}
