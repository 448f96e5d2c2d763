package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/simulate"
)

func diffReportOf(ds []*simulate.Diff) *diffReport {
	out := &diffReport{
		Schema: "grpcroute.diff/v1", Equal: true,
		Regions: []diffRegion{}, Unknown: []diffUnknown{}, Comparisons: []diffComparison{},
	}
	for i, d := range ds {
		out.Equal = out.Equal && d.Equal()
		c := diffComparison{
			Old: diffSide{validText(d.Old.Label), strings.Join(d.Old.Profiles, ",")}, New: diffSide{validText(d.New.Label), strings.Join(d.New.Profiles, ",")},
			Equal: d.Equal(), Notes: list(d.Notes),
		}
		if d.Traffic {
			c.Calls, c.Changed = &d.Calls, &d.Seen
		}
		out.Comparisons = append(out.Comparisons, c)
		for _, why := range d.Unknown {
			out.Unknown = append(out.Unknown, diffUnknown{i, why})
		}
		for j := range d.Regions {
			out.Regions = append(out.Regions, diffRegionOf(i, &d.Regions[j]))
		}
	}
	return out
}

func diffRegionOf(comparison int, r *simulate.DiffRegion) diffRegion {
	return diffRegion{
		Comparison: comparison, Change: string(r.Change), Gateways: list(r.Gateways), Hosts: list(r.Hosts),
		Service: r.Service, Method: r.Method, Headers: list(r.Headers), Calls: r.Calls,
		Certainty: r.Certainty.String(), Unknown: r.Why, Witness: *witnessOf(&r.Witness),
		Old: diffActionOf(r.Old), New: diffActionOf(r.New),
	}
}

func diffActionOf(e *prove.Effect) diffAction {
	out := diffAction{Backends: []diffTarget{}, Filters: list(e.Filters), Extras: list(e.Extras), Response: responseOf(e.Answer)}
	if e.Answer != nil {
		out.Why = "no rule matches"
		if e.Answer.HTTP == 0 {
			out.Why = e.Answer.Source
		}
	}
	if e.Entry == nil {
		out.Name, out.File, out.Line = validText(e.Who), validText(e.Range.File), e.Range.Start.Line
		if e.Why != "" {
			out.Why = validText(e.Why)
		}
	}
	if r := e.Entry; r != nil {
		file, line := placeOf(r.Rule)
		out.Route = &routeRef{r.Route.Kind, objectKey{r.Route.Namespace, r.Route.Name}, validText(file), line}
		out.Rule, out.RuleName, out.Match, out.Why = &r.Rule.Index, r.Rule.Name, indexOf(r.Match), r.Action.Why
	}
	for _, ts := range [][]prove.Target{e.Targets, e.Drained} {
		for i := range ts {
			t := &ts[i]
			out.Backends = append(out.Backends, diffTarget{
				Group: t.Group, Kind: t.Kind, Namespace: t.Namespace, Name: t.Name, Port: t.Port,
				Share: fraction(t.Num, t.Den), Percent: percent(t.Num, t.Den), TLS: t.TLS, Filters: t.Filters, Response: responseOf(t.Answer),
			})
		}
	}
	return out
}

// changeMeanings say what each change is, for people.
var changeMeanings = map[simulate.Change]string{
	simulate.ChangeLost:       "more calls fail than before",
	simulate.ChangeMoved:      "calls go to other backends",
	simulate.ChangeReweighted: "the same backends get other shares",
	simulate.ChangeGained:     "fewer calls fail than before",
	simulate.ChangeFilters:    "the same backends, with other filters or settings",
	simulate.ChangeStatus:     "what fails fails with another status",
}

// diffSummary says in one line how a comparison ends.
func diffSummary(d *simulate.Diff) string {
	return fmt.Sprintf("%s to %s: %s", d.Old.Label, d.New.Label, diffVerdict(d))
}

