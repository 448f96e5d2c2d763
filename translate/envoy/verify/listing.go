package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
)

// consulted is what the calls of a view consult: a list of boxes, or one answer.
type consulted struct {
	list    *boxed
	unknown []string // why their end is not known, whatever the list says
	chain   *chain
	table   *routeTable
	host    *virtualHost
}

// outside is the effect, on both sides, of what is no call of the domain.
var outside = prove.Mixed([]prove.Target{{Answer: &profile.Answer{GRPC: -1, Source: "no call of the domain"}, Num: 1, Den: 1}}, nil)

// boxed is a list of boxes. typed: some box asks for the content type, of which not
// every text is one of a gRPC call.
type boxed struct {
	*prove.List
	typed  bool
	inside *prove.List // with the calls taken out that are of another type
}

// within returns the list, if need be without the calls that are no gRPC calls by
// their content type: on both sides they end alike.
func (l *boxed) within(typed bool) *prove.List {
	if !typed {
		return l.List
	}
	if l.inside == nil {
		other := prove.Box{
			Headers: []prove.HeaderCondition{{Name: contentType, Value: found(contentTypes, ""), Not: true, Absent: true}},
			Effect:  outside,
		}
		l.inside = &prove.List{Miss: l.Miss, Boxes: append([]prove.Box{other}, l.Boxes...)}
	}
	return l.inside
}

// newBoxed notes whether some box asks for the content type.
func newBoxed(l *prove.List) *boxed {
	out := &boxed{List: l}
	for i := range l.Boxes {
		b := &l.Boxes[i]
		for j := range b.Headers {
			out.typed = out.typed || b.Headers[j].Name == contentType
		}
		if b.Entry != nil {
			for _, h := range b.Entry.Conditions().Headers {
				out.typed = out.typed || h.Name == contentType
			}
		}
	}
	return out
}

// moved are the paths that Envoy's normalisation changes.
var moved = regexp.MustCompile(`^/\.\.?/|/\.\.?$|\\`)

// ends is a list in which all calls end alike.
func ends(a *profile.Answer) *boxed { return &boxed{List: &prove.List{Miss: given(a)}} }

// given is the effect of an answer of Envoy's own.
func given(a *profile.Answer) *prove.Effect {
	e := answered(a)
	e.Why = a.Source
	return e
}

// open is a list in which nothing is known of any call.
func open(why string) *boxed {
	return &boxed{List: &prove.List{Boxes: []prove.Box{{Unknown: why}}, Miss: outside}}
}

// consult finds what the calls of a view consult.
func (x *comparing) consult(l *listener, v *view) *consulted {
	c := l.choose(v.request.SNI)
	if c == nil {
		return x.closed(fmt.Sprintf("no filter chain of listener %s takes the connection", l.name))
	}
	out := &consulted{chain: c, unknown: c.unknown}
	switch {
	case c.manager == nil && len(c.unknown) == 0:
		return x.closed(fmt.Sprintf("filter chain %s of listener %s has no HTTP connection manager", c.name, l.name))
	case c.manager == nil:
		out.list = open(strings.Join(c.unknown, "; "))
		return out
	case c.secure != (v.request.SNI != ""):
		return x.closed(fmt.Sprintf("filter chain %s of listener %s takes the other of TLS and no TLS", c.name, l.name))
	}
	if out.table = x.table(c); out.table == nil {
		out.list = open(fmt.Sprintf("route configuration %s is not in the input", c.rds))
		return out
	}
	v = v.as(c, l.port)
	out.host = out.table.find(out.table.host(v.request.Authority))
	key := listKey{c, out.table, out.host, ""}
	if out.host != nil && out.host.asksHost() {
		key.view = v.text()
	}
	if out.list = x.lists[key]; out.list == nil {
		out.list = x.boxes(out, v)
		x.lists[key] = out.list
	}
	return out
}

// closed is what becomes of connections that Envoy closes.
func (x *comparing) closed(why string) *consulted {
	if x.ended[why] == nil {
		x.ended[why] = &consulted{list: ends(&profile.Answer{GRPC: 14, Source: why})}
	}
	return x.ended[why]
}

// table returns the route configuration of a chain, nil when the input lacks it.
func (x *comparing) table(c *chain) *routeTable {
	if c.table != nil {
		return c.table
	}
	i := slices.IndexFunc(x.config.tables, func(t *routeTable) bool { return t.name == c.rds })
	if i < 0 {
		return nil
	}
	return x.config.tables[i]
}

// asksHost reports whether some route of the virtual host asks for the authority.
func (h *virtualHost) asksHost() bool {
	for _, r := range h.routes {
		for _, m := range r.proto.GetMatch().GetHeaders() {
			if name := strings.ToLower(m.GetName()); name == ":authority" || name == "host" {
				return true
			}
		}
	}
	return false
}

