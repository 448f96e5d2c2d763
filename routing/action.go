package routing

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// Action is what happens to the calls an entry takes. All matches of one rule
// share it.
type Action struct {
	Shares  []Share // one per backendRef, as written
	Total   int64   // sum of the weights that count
	Filters []*topology.Filter
	// Ignored are the filters that the implementation drops without a word, and
	// mirrors whose target does not resolve.
	Ignored []*topology.Filter
	// Answer is set when no call reaches a backend: no backendRefs, all weights
	// zero, an unsupported filter, every weighted reference invalid.
	Answer *profile.Answer
	Why    string
	// Certainty is Unknown when no source says what the implementation does with a
	// filter; the specification is then followed.
	Certainty diag.Certainty
}

// Share is one backendRef's part of an Action: Weight / Action.Total.
type Share struct {
	Backend  *topology.Backend
	Weight   int64
	Protocol profile.Protocol
	Filters  []*topology.Filter
	Ignored  []*topology.Filter // as in Action
	Answer   *profile.Answer    // what its calls get when it cannot be used
	Why      string             // why Answer, or why Unknown
	// Certainty is Unknown when the input does not show whether it resolves.
	Certainty diag.Certainty

	total int64
}

// Fraction returns the share of calls as a reduced fraction: 4/5 for a weight of
// 80 in 100. It is 0/1 when no call reaches the backend.
func (s *Share) Fraction() (num, den int64) {
	if s.Weight == 0 || s.total == 0 {
		return 0, 1
	}
	a, b := s.Weight, s.total
	for b != 0 {
		a, b = b, a%b
	}
	return s.Weight / a, s.total / a
}

// Pick returns the index of the share that takes a call, -1 when none does. For
// uniform random numbers each share's probability is its Fraction, to within
// 2^-40: of the 2^64 numbers each unit of weight owns 2^64/Total, rounded down or
// up.
func (a *Action) Pick(random uint64) int {
	if a.Total == 0 {
		return -1
	}
	high, _ := bits.Mul64(random, uint64(a.Total))
	at := int64(high)
	for i := range a.Shares {
		if at -= a.Shares[i].Weight; at < 0 {
			return i
		}
	}
	return -1
}

// action works out what a rule does with its calls.
func (c *compiler) action(r *topology.Rule) *Action {
	a := &Action{}
	var answers, whys []string
	verdicts := &c.profile.Filters.Rule
	fs := c.filters(r.Route, verdicts, r.Filters)
	a.Filters, a.Ignored, a.Certainty = fs.applied, fs.ignored, fs.certainty
	whys = append(whys, fs.whys...)
	if len(r.Backends) > 0 {
		a.Shares = make([]Share, 0, len(r.Backends))
	}
	for _, b := range r.Backends {
		a.Shares = append(a.Shares, c.share(b))
	}
	c.weigh(a)
	switch {
	case r.Status != 0:
		a.Answer, answers = statusAnswer(r.Status), append(answers, fmt.Sprintf("the configuration answers with HTTP status %d", r.Status))
	case fs.answer != nil:
		a.Answer = fs.answer
	case len(a.Shares) == 0:
		a.Answer, answers = c.noBackend(r.Route), append(answers, "the rule has no backendRefs")
	case a.Total == 0:
		a.Answer, answers = &c.profile.Answers.ZeroWeights, append(answers, "every weight is 0")
	default:
		if a.Answer = a.everyFails(); a.Answer != nil {
			answers = append(answers, "no backendRef with a weight can be used")
		}
	}
	a.Why = strings.Join(append(answers, whys...), "; ")
	return a
}

// statusAnswer is what a gRPC client makes of a bare HTTP status (grpc
// doc/http-grpc-status-mapping.md).
func statusAnswer(code int) *profile.Answer {
	grpc, ok := map[int]int{400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}[code]
	if !ok {
		grpc = 2
	}
	return &profile.Answer{HTTP: code, GRPC: grpc, Source: "gRPC http-grpc-status-mapping"}
}

// ofHTTPRoutes is the answer for missing and for invalid backends of an HTTPRoute (GA
// apis/v1/httproute_types.go, BackendRefs).
var ofHTTPRoutes = profile.Answer{HTTP: 500, GRPC: 2, Source: "Gateway API HTTPRouteRule backendRefs"}

func (c *compiler) noBackend(r *topology.Route) *profile.Answer {
	if r.HTTP != nil {
		return &ofHTTPRoutes
	}
	return &c.profile.Answers.NoBackend
}

// invalidBackend is the answer of a backendRef that cannot be used. The gRPC status
// of the specification is that of GRPCRoutes.
func (c *compiler) invalidBackend(r *topology.Route) *profile.Answer {
	if answer := &c.profile.Answers.InvalidBackend; r.HTTP == nil || answer.HTTP != 200 {
		return answer
	}
	return &ofHTTPRoutes
}