// diffVerdict is the summary without the names of the sides.
func diffVerdict(d *simulate.Diff) string {
	of := "every call"
	if d.Traffic {
		of = "every call of the log"
	}
	open := ""
	if n := len(d.Unknown); n > 0 {
		open = fmt.Sprintf("%s not decided", count(n, "question"))
	}
	switch {
	case d.Equal():
		return fmt.Sprintf("equal, %s is treated alike", of)
	case len(d.Regions) == 0:
		return "no difference found, " + open
	}
	text := count(len(d.Regions), "difference")
	if d.Traffic {
		text += fmt.Sprintf(" for %d of %s of the log", d.Seen, count(d.Calls, "call"))
	}
	text += " (" + strings.Join(diffCounts(d), ", ") + ")"
	if open != "" {
		text += ", " + open
	}
	return text
}

// diffCounts counts the regions by change: "1 lost", "2 moved".
func diffCounts(d *simulate.Diff) []string {
	var out []string
	for _, change := range simulate.Changes {
		n := 0
		for i := range d.Regions {
			if d.Regions[i].Change == change {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, change))
		}
	}
	return out
}

// hostsShown is how many hosts of a region are named for people.
const hostsShown = 4

// regionText says which calls a region is.
func regionText(r *simulate.DiffRegion) string {
	hosts := r.Hosts
	if n := len(hosts); n > hostsShown+1 {
		hosts = append(slices.Clone(hosts[:hostsShown]), fmt.Sprintf("%d more hosts", n-hostsShown))
	}
	text := fmt.Sprintf("%s: service %s, method %s", strings.Join(hosts, ", "), r.Service, r.Method)
	if r.Service == "any" && r.Method == "any" {
		text = strings.Join(hosts, ", ") + ": any service and method"
	}
	if len(r.Headers) > 0 {
		text += ", where " + strings.Join(r.Headers, " and ")
	}
	return text
}

// ruleOf names the rule of an action, "" for none.
func (a *diffAction) ruleOf() string {
	if a.Route == nil {
		return a.Name
	}
	return ruleText(a.Route.Kind, a.Route.Namespace+"/"+a.Route.Name, *a.Rule, a.RuleName)
}

// place is where the rule of an action is written.
func (a *diffAction) place() string {
	switch {
	case a.Route == nil && a.File != "":
		return fmt.Sprintf("%s:%d", a.File, a.Line)
	case a.Route == nil || a.Route.File == "":
		return ""
	}
	return fmt.Sprintf("%s:%d", a.Route.File, a.Route.Line)
}

// ends says what happens to the calls, a line for each destination, filter and
// setting.
func (a *diffAction) ends() []string {
	if a.Response != nil {
		text := fmt.Sprintf("gRPC %s (%d)", a.Response.GRPC, a.Response.Code)
		if a.Response.HTTP != 0 {
			text = responseText(a.Response)
		}
		if a.Why != "" {
			text += ": " + a.Why
		}
		return []string{text}
	}
	var out []string
	for i := range a.Backends {
		t := &a.Backends[i]
		text := fmt.Sprintf("%s (%s) to %s", t.Share, percentText(t.Percent), backendText(&backendShare{Kind: t.Kind, Namespace: t.Namespace, Name: t.Name, Port: t.Port}))
		if t.TLS != "" {
			text += ", TLS to " + t.TLS
		}
		if len(t.Filters) > 0 {
			text += ", " + strings.Join(t.Filters, ", ")
		}
		if t.Response != nil {
			text += ", whose calls get " + responseText(t.Response)
		}
		out = append(out, text)
	}
	return append(append(out, a.Filters...), a.Extras...)
}

// explainCommand is what to type to follow the witness of a region on the new
// side, "" where explain cannot.
func explainCommand(d *simulate.Diff, r *simulate.DiffRegion) string { return explainOn(&d.New, r) }

// explainOn is that for one side.
func explainOn(side *simulate.DiffSide, r *simulate.DiffRegion) string {
	if slices.ContainsFunc(r.Gateways, func(g string) bool { return strings.HasPrefix(g, "Service ") }) || len(side.Files) == 0 {
		return ""
	}
	text := "grpcroute explain"
	for _, f := range side.Files {
		text += " -f " + shellWord(f)
	}
	if side.Chosen {
		text += " --profile " + strings.Join(side.Profiles, ",")
	}
	return text + " " + callOf(&r.Witness)
}
