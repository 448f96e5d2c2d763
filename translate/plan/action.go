package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Action is what becomes of the calls of a rule.
type Action struct {
	Name string // NS/NAME/rule/N
	// Parts divide the calls by their weights. There is one at least.
	Parts []Part
	Total int64 // sum of the weights
	Doc   *manifest.Document
	Path  manifest.Path // of the rule
}

// Part is a share of the calls of a rule.
type Part struct {
	// Name is that of the upstream, which all rules share that change no headers, or
	// NS/NAME/rule/N/backend/M.
	Name   string
	Weight int64
	// Answer is what the calls get; nil when they go to Upstream.
	Answer            *profile.Answer
	Upstream          *Upstream
	Request, Response Edits
	Path              manifest.Path // of the backendRef
}

// Refusal is the action of a match of which not every condition can be written:
// what may be its calls fails, as those of a filter do that cannot be served.
func Refusal(s *Step, a *profile.Answer) *Action {
	return &Action{Name: s.Action.Name, Parts: []Part{{Answer: a, Weight: 1}}, Total: 1, Doc: s.Action.Doc, Path: s.Action.Path}
}

// Unexpressed is the answer of a [Refusal].
var Unexpressed = &profile.Answer{HTTP: 500, GRPC: 2}

// unavailable is the answer for what cannot be reached.
var unavailable = &profile.Answer{HTTP: 503, GRPC: 14}

// actionKey: servers share the actions of a rule, and each reaches backends in its
// own way.
type actionKey struct {
	server *routing.Server
	action *routing.Action
}

// RuleName names a rule. A GRPCRoute and an HTTPRoute may have one name.
func RuleName(r *topology.Rule) string {
	name := fmt.Sprintf("%s/rule/%d", Plain(r.Route.Key()), r.Index)
	if r.Route.HTTP != nil {
		return "HTTPRoute/" + name
	}
	return name
}

