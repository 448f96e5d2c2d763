package render

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// unmatchedShown is how many candidates that did not match are listed without -v:
// the first are the nearest, and a large table has thousands.
const unmatchedShown = 8

// verdictColumns is the width of "did not match".
const verdictColumns = 13

// ExplainText writes where a call goes and why for people.
func ExplainText(w io.Writer, x *simulate.Explanation, o Options) error {
	p := explainPrinter{Options: o, style: o.style(), x: x, view: explanationOf(x)}
	p.headline()
	p.answer()
	if !o.Quiet {
		p.list("did you mean", x.Near)
		p.list("the answer depends on what the input does not show", x.Unknowns)
		p.list("notes", x.Notes)
		p.considered()
	}
	_, err := io.WriteString(w, p.String())
	return err
}

type explainPrinter struct {
	strings.Builder
	Options
	style
	x    *simulate.Explanation
	view *explanation
}

// headline says how the call ends in one line.
func (p *explainPrinter) headline() {
	v := p.view
	var end string
	switch p.x.Decision.Outcome {
	case routing.Routed:
		end = p.good("routed") + " to " + p.bold(plain(p.target()))
	case routing.Refused:
		end = p.bad("taken by "+plain(p.target())) + ", which answers with an error"
	case routing.NoMatch:
		end = p.bad("no rule matches")
	case routing.NoListener:
		end = p.bad("no listener serves this host")
	}
	if v.Certainty != "certain" {
		end += " " + p.doubt("("+v.Certainty+")")
	}
	text := fmt.Sprintf("%s/%s/%s: %s", p.bold(plain(v.Request.Authority)), plain(v.Request.Service), plain(v.Request.Method), end)
	if columns(text) > p.width() {
		text = strings.Join(wrap(text, p.width()-2), "\n  ")
	}
	fmt.Fprintf(p, "%s\n\n", text)
}

func (p *explainPrinter) target() string {
	v := p.view
	return ruleText(v.Route.Kind, v.Route.Namespace+"/"+v.Route.Name, *v.Rule, v.RuleName)
}

// answer lists what takes the call on its way, from the listener to the backends.
func (p *explainPrinter) answer() {
	v, d := p.view, p.x.Decision
	if l := v.Listener; l != nil {
		p.field("listener", plain(listenerText(l)))
	}
	if d.Host != nil {
		p.field("host", plain(anyHost(v.Hostname)))
	}
	if d.Entry != nil {
		p.field("rule", plain(p.target())+p.at(v.Route.File, v.Route.Line))
		p.field("match", plain(matchText(d.Entry)))
		for _, f := range v.Filters {
			p.field("filter", plain(filterText(&f)))
		}
		for i := range v.Backends {
			p.backend(&v.Backends[i])
		}
		if why := d.Entry.Action.Why; why != "" {
			p.field("because", plain(why))
		}
	}
	if d.Misdirected {
		p.field("connection", plain("the authority belongs to another listener than the connection's SNI"))
	}
	p.field("answer", p.response())
	if v.Profile != "" {
		p.field("profile", v.Profile)
	}
}

func (p *explainPrinter) response() string {
	if r := p.view.Response; r != nil {
		return p.bad(responseText(r))
	}
	refused := false
	for _, b := range p.view.Backends {
		refused = refused || b.Response != nil && b.Weight > 0
	}
	if refused {
		return "the backend's, or the error of the share that has none"
	}
	return "the backend's"
}

func (p *explainPrinter) backend(b *backendShare) {
	share := fmt.Sprintf("%-5s %6s  ", b.Share, strconv.FormatFloat(math.Round(b.Percent*100)/100, 'f', -1, 64)+"%")
	p.field("backend", share+plain(backendText(b)))
	below := func(text string, paint func(string) string) {
		for _, line := range wrap(plain(text), p.width()-13-len(share)) {
			p.field("", strings.Repeat(" ", len(share))+paint(line))
		}
	}
	if t := b.TLS; t != nil {
		below(fmt.Sprintf("TLS to %s, by BackendTLSPolicy %s/%s", t.Hostname, t.Policy.Namespace, t.Policy.Name), p.dim)
	}
	for i := range b.Filters {
		below("filter "+filterText(&b.Filters[i]), p.dim)
	}
	switch {
	case b.Refusal != nil:
		below(b.Refusal.Reason+": "+b.Refusal.Message, p.bad)
	case b.Unknown != "":
		below("unknown: "+b.Unknown, p.doubt)
	case b.Certainty != diag.Certain.String():
		below(b.Certainty, p.doubt)
	}
	if b.Response != nil {
		below("its calls get "+responseText(b.Response), p.bad)
	}
}

