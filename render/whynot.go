package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// whyNot is the grpcroute.whynot/v1 contract. Indexes count from 0.
type whyNot struct {
	Schema  string         `json:"schema"`
	Route   *routeRef      `json:"route"`
	Rule    int            `json:"rule"`
	Matches []matchVerdict `json:"matches"`
}

type matchVerdict struct {
	Match   *int      `json:"match"` // null for a rule without matches
	State   string    `json:"state"` // reachable, unreachable or unknown
	Why     string    `json:"why,omitempty"`
	By      []coverer `json:"by"`      // the matches that take its calls
	Witness *witness  `json:"witness"` // reachable: a call that it takes; unreachable: one that it would take
}

type coverer struct {
	Route *routeRef `json:"route"`
	Rule  int       `json:"rule"`
	Match *int      `json:"match"`
}

// WhyNotJSON writes whether a rule can take calls in the grpcroute.whynot/v1
// format.
func WhyNotJSON(w io.Writer, x *simulate.WhyNot) error {
	out := whyNot{Schema: "grpcroute.whynot/v1", Rule: x.Rule.Index, Matches: []matchVerdict{}}
	out.Route = entryRef(&routing.Entry{Clause: &routing.Clause{Route: x.Rule.Route, Rule: x.Rule, Match: -1}})
	for _, v := range x.Verdicts {
		m := matchVerdict{State: v.State.String(), Why: v.Why, By: []coverer{}, Match: indexOrNil(v.Match)}
		if r := shownCall(v); r != nil {
			wit := simulate.WitnessOf(*r)
			m.Witness = witnessOf(&wit)
		}
		for _, e := range v.By {
			m.By = append(m.By, coverer{entryRef(e), e.Rule.Index, indexOrNil(e.Match)})
		}
		out.Matches = append(out.Matches, m)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func indexOrNil(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

// shownCall is the call that shows a verdict, nil when there is none.
func shownCall(v *prove.Verdict) *routing.Request {
	if v.Witness != nil {
		return v.Witness
	}
	return v.Shadowed
}

// WhyNotText writes whether a rule can take calls for people.
func WhyNotText(w io.Writer, x *simulate.WhyNot, o Options) error {
	s := o.style()
	var b strings.Builder
	for _, v := range x.Verdicts {
		name := fmt.Sprintf("rules[%d]", v.Rule.Index)
		if v.Match >= 0 {
			name += fmt.Sprintf(".matches[%d]", v.Match)
		}
		name += " of " + v.Rule.Route.Kind + " " + v.Rule.Route.Key()
		switch v.State {
		case prove.Reachable:
			fmt.Fprintf(&b, "%s: %s\n", s.bold(plain(name)), s.good("a call reaches it"))
		case prove.Unreachable:
			fmt.Fprintf(&b, "%s: %s\n", s.bold(plain(name)), s.bad("no call can reach it"))
		default:
			fmt.Fprintf(&b, "%s: %s\n", s.bold(plain(name)), s.doubt("not known"))
		}
		if v.Why != "" {
			fmt.Fprintf(&b, "  %s\n", plain(v.Why))
		}
		for _, e := range v.By {
			at := entryRange(e)
			fmt.Fprintf(&b, "  %s takes its calls first (%s)\n", plain(coverName(e)), plain(fmt.Sprintf("%s:%d", at.File, at.Start.Line)))
		}
		if r := shownCall(v); r != nil {
			wit := simulate.WitnessOf(*r)
			fmt.Fprintf(&b, "  call: %s\n", plain(callOf(&wit)))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func coverName(e *routing.Entry) string {
	name := fmt.Sprintf("rules[%d]", e.Rule.Index)
	if e.Match >= 0 {
		name += fmt.Sprintf(".matches[%d]", e.Match)
	}
	return name + " of " + e.Route.Kind + " " + e.Route.Key()
}
