package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Explanation is where one call goes and why.
type Explanation struct {
	Request  routing.Request
	Decision *routing.Decision
	// Near holds the texts of Suggestions.
	Near []string
	// Suggestions are rules the call narrowly misses, the nearest first: when
	// nothing took it, or when a rule that would have come first differs in what
	// looks like a slip.
	Suggestions []Suggestion
	// Unknowns is what the answer depends on and the input does not show.
	Unknowns []string
	// Notes say how the call was completed: a host chosen for a wildcard, further
	// ports that answer alike.
	Notes   []string
	Profile *profile.Profile
	Table   *routing.Table // the table that answered; nil when nothing is served
}

// Suggestion is a rule that a call narrowly misses, or a route that would take
// it if it were attached.
type Suggestion struct {
	Text  string // one sentence, lower case, no full stop; names the rule
	Route *topology.Route
	Rule  *topology.Rule // nil for a route that is not attached
}

// Explain resolves a call against a table. The error says what is missing from
// the call, listing the possible hosts, Gateways or ports when it is ambiguous.
func Explain(t *routing.Table, c Call) (*Explanation, error) {
	return ExplainAll([]*routing.Table{t}, c)
}

// ExplainAll resolves a call against the tables of several topologies, as there
// are when Gateways choose different implementations, and answers from the one
// whose Gateway serves the call.
func ExplainAll(tables []*routing.Table, c Call) (*Explanation, error) {
	p, err := c.parse()
	if err != nil {
		return nil, err
	}
	es := endpoints(tables)
	if es = audience(es, c.Service); len(es) == 0 && c.Gateway == "" && c.Service == "" {
		return unserved(tables, p, c), nil
	}
	es, notes, err := narrow(es, c, p)
	if err != nil {
		return nil, err
	}
	if p.authority == "" {
		host, note, err := onlyHost(es)
		if err != nil {
			return nil, err
		}
		if p.authority = host; note != "" {
			notes = append(notes, note)
		}
	}
	a, more, err := choose(es, c, p)
	if err != nil {
		return nil, err
	}
	x := &Explanation{Request: a.request, Decision: a.decision, Profile: a.server.Profile, Table: a.table, Notes: append(notes, more...)}
	x.Unknowns = unknowns(x)
	x.doubtUnread(a.table.Topology)
	x.assume(a.table.Topology)
	x.suggest(a.endpoint, es)
	return x, nil
}

// unserved explains a call to manifests of which no route is attached anywhere.
func unserved(tables []*routing.Table, p *parsed, c Call) *Explanation {
	x := &Explanation{
		Request:  request(c, p),
		Decision: &routing.Decision{Result: routing.Result{Outcome: routing.NoListener}},
	}
	for _, t := range tables {
		if x.Profile == nil && t.Topology != nil && t.Topology.Profile != nil {
			x.Profile = t.Topology.Profile
			answer := x.Profile.Answers.NoListener
			x.Decision.Answer = &answer
		}
		x.add(unattached(t.Topology, &x.Request))
		x.doubtUnread(t.Topology)
		x.assume(t.Topology)
	}
	return x
}

// request is the call as the matcher takes it, before a Gateway is chosen.
func request(c Call, p *parsed) routing.Request {
	return routing.Request{
		Port:      c.Port,
		SNI:       c.SNI,
		Authority: p.authority,
		Path:      "/" + p.service + "/" + p.method,
		Headers:   p.headers,
		Service:   c.Service,
		From:      c.From,
	}
}

// answer is what one endpoint does with a call.
type answer struct {
	endpoint
	request  routing.Request
	decision *routing.Decision
}

// where names the endpoint for people: "infra/gw port 443".
func (a answer) where() string {
	text := a.server.String()
	if a.request.Gateway != "" && len(a.server.Gateways) > 1 {
		text = "Gateway " + a.request.Gateway
	}
	if a.server.Port != 0 {
		return text
	}
	if a.request.Port != 0 {
		text += fmt.Sprintf(" port %d", a.request.Port)
	}
	return text
}

