package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// nearHosts finds the served hostnames that a request's host narrowly misses.
func nearHosts(es []endpoint, r *routing.Request) []Suggestion {
	type scored struct {
		Suggestion
		like  likeness
		edits int
	}
	host := hostOf(r.Authority)
	var found []scored
	for _, e := range es {
		for _, l := range e.server.Listeners {
			for _, h := range l.Hosts {
				entry := bestEntry(h, r)
				if entry == nil || h.Name == "" || h.Name == host {
					continue
				}
				text, like, edits := missHost(host, h.Name, e.server.Profile != nil && e.server.Profile.Hosts.WildcardOneLabel)
				if text != "" {
					found = append(found, scored{Suggestion{text + " of " + placeOf(entry), entry.Route, entry.Rule}, like, edits})
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.like, b.like), cmp.Compare(a.edits, b.edits), strings.Compare(a.Text, b.Text))
	})
	var list []Suggestion
	for _, f := range found {
		list = append(list, f.Suggestion)
	}
	return list
}

// missHost says how narrowly a host misses a hostname, "" when not narrowly.
func missHost(host, name string, oneLabel bool) (string, likeness, int) {
	suffix, wild := strings.CutPrefix(name, "*")
	if !wild {
		like, edits := compare(host, name, ".")
		switch like {
		case prefix:
			if len(host) > len(name) {
				return fmt.Sprintf("host %q is below %q, which stands for itself alone,", host, name), like, edits
			}
			return fmt.Sprintf("host %q lacks the beginning of %q", host, name), like, edits
		case typo, variant:
			return fmt.Sprintf("host %q is close to %q", host, name), like, edits
		}
		return "", other, 0
	}
	labels := strings.Count(strings.TrimSuffix(host, suffix), ".") + 1
	switch {
	case "."+host == suffix:
		return fmt.Sprintf("host %q is not under %q, whose wildcard stands for one or more labels,", host, name), prefix, 0
	case oneLabel && strings.HasSuffix(host, suffix) && labels > 1:
		return fmt.Sprintf("host %q has %d labels where this implementation lets %q take one,", host, labels, name), prefix, 0
	}
	if _, rest, ok := strings.Cut(host, "."); ok {
		if like, edits := compare("."+rest, suffix, ""); like == typo || like == variant {
			return fmt.Sprintf("host %q is close to %q", host, name), like, edits
		}
	}
	return "", other, 0
}

// bestEntry returns the entry of a host that a request comes nearest to: one that
// it satisfies, else the first.
func bestEntry(h *routing.Host, r *routing.Request) *routing.Entry {
	var first *routing.Entry
	for _, e := range h.Entries {
		match, ok := meant(e)
		if !ok {
			continue
		}
		if missOf(match, r).worst == equal {
			return e
		}
		if first == nil {
			first = e
		}
	}
	return first
}

// otherHosts finds rules that take the call's service and method for another
// host.
func otherHosts(e endpoint, r *routing.Request) []Suggestion {
	host := hostOf(r.Authority)
	var list []Suggestion
	for _, l := range e.server.Listeners {
		for _, h := range l.Hosts {
			if covers(h.Name, host) {
				continue
			}
			for _, entry := range h.Entries {
				match, ok := meant(entry)
				if !ok || match == nil || match.Method == nil || missOf(match, r).worst != equal {
					continue
				}
				text := fmt.Sprintf("host %q has a rule for this method, host %q has none: see %s", h.Name, host, placeOf(entry))
				list = append(list, Suggestion{text, entry.Route, entry.Rule})
				break
			}
		}
	}
	return list
}

// unattached finds the routes that would take a call if their parents had not
// refused them.
func unattached(t *topology.Topology, r *routing.Request) []Suggestion {
	if t == nil {
		return nil
	}
	var list []Suggestion
	for _, route := range t.Routes {
		rule := ruleFor(route, r)
		if rule == nil {
			continue
		}
		if len(route.Parents) == 0 {
			text := fmt.Sprintf("%s would take the call, but the route names no parent", ruleAt(route, rule.Index, route.Doc.Range(rule.Path()...)))
			list = append(list, Suggestion{text, route, nil})
		}
		for _, p := range route.Parents {
			if p.Refusal == nil {
				continue
			}
			text := fmt.Sprintf("%s would take the call, but is not attached to %s: %s",
				ruleAt(route, rule.Index, route.Doc.Range(rule.Path()...)), p, p.Refusal.Message)
			list = append(list, Suggestion{text, route, nil})
		}
	}
	return list
}

// ruleFor returns the first rule of a GRPCRoute that fits a call by the route's
// own hostnames and matches; nil when none does.
func ruleFor(route *topology.Route, r *routing.Request) *topology.Rule {
	if route.GRPC == nil {
		return nil
	}
	host := hostOf(r.Authority)
	if host != "" && len(route.Hostnames) > 0 && !slices.ContainsFunc(route.Hostnames, func(n string) bool { return covers(n, host) }) {
		return nil
	}
	for _, rule := range route.Rules {
		matches := route.GRPC.Spec.Rules[rule.Index].Matches
		if len(matches) == 0 || slices.ContainsFunc(matches, func(m gatewayv1.GRPCRouteMatch) bool { return missOf(&m, r).worst == equal }) {
			return rule
		}
	}
	return nil
}
