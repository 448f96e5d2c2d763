package agreement

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc/metadata"
)

// landed compares backend, status and headers.
func (g *Through) landed(p *Plane, want *routing.Decision, code int, sent, head, trail metadata.MD, fail func(string, ...any)) {
	a := want.Entry.Action
	number := strings.Join(head.Get("backend"), ",")
	unserved := want.Server.Profile.Answers.UnsupportedFilter.GRPC
	expected, matched := g.expected(want, number)
	got := number
	if got == "" {
		got = "answer " + fmt.Sprint(code)
	}
	switch {
	case a.Answer != nil && !expected[got], a.Answer == nil && slices.ContainsFunc(a.Filters, extension):
		wantCode := unserved
		if a.Answer != nil {
			wantCode = a.Answer.GRPC
		}
		if code != wantCode || number != "" {
			fail("status %d from backend %q, want %d", code, number, wantCode)
		}
		return
	case !expected[got]:
		fail("%s (backend or status) is none of %v", got, expected)
		return
	}
	p.count(a, got)
	if len(matched) != 1 {
		return // an error, or which of several it was does not show
	}
	g.Routed++
	if got, want := seen(trail), modified(sent, a.Filters, matched[0].Filters); got != want {
		fail("the backend saw\n%s\nwant\n%s", got, want)
	}
	if got, want := strings.Join(head.Get("who"), "|"), answered(a.Filters, matched[0].Filters); got != want {
		fail("the answer's header is %q, want %q", got, want)
	}
}

// Weigh compares the shares of all calls with the weights: within five standard
// deviations, which by chance fails once in a million.
func (g *Through) Weigh() {
	for _, p := range g.planes {
		g.weighOf(p)
	}
}

func (g *Through) weighOf(plane *Plane) {
	weighed := 0
	for action, got := range plane.shares {
		n := 0
		for _, count := range got {
			n += count
		}
		want := map[string]float64{}
		for i := range action.Shares {
			s := &action.Shares[i]
			num, den := s.Fraction()
			name := g.names[fmt.Sprintf("%s/%s:%d", s.Backend.Namespace, s.Backend.Name, s.Backend.Port)]
			switch {
			case s.Answer != nil:
				name = fmt.Sprintf("answer %d", s.Answer.GRPC)
			case got[name] == 0 && num > 0 && len(s.Filters) > 0:
				name = "answer 2" // an ExtensionRef, or chance, which the others show
			}
			want[name] += float64(num) / float64(den)
		}
		for name, p := range want {
			if off := math.Abs(float64(got[name]) - p*float64(n)); off > 5*math.Sqrt(float64(n)*p*(1-p))+1 && action.Answer == nil {
				g.t.Errorf("%s: %s: %d of %d calls, want %.3f of them: %v", plane.Name, name, got[name], n, p, got)
			}
			if p > 0 && p < 1 {
				weighed++
			}
		}
	}
	if weighed == 0 {
		g.t.Errorf("%s: no weights were compared", plane.Name)
	}
	g.t.Logf("%s: %d calls, %d routed by all, %d shares weighed", plane.Name, g.Calls, g.Routed, weighed)
}

// extension reports whether a filter is one that Explain cannot know, or that no
// proxy is told of.
func extension(f *topology.Filter) bool {
	return !slices.Contains([]string{"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect"}, string(f.Type))
}

// expected returns what may become of a call, by backend or status, and which of
// the rule's backends the given one is.
func (g *Through) expected(want *routing.Decision, number string) (expected map[string]bool, matched []*routing.Share) {
	a := want.Entry.Action
	unserved := want.Server.Profile.Answers.UnsupportedFilter.GRPC
	expected = map[string]bool{}
	for i := range a.Shares {
		s := &a.Shares[i]
		failure := 0
		switch {
		case s.Weight == 0:
			continue
		case s.Answer != nil:
			failure = s.Answer.GRPC
		case slices.ContainsFunc(s.Filters, extension):
			failure = unserved // Explain cannot know what it does
		case (s.Backend.Policy != nil || s.Protocol.Name == profile.H2) && want.Server.Profile.Backends.TLS != profile.Ignored:
			failure = 14 // the backend of the test has no TLS
		}
		at := "answer " + fmt.Sprint(failure)
		if failure == 0 {
			at = g.names[fmt.Sprintf("%s/%s:%d", s.Backend.Namespace, s.Backend.Name, s.Backend.Port)]
		}
		expected[at] = true
		if failure == 0 && at == number {
			matched = append(matched, s)
		}
	}
	return expected, matched
}