// what says where the call goes in a few words.
func (a answer) what() string {
	switch e := a.decision.Entry; {
	case e != nil:
		return fmt.Sprintf("%s %s rule %d", e.Route.Kind, e.Route.Key(), e.Rule.Index)
	case a.decision.Outcome == routing.NoListener:
		return "no listener for the host"
	}
	return "no matching rule"
}

// same reports whether a call ends in the same way at two endpoints.
func (a answer) same(b answer) bool {
	if a.decision.Outcome != b.decision.Outcome || (a.decision.Entry == nil) != (b.decision.Entry == nil) {
		return false
	}
	if a.decision.Entry != nil && (a.decision.Entry.Route.Doc != b.decision.Entry.Route.Doc || a.decision.Entry.Rule.Index != b.decision.Entry.Rule.Index) {
		return false
	}
	// Two tables may speak for two implementations, whose answers differ.
	return a.server.Profile == b.server.Profile
}

// choose asks every endpoint and takes the one that serves the host. Several are
// fine as long as they answer alike; the notes then name the others.
func choose(es []endpoint, c Call, p *parsed) (answer, []string, error) {
	var all []answer
	for _, e := range es {
		all = append(all, e.ask(c, p))
	}
	serving := serving(all)
	if len(serving) == 0 {
		// All say that nobody serves the host. Of several Gateways the one that
		// comes nearest decides the suggestions, and they look at all of them.
		a := all[0]
		if len(all) > 1 {
			a.request.Gateway, a.request.Port = c.Gateway, c.Port
		}
		return a, nil, nil
	}
	first := serving[0]
	var also []string
	for _, a := range serving[1:] {
		if !first.same(a) {
			return answer{}, nil, ambiguous(serving)
		}
		also = append(also, a.where())
	}
	if len(also) > 0 {
		return first, []string{fmt.Sprintf("answered for %s; %s would answer alike", first.where(), strings.Join(also, " and "))}, nil
	}
	return first, nil, nil
}

// serving leaves the endpoints where a route answers for the host or, when there
// is none, those where a listener does.
func serving(all []answer) []answer {
	routed := slices.DeleteFunc(slices.Clone(all), func(a answer) bool { return !a.server.Serves(&a.request) })
	if len(routed) > 0 {
		return routed
	}
	return slices.DeleteFunc(slices.Clone(all), func(a answer) bool { return a.decision.Outcome == routing.NoListener })
}

// ask explains a call at one endpoint.
func (e endpoint) ask(c Call, p *parsed) answer {
	r := request(c, p)
	r.Service = e.server.Service
	keys := e.gateways()
	if len(keys) > 0 {
		r.Gateway = keys[0]
	}
	if i := slices.IndexFunc(keys, func(key string) bool { return key == c.Gateway || strings.HasSuffix(key, "/"+c.Gateway) }); i >= 0 && c.Gateway != "" {
		r.Gateway = keys[i]
	}
	switch ports := e.ports(); {
	case r.Port != 0:
	case e.server.Port != 0:
		r.Port = e.server.Port
	case p.portHint != 0 && slices.Contains(ports, p.portHint):
		r.Port = p.portHint
	case len(ports) == 1:
		r.Port = ports[0]
	}
	return answer{e, r, e.table.Explain(&r)}
}

// ambiguous is the error for a call that ends differently at several endpoints.
func ambiguous(as []answer) error {
	var list []string
	for _, a := range as {
		what := a.what()
		if a.server.Profile != as[0].server.Profile || as[len(as)-1].server.Profile != as[0].server.Profile {
			what += " under " + a.server.Profile.Name
		}
		list = append(list, fmt.Sprintf("%s (%s)", a.where(), what))
	}
	return fmt.Errorf("choose the Gateway of the call: the answer differs between %s: say which with --gateway NS/NAME or --port", strings.Join(list, ", "))
}
