package simulate

import (
	"fmt"
	"regexp"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// pushed predicts the condition of implementations whose data plane refuses a
// whole update because of one pattern, which then shows on every route they
// serve.
func (s *predictor) pushed() (Condition, bool) {
	words := s.t.Profile.Wording()
	if words.Pushed == "" || !s.t.Profile.Matching.InvalidRegexBlocksAll {
		return Condition{}, false
	}
	if !s.sought {
		s.sought, s.block = true, s.badPattern()
	}
	if s.block == nil {
		return Condition{}, false
	}
	return Condition{
		Type: words.Pushed, Status: "False", Reason: words.PushedReason, Message: s.block.text,
		Certainty: s.block.certainty, Cause: s.block.cause,
		Note: "written after several updates have failed; until then nothing in any status tells of it",
	}, true
}

// block is a pattern that keeps the data plane from taking updates.
type block struct {
	text      string
	certainty diag.Certainty
	cause     *Cause
}

// badPattern returns the first pattern of an attached route that does not
// compile.
func (s *predictor) badPattern() *block {
	for _, r := range s.t.Routes {
		certainty, served := servedBy(r)
		if !served {
			continue
		}
		for _, rule := range r.Rules {
			if b := s.badMatch(r, rule); b != nil {
				b.certainty = certainty
				return b
			}
		}
	}
	return nil
}

// servedBy reports whether some parent takes a route, and how certain that is.
func servedBy(r *topology.Route) (diag.Certainty, bool) {
	best, served := diag.Unknown, false
	for _, p := range r.Parents {
		if p.Refusal == nil && p.Gateway != nil && !p.Gateway.Foreign {
			certainty, _ := attached(p)
			best, served = min(best, certainty), true
		}
	}
	return best, served
}

func (s *predictor) badMatch(r *topology.Route, rule *topology.Rule) *block {
	if r.GRPC == nil {
		return nil // what HTTPRoutes say of paths is not looked into
	}
	for i, match := range r.GRPC.Spec.Rules[rule.Index].Matches {
		if match.Method != nil {
			form := s.t.Profile.PathForm(&profile.MethodMatch{
				Regex:   match.Method.Type != nil && *match.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression,
				Service: match.Method.Service, Method: match.Method.Method,
			})
			for _, pattern := range form.Patterns() {
				if b := compileError(r, pattern, rule.Path("matches", i, "method")); b != nil {
					return b
				}
			}
		}
		for j, h := range match.Headers {
			if h.Type == nil || *h.Type != gatewayv1.GRPCHeaderMatchRegularExpression {
				continue
			}
			if b := compileError(r, h.Value, rule.Path("matches", i, "headers", j, "value")); b != nil {
				return b
			}
		}
	}
	return nil
}

func compileError(r *topology.Route, pattern string, path manifest.Path) *block {
	if _, err := regexp.Compile(pattern); err != nil {
		return &block{
			text:  fmt.Sprintf("%s %s has a pattern that the data plane cannot compile, so that it takes no update: %v", r.Kind, r.Key(), err),
			cause: &Cause{Range: r.Doc.Range(path...), Field: path.String()},
		}
	}
	return nil
}