// field writes a named value, wrapped under itself only where it must be: values
// are laid out in columns.
func (p *explainPrinter) field(name, text string) {
	lines := []string{text}
	if room := p.width() - 13; columns(text) > room {
		lines = wrap(text, room)
	}
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(p, "  %s %s\n", p.label(pad(name, 10)), line)
	}
}

func (p *explainPrinter) at(file string, line int) string {
	if file == "" {
		return ""
	}
	return p.dim(fmt.Sprintf("  %s:%d", plain(file), line))
}

// considered lists every candidate with the criterion on which it lost.
func (p *explainPrinter) considered() {
	if len(p.view.Considered) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.bold("considered, best first"))
	order, hidden := p.order()
	for _, i := range order {
		p.candidate(&p.view.Considered[i], &p.x.Decision.Considered[i])
	}
	if hidden > 0 {
		fmt.Fprintf(p, "  %s\n", p.dim(fmt.Sprintf("and %d more that did not match (-v lists them)", hidden)))
	}
}

// order returns the candidates to show and how many are left out. Where there are
// too many that did not match, those that met most conditions are shown.
func (p *explainPrinter) order() (shown []int, hidden int) {
	var unmatched []int
	for i := range p.view.Considered {
		if p.x.Decision.Considered[i].Verdict == routing.Unmatched {
			unmatched = append(unmatched, i)
		} else {
			shown = append(shown, i)
		}
	}
	if len(unmatched) > unmatchedShown && !p.Verbose {
		slices.SortStableFunc(unmatched, func(a, b int) int {
			return cmp.Compare(progress(&p.x.Decision.Considered[b]), progress(&p.x.Decision.Considered[a]))
		})
		hidden = len(unmatched) - unmatchedShown
		unmatched = unmatched[:unmatchedShown]
	}
	return append(shown, unmatched...), hidden
}

// progress says how far a candidate came before a condition failed.
func progress(c *routing.Candidate) int {
	switch {
	case strings.HasPrefix(c.Condition, "header "):
		return 3
	case c.Condition == "method":
		return 2
	case c.Condition == "service":
		return 1
	}
	return 0
}

func (p *explainPrinter) candidate(c *candidate, of *routing.Candidate) {
	name := ruleText(c.Kind, c.Route, c.Rule, c.RuleName)
	if c.Match != nil {
		name += fmt.Sprintf(" matches[%d]", *c.Match)
	}
	verdict, why := p.good(pad("won", verdictColumns)), ""
	switch of.Verdict {
	case routing.Lost:
		verdict, why = p.doubt(pad("lost", verdictColumns)), "on "+of.Key+": "+of.Why
	case routing.Unmatched:
		verdict, why = p.dim(pad("did not match", verdictColumns)), of.Why
	}
	indent := strings.Repeat(" ", verdictColumns+4)
	lines := []string{plain(name) + p.at(c.File, c.Line)}
	if room := p.width() - len(indent); columns(lines[0]) > room {
		lines = wrap(lines[0], room)
	}
	fmt.Fprintf(p, "  %s  %s\n", verdict, strings.Join(lines, "\n"+indent))
	for _, line := range wrap(plain(strings.TrimSuffix(why, ": ")), p.width()-len(indent)) {
		fmt.Fprintf(p, "%s%s\n", indent, line)
	}
	if p.Verbose && c.Certainty != "certain" {
		fmt.Fprintf(p, "%s%s\n", indent, p.doubt(c.Certainty+": "+plain(of.Entry.Why)))
	}
}

func (p *explainPrinter) list(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.bold(title))
	for _, text := range texts {
		for i, line := range wrap(plain(text), p.width()-4) {
			lead := "  - "
			if i > 0 {
				lead = "    "
			}
			fmt.Fprintf(p, "%s%s\n", lead, line)
		}
	}
}