// noRoute is Envoy's answer to calls that no route takes.
func noRoute(why string) *profile.Answer { return answer(404, why) }

// boxes writes the list of a virtual host.
func (x *comparing) boxes(c *consulted, v *view) *boxed {
	switch {
	case len(c.table.unknown) > 0:
		return open(strings.Join(c.table.unknown, "; "))
	case c.host == nil:
		return ends(noRoute("no virtual host has a domain for it"))
	case len(c.host.unknown) > 0:
		return open(strings.Join(c.host.unknown, "; "))
	case tlsOnly(c.host, v):
		// Calls without TLS are sent elsewhere, which no gRPC client follows.
		return ends(answer(301, "virtual host "+c.host.proto.GetName()+" requires TLS"))
	}
	list := &prove.List{Miss: given(noRoute("no route of virtual host " + c.host.proto.GetName() + " takes it"))}
	for _, r := range slices.Backward(c.host.routes) {
		list.Boxes = append(list.Boxes, x.before(list, c, r, v)...)
	}
	slices.Reverse(list.Boxes)
	return newBoxed(list)
}

func tlsOnly(h *virtualHost, v *view) bool {
	return v.request.SNI == "" && h.proto.GetRequireTls() != routev3.VirtualHost_NONE
}

// maxSplit bounds how long a list may get through routes that take part of the calls.
const maxSplit = 10_000

// before returns the boxes of a route that stand before those of a list, whose order
// is reversed. A route that takes part of the calls shares them with what takes them
// next.
func (x *comparing) before(list *prove.List, c *consulted, r *route, v *view) []prove.Box {
	a := x.asks(r)
	takes, why := a.takesView(v)
	if a.never || !takes || a.part.num == 0 {
		return nil
	}
	box := prove.Box{Paths: a.paths, Headers: a.headers}
	p := routePlace{c.chain, c.table, c.host, r}
	unknown := slices.Clone(a.unknown)
	if why != "" {
		unknown = append(unknown, why)
	}
	if len(unknown) == 0 {
		o := x.outcome(p)
		if box.Effect = o.effect; o.unknown != "" {
			unknown = append(unknown, o.unknown)
		}
	}
	if len(unknown) == 0 && !a.part.all() && len(list.Boxes) > maxSplit {
		unknown = append(unknown, "runtime_fraction leaves part of its calls to too many routes")
	}
	if len(unknown) > 0 {
		box.Unknown = p.unknown(strings.Join(unknown, "; "))
		return []prove.Box{box}
	}
	if a.part.all() {
		return []prove.Box{box}
	}
	shared := prove.Box{Paths: box.Paths, Headers: box.Headers, Effect: mix(a.part, box.Effect, list.Miss)}
	out := []prove.Box{shared}
	for i := range list.Boxes {
		next := &list.Boxes[i]
		both := prove.Box{Paths: slices.Concat(box.Paths, next.Paths), Headers: slices.Concat(box.Headers, next.Headers), Unknown: next.Unknown}
		if both.Unknown == "" {
			both.Effect = mix(a.part, box.Effect, next.Effect)
		}
		out = append(out, both)
	}
	return out
}

// unknown names a route of which something is not known.
func (p routePlace) unknown(why string) string {
	e := &prove.Effect{}
	p.name(e)
	return fmt.Sprintf("%s (%s): %s", e.Who, p.route.at, why)
}

// takesView reports whether the calls of a view satisfy what a route asks of
// connection and authority; unknown: only some do.
func (a *asked) takesView(v *view) (takes bool, unknown string) {
	for i := range a.secure {
		scheme := "http"
		if v.request.SNI != "" {
			scheme = "https"
		}
		if !a.secure[i].takes(scheme, true) {
			return false, ""
		}
	}
	for i := range a.authority {
		switch all, none, err := a.authority[i].among(v); {
		case err != nil:
			unknown = "its condition on the authority: " + err.Error()
		case none:
			return false, ""
		case !all:
			unknown = "its condition on the authority holds for some of the hosts " + v.text()
		}
	}
	return true, unknown
}

// mix divides calls between two effects.
func mix(part fraction, a, b *prove.Effect) *prove.Effect {
	var targets []prove.Target
	for _, side := range []struct {
		fraction
		*prove.Effect
	}{{part, a}, {part.rest(), b}} {
		list := side.Targets
		if side.Answer != nil {
			list = []prove.Target{failing(side.Answer)}
		}
		for _, t := range list {
			f := newFraction(t.Num, t.Den).times(side.fraction)
			t.Num, t.Den = f.num, f.den
			targets = append(targets, t)
		}
	}
	out := prove.Mixed(targets, append(slices.Clone(a.Extras), b.Extras...))
	out.Who, out.Range = a.Who, a.Range
	return out
}
