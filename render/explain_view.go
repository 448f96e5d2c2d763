package render

import (
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

// ExplainJSON writes where a call goes and why as grpcroute.explain/v1.
func ExplainJSON(w io.Writer, x *simulate.Explanation) error {
	return encode(w, explanationOf(x))
}

func explanationOf(x *simulate.Explanation) *explanation {
	d := x.Decision
	proof := simulate.WitnessOf(x.Request)
	e := &explanation{
		Schema: "grpcroute.explain/v1", Request: requestOf(x), Outcome: outcomeNames[d.Outcome],
		Certainty: certaintyOf(x).String(), Listener: listenerOf(d), Response: responseOf(d.Answer),
		Backends: []backendShare{}, Filters: []filter{}, Considered: []candidate{},
		Unknown: list(x.Unknowns), Suggestions: list(x.Near), Notes: list(x.Notes), Witness: *witnessOf(&proof),
	}
	if x.Profile != nil {
		e.Profile = x.Profile.Name
	}
	if d.Host != nil {
		e.Hostname = d.Host.Name
	}
	if d.Entry != nil {
		e.rule(d.Entry)
	}
	for i := range d.Considered {
		e.Considered = append(e.Considered, candidateOf(&d.Considered[i], x.Profile))
	}
	return e
}

// certaintyOf is the decision's, and unknown when the answer depends on what the
// input does not show.
func certaintyOf(x *simulate.Explanation) diag.Certainty {
	if len(x.Unknowns) > 0 {
		return diag.Unknown
	}
	return x.Decision.Certainty
}

func (e *explanation) rule(r *routing.Entry) {
	file, line := placeOf(r.Rule)
	e.Route = &routeRef{r.Route.Kind, objectKey{r.Route.Namespace, r.Route.Name}, file, line}
	e.Rule, e.RuleName, e.Match = &r.Rule.Index, r.Rule.Name, indexOf(r.Match)
	for i := range r.Action.Shares {
		e.Backends = append(e.Backends, shareOf(&r.Action.Shares[i], r.Action.Total))
	}
	e.Filters = filtersOf(r.Action.Filters)
}

var outcomeNames = [...]string{routing.Routed: "routed", routing.NoListener: "no-listener", routing.NoMatch: "no-match", routing.Refused: "refused"}

func requestOf(x *simulate.Explanation) explainedRequest {
	service, method, _ := strings.Cut(strings.TrimPrefix(x.Request.Path, "/"), "/")
	return explainedRequest{
		Gateway: x.Request.Gateway, Port: x.Request.Port, SNI: x.Request.SNI, Authority: x.Request.Authority,
		Service: service, Method: method, Headers: simulate.WitnessOf(x.Request).Headers,
	}
}

func listenerOf(d *routing.Decision) *listenerRef {
	if d.Listener == nil || d.Listener.Topology == nil {
		return nil
	}
	l := d.Listener.Topology
	return &listenerRef{objectKey{l.Gateway.Namespace, l.Gateway.Name}, l.Name, l.Port, l.Protocol, l.Hostname}
}

func candidateOf(c *routing.Candidate, p *profile.Profile) candidate {
	e := c.Entry
	file, line := placeOf(e.Rule)
	out := candidate{
		Kind: e.Route.Kind, Route: e.Route.Key(), Rule: e.Rule.Index, RuleName: e.Rule.Name, Match: indexOf(e.Match),
		Host: e.Host.Name, Keys: map[string]int{}, Certainty: e.Certainty.String(), File: file, Line: line,
	}
	if p != nil {
		for i, criterion := range p.Precedence.Order() {
			if i < len(e.Keys) {
				out.Keys[criterion.Name] = e.Keys[i]
			}
		}
	}
	switch c.Verdict {
	case routing.Won:
		out.Verdict = "won"
	case routing.Lost:
		out.Verdict, out.Why = "matched, lost on "+c.Key, c.Why
	case routing.Unmatched:
		out.Verdict = "did not match: " + c.Why
	}
	return out
}

// placeOf returns where a rule is written.
func placeOf(r *topology.Rule) (string, int) {
	if r.Route.Doc == nil {
		return "", 0
	}
	at := r.Route.Doc.Range(r.Path()...)
	return at.File, at.Start.Line
}

func indexOf(match int) *int {
	if match < 0 {
		return nil
	}
	return &match
}