// Plain writes a name of objects without what none can have, and what a
// configuration could mean something by. Each such byte is written as "_" with two
// digits.
func Plain(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-./:", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// MatchPath is the place of an entry's match, or of a field of it.
func MatchPath(e *routing.Entry, more ...any) manifest.Path {
	path := e.Rule.Path()
	if e.Match >= 0 {
		path = append(append(path, "matches", e.Match), more...)
	}
	return path
}

// MethodPath is the place of what an entry's match says of service and method.
func MethodPath(e *routing.Entry) manifest.Path {
	if e.Route.HTTP != nil {
		return MatchPath(e, "path")
	}
	return MatchPath(e, "method")
}

// HeaderPath is the place of what an entry's match says of a header, whose name is
// in lower case.
func HeaderPath(e *routing.Entry, name string) manifest.Path {
	i := -1
	switch r, m := e.Rule.Index, e.Match; {
	case m < 0:
	case e.Route.GRPC != nil:
		i = slices.IndexFunc(e.Route.GRPC.Spec.Rules[r].Matches[m].Headers, func(h gatewayv1.GRPCHeaderMatch) bool {
			return strings.EqualFold(string(h.Name), name)
		})
	case e.Route.HTTP != nil:
		i = slices.IndexFunc(e.Route.HTTP.Spec.Rules[r].Matches[m].Headers, func(h gatewayv1.HTTPHeaderMatch) bool {
			return strings.EqualFold(string(h.Name), name)
		})
	}
	if i < 0 {
		return MatchPath(e, "headers")
	}
	return MatchPath(e, "headers", i)
}

// steps lists the entries of a host that may take a call.
func (p *Plan) steps(s *routing.Server, h *routing.Host) []*Step {
	var out []*Step
	for _, e := range h.Entries {
		if e.Dead != "" {
			// One that the implementation may know is lost; no call is for the others.
			tell := p.Depends
			if e.Opaque() {
				tell = p.Lost
			}
			tell(e.Route.Doc, MatchPath(e), "the match is left out: %s", e.Dead)
			continue
		}
		if e.Certainty == diag.Unknown {
			p.Depends(e.Route.Doc, e.Rule.Path(), "written as if the route is attached: %s", e.Why)
		}
		out = append(out, &Step{Entry: e, Conditions: e.Conditions(), Action: p.action(s, e)})
	}
	return out
}

// action works out what becomes of the calls of a rule.
func (p *Plan) action(s *routing.Server, e *routing.Entry) *Action {
	key := actionKey{s, e.Action}
	if a := p.actions[key]; a != nil {
		return a
	}
	out := &Action{Name: RuleName(e.Rule), Doc: e.Route.Doc, Path: e.Rule.Path()}
	p.actions[key] = out
	p.ruleNotes(e)
	if answer := p.ruleAnswer(s, e); answer != nil {
		out.Parts, out.Total = []Part{{Answer: answer, Weight: 1, Path: out.Path}}, 1
		return out
	}
	rule := at(e.Rule.Path(), e.Action.Filters)
	for i := range e.Action.Shares {
		if share := &e.Action.Shares[i]; share.Weight > 0 {
			out.Parts = append(out.Parts, p.part(s, e, share, rule))
			out.Total += share.Weight
		}
	}
	return out
}

// ruleAnswer is what all calls of a rule get in place of a backend's answer, nil
// when backends, or each reference by itself, answer.
func (p *Plan) ruleAnswer(s *routing.Server, e *routing.Entry) *profile.Answer {
	a := e.Action
	for _, f := range a.Filters {
		if !p.serves(e, f, e.Rule.Path("filters", f.Index)) && a.Answer == nil {
			return &s.Profile.Answers.UnsupportedFilter
		}
	}
	return AnswerOfAll(a)
}

// AnswerOfAll is what all calls of an action get in place of a backend's answer, nil
// when backends, or each reference by itself, answer.
func AnswerOfAll(a *routing.Action) *profile.Answer {
	if a.Answer == nil {
		return nil
	}
	// When every reference fails, each gives its own answer.
	var codes []int
	for i := range a.Shares {
		switch share := &a.Shares[i]; {
		case share.Weight == 0:
		case share.Answer == nil:
			return a.Answer
		default:
			codes = append(codes, share.Answer.GRPC)
		}
	}
	if len(codes) == 0 || codes[0] != a.Answer.GRPC || len(slices.Compact(codes)) == 1 {
		return a.Answer
	}
	return nil
}

// serves reports whether a filter is one whose calls go on: a header modifier, or
// a mirror, which is left out with a warning. What is neither is not skipped (GA
// apis/v1/grpcroute_types.go, GRPCRouteRule.Filters): its calls fail.
func (p *Plan) serves(e *routing.Entry, f *topology.Filter, path manifest.Path) bool {
	request, response := modifiers(f)
	switch {
	case request != nil || response != nil || f.Type == "RequestRedirect": // that answers with its status
		return true
	case f.Type == "RequestMirror":
		p.Lost(e.Route.Doc, path, "the mirror is left out: %s cannot copy calls whose messages come one by one", p.o.Program)
		return true
	}
	p.Lost(e.Route.Doc, path, "%s cannot be told what filter %s does: the calls that it is for fail", p.o.Program, f.Type)
	return false
}

func (p *Plan) part(s *routing.Server, e *routing.Entry, share *routing.Share, rule []located) Part {
	b := share.Backend
	out := Part{Name: fmt.Sprintf("%s/backend/%d", RuleName(e.Rule), b.Index), Weight: share.Weight, Path: b.Path(), Answer: share.Answer}
	for _, f := range share.Filters {
		if !p.serves(e, f, more(out.Path, "filters", f.Index)) && out.Answer == nil {
			out.Answer = &s.Profile.Answers.UnsupportedFilter
		}
	}
	if out.Answer != nil {
		return out
	}
	if share.Why != "" && share.Certainty == diag.Unknown {
		p.Depends(e.Route.Doc, out.Path, "written as if the backend can be used: %s", share.Why)
	}
	var err error
	if out.Upstream, err = p.reach(s, b); err != nil {
		p.Lost(e.Route.Doc, out.Path, "calls to %s %s/%s fail: %v", b.Kind, b.Namespace, b.Name, err)
		out.Answer = unavailable
		return out
	}
	out.Request, out.Response = p.change(e.Route, rule, at(out.Path, share.Filters))
	if out.Request.Empty() && out.Response.Empty() {
		out.Name = out.Upstream.Name
	}
	return out
}

// ruleNotes says what of a rule has no counterpart.
func (p *Plan) ruleNotes(e *routing.Entry) {
	r := e.Rule
	if r.Route.GRPC != nil {
		if spec := r.Route.GRPC.Spec.Rules[r.Index]; spec.SessionPersistence != nil {
			p.Lost(r.Route.Doc, r.Path("sessionPersistence"), "session persistence is left out: calls of one session may go to several endpoints")
		}
		return
	}
	p.Lost(r.Route.Doc, nil, "of an HTTPRoute only what it does with gRPC calls is written")
	if r.Route.HTTP != nil && r.Route.HTTP.Spec.Rules[r.Index].Timeouts != nil {
		p.Lost(r.Route.Doc, r.Path("timeouts"), "timeouts are left out: %s counts the time between messages, not that of a call", p.o.Program)
	}
}