// weigh fills in weights and their total. Every reference keeps its
// part, whether it resolves or not (GA apis/v1/grpcroute_types.go, BackendRefs).
func (c *compiler) weigh(a *Action) {
	rules := &c.profile.Backends
	for i := range a.Shares {
		s := &a.Shares[i]
		if !c.dropped(s.Backend) {
			s.Weight = int64(s.Backend.Weight)
		}
		lone := rules.LoneWeightIgnored && len(a.Shares) == 1
		if s.Weight == 0 && !c.dropped(s.Backend) && (rules.ZeroWeightIsOne || lone) {
			s.Weight = 1
		}
		a.Total += s.Weight
	}
	for i := range a.Shares {
		a.Shares[i].total = a.Total
	}
}

// everyFails returns the answer of the first weighted share when all of them
// fail.
func (a *Action) everyFails() *profile.Answer {
	var first *profile.Answer
	for i := range a.Shares {
		s := &a.Shares[i]
		switch {
		case s.Weight == 0:
		case s.Answer == nil:
			return nil
		case first == nil:
			first = s.Answer
		}
	}
	return first
}

// filterSet is what an implementation makes of a list of filters.
type filterSet struct {
	applied, ignored []*topology.Filter
	answer           *profile.Answer
	whys             []string
	certainty        diag.Certainty
}

func (c *compiler) filters(r *topology.Route, verdicts *profile.FilterVerdicts, fs []*topology.Filter) filterSet {
	var set filterSet
	for _, f := range fs {
		verdict := profile.Supported
		if r.GRPC != nil {
			verdict = verdicts.Of(f.Type)
		}
		switch {
		case verdict == profile.Rejected:
			set.fail(&c.profile.Answers.UnsupportedFilter, fmt.Sprintf("%s does not serve filter %s", c.profile.Name, f.Type))
		case verdict == profile.Ignored:
			set.ignored = append(set.ignored, f)
			set.whys = append(set.whys, fmt.Sprintf("%s ignores filter %s", c.profile.Name, f.Type))
		case f.Type == "RequestMirror" && refused(mirrorRefusal(f)):
			// An invalid mirror is dropped; the primary calls go on (GA
			// apis/v1/httproute_types.go, HTTPRequestMirrorFilter.BackendRef).
			set.ignored = append(set.ignored, f)
			set.whys = append(set.whys, "the mirror is dropped: "+mirrorRefusal(f).Message)
			if verdict == profile.Unknown {
				set.doubt(unsourced(c.profile, f))
			}
		case f.Type == "RequestRedirect" && f.HTTP != nil:
			set.applied = append(set.applied, f)
			set.fail(redirect(f), "a redirect answers the call, which no gRPC client follows")
		case f.Type == "ExtensionRef" && refused(f.Refusal):
			// It must not be skipped (GA apis/v1/grpcroute_types.go, Filters).
			set.fail(&c.profile.Answers.UnsupportedFilter, "filter ExtensionRef cannot be resolved: "+f.Refusal.Message)
		default:
			set.applied = append(set.applied, f)
			switch {
			case f.Type == "ExtensionRef" && f.Refusal != nil:
				set.doubt(f.Refusal.Message)
			case verdict == profile.Unknown:
				set.doubt(unsourced(c.profile, f))
			}
		}
	}
	return set
}

func unsourced(p *profile.Profile, f *topology.Filter) string {
	return fmt.Sprintf("no source says what %s does with filter %s", p.Name, f.Type)
}

func (s *filterSet) fail(a *profile.Answer, why string) {
	if s.answer == nil {
		s.answer = a
	}
	s.whys = append(s.whys, why)
}

func (s *filterSet) doubt(why string) {
	s.certainty = diag.Unknown
	s.whys = append(s.whys, why)
}

func mirrorRefusal(f *topology.Filter) *topology.Refusal {
	if f.Refusal == nil && f.Mirror != nil {
		return f.Mirror.Refusal
	}
	return f.Refusal
}

// refused reports whether a refusal holds as far as the input shows.
func refused(r *topology.Refusal) bool { return r != nil && r.Certainty != diag.Unknown }

// redirect is what a gRPC client makes of an HTTPRoute's redirect: a status that
// the mapping of HTTP codes does not name is UNKNOWN.
func redirect(f *topology.Filter) *profile.Answer {
	code := 302
	if f.HTTP.RequestRedirect != nil {
		code = deref(f.HTTP.RequestRedirect.StatusCode, code)
	}
	return &profile.Answer{HTTP: code, GRPC: 2, Source: "Gateway API HTTPRequestRedirectFilter; gRPC http-grpc-status-mapping"}
}
