package render

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/simulate"
)

// DiffText writes comparisons for people: a summary line each, then the regions
// by change, the worst first.
func DiffText(w io.Writer, ds []*simulate.Diff, o Options) error {
	p := diffPrinter{Options: o, style: o.style(), sides: [2]string{"from", "to"}, meanings: changeMeanings, command: explainCommand}
	for i, d := range ds {
		if i > 0 {
			p.WriteString("\n")
		}
		p.diff(d)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

type diffPrinter struct {
	strings.Builder
	Options
	style
	sides [2]string // what the two are called
	// meanings say what each change is.
	meanings map[simulate.Change]string
	command  func(*simulate.Diff, *simulate.DiffRegion) string
}

func (p *diffPrinter) diff(d *simulate.Diff) {
	text := strings.Join(wrap(plain(diffSummary(d)), p.width()-2), "\n  ")
	if d.Equal() {
		text = p.good(text)
	}
	fmt.Fprintln(p, p.bold(text))
	if p.Quiet {
		return
	}
	p.regions(d)
	p.list("not decided", d.Unknown)
	p.list("notes", d.Notes)
}

// regions writes the regions, by change.
func (p *diffPrinter) regions(d *simulate.Diff) {
	var last simulate.Change
	for i := range d.Regions {
		r := &d.Regions[i]
		if r.Change != last {
			fmt.Fprintf(p, "\n%s: %s\n", p.change(r.Change), p.meanings[r.Change])
			last = r.Change
		} else {
			p.WriteString("\n")
		}
		p.region(d, r)
	}
}

// change paints the name of a change.
func (p *diffPrinter) change(c simulate.Change) string {
	switch c {
	case simulate.ChangeLost:
		return p.bad(string(c))
	case simulate.ChangeGained:
		return p.good(string(c))
	}
	return p.doubt(string(c))
}

func (p *diffPrinter) region(d *simulate.Diff, r *simulate.DiffRegion) {
	text := regionText(r)
	if d.Traffic {
		text += fmt.Sprintf(" (%s)", count(r.Calls, "call"))
	}
	for i, line := range wrap(plain(text), p.width()-4) {
		if i > 0 {
			line = "  " + line
		}
		fmt.Fprintf(p, "  %s\n", p.bold(line))
	}
	p.field("through", strings.Join(r.Gateways, ", "), nil)
	old, now := diffActionOf(r.Old), diffActionOf(r.New)
	p.action(p.sides[0], &old)
	p.action(p.sides[1], &now)
	if r.Certainty == diag.Unknown {
		p.field("unknown", r.Why, p.doubt)
	}
	// A command stays in one piece, to be pasted.
	if command := p.command(d, r); command != "" {
		fmt.Fprintf(p, "    %s %s\n", p.label(pad("try", 8)), plain(command))
	}
}

func (p *diffPrinter) action(name string, a *diffAction) {
	var paint func(string) string
	if a.Response != nil {
		paint = p.bad
	}
	if rule := a.ruleOf(); rule != "" {
		p.field(name, rule+"  "+a.place(), nil)
		name = ""
	}
	for _, line := range a.ends() {
		p.field(name, line, paint)
		name = ""
	}
}

// field writes a named value, wrapped under itself.
func (p *diffPrinter) field(name, text string, paint func(string) string) {
	for _, line := range wrap(plain(text), p.width()-13) {
		if paint != nil {
			line = paint(line)
		}
		fmt.Fprintf(p, "    %s %s\n", p.label(pad(name, 8)), line)
		name = ""
	}
}

func (p *diffPrinter) list(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.bold(title))
	for _, text := range texts {
		fmt.Fprintf(p, "  - %s\n", strings.Join(wrap(plain(text), p.width()-4), "\n    "))
	}
}

// percentText rounds to two decimals; the share beside it is exact.
func percentText(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "%"
}
