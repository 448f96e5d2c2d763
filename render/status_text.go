package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/simulate"
)

// StatusText writes predicted conditions for people: a table over all objects,
// with each parent and each listener named above its rows, and under them the
// message of each condition that is not as it should be.
func StatusText(w io.Writer, r *simulate.StatusReport, o Options) error {
	p := statusPrinter{Options: o, style: o.style()}
	for i := range r.Routes {
		p.route(&r.Routes[i])
	}
	for i := range r.Gateways {
		p.gateway(gatewayParts(&r.Gateways[i]))
	}
	for i := range r.ListenerSets {
		p.gateway(setParts(&r.ListenerSets[i]))
	}
	text, err := p.assemble()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// statusPrinter gathers text and rows in turn. The rows of all objects are laid
// out as one table, so that columns stand in the same place everywhere.
type statusPrinter struct {
	strings.Builder
	Options
	style
	texts []string // texts[i] stands before row i
	rows  []*simulate.Condition
}

// assemble lays out the rows and puts the texts between them.
func (p *statusPrinter) assemble() (string, error) {
	t := table{header: []string{"condition", "status", "reason", "certainty", "cause"}}
	for _, c := range p.rows {
		at := ""
		if c.Cause != nil {
			at = plain(c.Cause.Range.String())
		}
		t.rows = append(t.rows, []string{plain(c.Type), plain(c.Status), plain(c.Reason), c.Certainty.String(), at})
	}
	t.paint = func(row, column int, text string) string { return p.cell(p.rows[row], column, text) }
	header, rows, err := t.layout(p.Options, "    ")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(header)
	for i, row := range rows {
		b.WriteString(p.texts[i] + row)
	}
	b.WriteString(p.String())
	return b.String(), nil
}

func (p *statusPrinter) heading(text, file string) {
	if p.Len() > 0 || len(p.rows) > 0 {
		p.WriteByte('\n')
	}
	gap := "  "
	if columns(text)+columns(file)+len(gap) > p.width() {
		gap = "\n  "
	}
	if file != "" {
		file = gap + p.dim(plain(file))
	}
	fmt.Fprintf(p, "%s%s\n", p.bold(plain(text)), file)
}

func (p *statusPrinter) route(s *simulate.RouteStatus) {
	file := ""
	if s.Route.Doc != nil {
		file = s.Route.Doc.File.Name
	}
	p.heading(s.Route.Kind+" "+s.Route.Key(), file)
	if len(s.Parents) == 0 && s.Why != "" {
		p.text("  ", p.doubt("no status: ")+plain(s.Why))
	}
	for _, parent := range s.Parents {
		controller := parent.Controller
		if controller == "" {
			controller = "unknown"
		}
		p.text("  ", p.label("parent ")+plain(parentText(parent.Parent))+p.dim(plain(", controller "+controller)))
		p.conditions(parent.Conditions)
	}
	for _, skipped := range s.Skipped {
		p.text("  ", p.label("parent ")+plain(parentText(skipped.Parent))+": "+p.doubt("no entry: ")+plain(skipped.Why))
	}
}

func (p *statusPrinter) gateway(s listening) {
	p.heading(s.kind+" "+s.doc.Ref.Key(), s.doc.File.Name)
	if s.why != "" {
		p.text("  ", p.doubt("no status: ")+plain(s.why))
	}
	p.conditions(s.conditions)
	for _, l := range s.listeners {
		kinds := strings.Join(l.SupportedKinds, ", ")
		if kinds == "" {
			kinds = "none"
		}
		attached := count(l.AttachedRoutes, "route") + " attached"
		if l.AttachedUnknown > 0 {
			attached += fmt.Sprintf(" and perhaps %d more", l.AttachedUnknown)
		}
		p.text("  ", p.label("listener ")+plain(l.Listener.Name)+p.dim(plain(", "+attached+", kinds "+kinds)))
		p.conditions(l.Conditions)
	}
}

func (p *statusPrinter) conditions(cs []simulate.Condition) {
	for i := range cs {
		p.texts = append(p.texts, p.String())
		p.Reset()
		p.rows = append(p.rows, &cs[i])
	}
	for _, c := range cs {
		if c.Message != "" && (p.Verbose || !fine(&c)) {
			p.text("    ", p.label(plain(c.Type)+": ")+plain(c.Message))
		}
		if c.Note != "" {
			p.text("    ", p.label(plain(c.Type)+": ")+p.dim(plain(c.Note)))
		}
	}
}

func (p *statusPrinter) cell(c *simulate.Condition, column int, text string) string {
	switch {
	case column == 0 || column == 4:
		return text
	case column == 3 && c.Certainty == diag.Certain:
		return p.dim(text)
	case column == 3, c.Status == "Unknown", c.Status == simulate.Undetermined:
		return p.doubt(text)
	case fine(c):
		return p.good(text)
	}
	return p.bad(text)
}

// text writes a text wrapped under itself.
func (p *statusPrinter) text(lead, text string) {
	for i, line := range wrap(text, p.width()-len(lead)-2) {
		if i > 0 {
			line = "  " + line
		}
		fmt.Fprintf(p, "%s%s\n", lead, line)
	}
}

// adverse lists the conditions for which False is as it should be (Gateway API
// condition polarity: GEP-1364).
var adverse = []string{"Conflicted", "PartiallyInvalid", "OverlappingTLSConfig", "InsecureFrontendValidationMode", "RouteRulesOverlap"}

func fine(c *simulate.Condition) bool {
	if slices.Contains(adverse, c.Type) {
		return c.Status == "False"
	}
	return c.Status == "True"
}
