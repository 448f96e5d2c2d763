package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// groupRoutes is how many routes are looked at together at least, of as many
// groups as that takes: enough that what goes before them each time, all that is
// held, costs little beside them. Where much is held they are up to four times as many.
const groupRoutes = 1024

// split returns what is on the shelf of a set in groups, each with the indexes of
// its routes ascending. They hold at least so many routes each, but for the last;
// there is always one.
func (g *groups) split(set *manifest.Set, rules []*Rule, profiles []*profile.Profile, least int) [][]int {
	if g.all || slices.ContainsFunc(profiles, g.undivided) {
		whole := make([]int, len(set.Shelf))
		for i := range whole {
			whole[i] = i
		}
		return [][]int{whole}
	}
	if slices.ContainsFunc(rules, func(r *Rule) bool { return r.WholeHosts }) {
		for i := range g.hosts {
			g.hosts[i].whole = true
		}
	}
	g.settleGateways(set)
	g.settleListenerSets(set)
	g.settleOverlaps()
	for key, e := range g.service {
		if h := &g.hosts[key.host]; h.whole {
			g.join(h.element, e)
		}
	}
	g.settleTexts(set)
	return g.cut(set, least)
}

// settleTexts joins what is read again together.
func (g *groups) settleTexts(set *manifest.Set) {
	for i := range set.Shelf {
		this := &set.Shelf[i]
		if i > 0 && (this.SameText(&set.Shelf[i-1]) || g.converts && this.SameFile(&set.Shelf[i-1])) {
			g.join(int32(set.Shelf[i-1].Tag), int32(this.Tag))
		}
		if g.converts && !set.Alone(this) {
			g.join(g.named("converted"), int32(this.Tag))
		}
	}
}

// undivided reports whether routes of an implementation meet wherever they are
// attached.
func (g *groups) undivided(p *profile.Profile) bool {
	return p.Hosts.Isolation == profile.Global || p.Hosts.IsolationTLS == profile.Global || p.Transport.Tunnel ||
		p.Matching.InvalidRegexBlocksAll && g.regex
}

// settleGateways joins what listeners bring together: where some answer for a part
// of the hosts of others on their port it depends on all routes of a host who
// answers, and certificates are held against all hosts.
func (g *groups) settleGateways(set *manifest.Set) {
	nested, certified := map[int32]bool{}, map[int32]bool{}
	for _, o := range set.Gateways.All {
		parent, ok := g.parents[target{"Gateway", o.Doc.Ref.Namespace, o.Doc.Ref.Name}]
		if !ok {
			continue
		}
		listeners := o.Value.Spec.Listeners
		nested[parent] = nestedListeners(listeners)
		certified[parent] = slices.ContainsFunc(listeners, func(l gatewayv1.Listener) bool { return hasCertificate(set, o.Doc, &l) })
	}
	for i := range g.hosts {
		if h := &g.hosts[i]; nested[h.parent] || certified[h.parent] {
			h.whole = true
			if certified[h.parent] {
				g.join(g.named("parent", strconv.Itoa(int(h.parent))), h.element)
			}
		}
	}
}

// nestedListeners reports whether the hostname of a listener covers another one on
// its port.
func nestedListeners(ls []gatewayv1.Listener) bool {
	for i := range ls {
		for j := range ls[:i] {
			a, b := hostnameOf(&ls[i]), hostnameOf(&ls[j])
			if _, common := topology.Intersect(a, b); common && a != b && ls[i].Port == ls[j].Port {
				return true
			}
		}
	}
	return false
}

func hostnameOf(l *gatewayv1.Listener) string {
	if l.Hostname == nil {
		return ""
	}
	return string(*l.Hostname)
}

// hasCertificate reports whether a Secret that a listener names is in the input.
func hasCertificate(set *manifest.Set, doc *manifest.Document, l *gatewayv1.Listener) bool {
	if l.TLS == nil {
		return false
	}
	return slices.ContainsFunc(l.TLS.CertificateRefs, func(ref gatewayv1.SecretObjectReference) bool {
		namespace := doc.Ref.Namespace
		if ref.Namespace != nil {
			namespace = string(*ref.Namespace)
		}
		return set.Secrets.Get(namespace, string(ref.Name)) != nil
	})
}

// settleListenerSets joins all routes of a Gateway that has further listeners, those
// of ListenerSets.
func (g *groups) settleListenerSets(set *manifest.Set) {
	joined := map[int32]int32{} // the element that stands for a parent
	for _, o := range set.ListenerSets.All {
		ref := &o.Value.Spec.ParentRef
		gateway := target{"Gateway", o.Doc.Ref.Namespace, string(ref.Name)}
		if ref.Namespace != nil {
			gateway.namespace = string(*ref.Namespace)
		}
		e := g.named("listeners", gateway.namespace, gateway.name)
		for _, t := range []target{gateway, {"ListenerSet", o.Doc.Ref.Namespace, o.Doc.Ref.Name}} {
			if parent, ok := g.parents[t]; ok {
				joined[parent] = e
			}
		}
	}
	for i := range g.hosts {
		if e, ok := joined[g.hosts[i].parent]; ok {
			g.hosts[i].whole = true
			g.join(e, g.hosts[i].element)
		}
	}
}

// settleOverlaps joins the routes of hostnames that cover one another: which of
// them answers depends on all of them.
func (g *groups) settleOverlaps() {
	for i := range g.hosts {
		h := &g.hosts[i]
		cover := func(name string) {
			if j, ok := g.hostAt[hostKey{h.parent, name}]; ok && int(j) != i {
				h.whole, g.hosts[j].whole = true, true
				g.join(h.element, g.hosts[j].element)
			}
		}
		cover("")
		for rest, more := strings.TrimPrefix(h.name, "*."), h.name != ""; more; {
			cover("*." + rest)
			_, rest, more = strings.Cut(rest, ".")
		}
	}
}

// cut puts the routes of the shelf into their groups, in the order of the first of
// each.
func (g *groups) cut(set *manifest.Set, least int) [][]int {
	first := map[int32]int{}
	for i := range set.Shelf {
		if root := g.root(int32(set.Shelf[i].Tag)); first[root] == 0 {
			first[root] = i + 1
		}
	}
	of := func(i int) int { return first[g.root(int32(set.Shelf[i].Tag))] }
	order := make([]int, len(set.Shelf))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return of(a) - of(b) })
	var out [][]int
	for start, end := 0, min(1, len(order)); end <= len(order); end++ {
		if end == len(order) || end-start >= least && of(order[end]) != of(order[end-1]) {
			out = append(out, order[start:end:end])
			start = end
		}
	}
	for _, group := range out {
		slices.Sort(group)
	}
	return out
}
