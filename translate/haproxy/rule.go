package haproxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/pcre"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// sides is how many sides the die has that divides calls. That it is a power of two
// makes all sides alike to HAProxy; a share is exact to a billionth.
const sides = 1 << 30

// maxPattern is the longest pattern that is written.
const maxPattern = 8000

// maxInPlace is how many conditions stand in a rule: HAProxy reads lines of 64 words.
const maxInPlace = 6

// condition writes a condition: in its place, which HAProxy reads faster, or by a
// name.
func (d *door) condition(text string, inPlace bool) string {
	if inPlace && !strings.HasSuffix(text, "'}'") { // which would end it
		return "{ " + text + " }"
	}
	name := d.acls[text]
	if name == "" {
		name = fmt.Sprintf("c%d", len(d.acls))
		d.acls[text] = name
		fmt.Fprintf(&d.lines, "    acl %s %s\n", name, text)
	}
	return name
}

// table writes the rules of a table, in order.
func (w *writer) table(d *door, t *table) {
	of := ""
	if len(d.tables) > 1 {
		of = " " + d.condition(fmt.Sprintf("var(txn.table) -m int %d", t.id), true)
	}
	fmt.Fprintf(&d.rules, "    # %s\n", describe(t.names))
	for _, s := range t.of {
		conditions, long, whole := w.match(d, s)
		a := s.Action
		if !whole {
			a = plan.Refusal(s, plan.Unexpressed)
		}
		for _, conditions := range long {
			w.use(d, w.answer(tooMuch), of+conditions)
		}
		w.parts(d, a, of+conditions)
		if of+conditions == "" {
			return // it takes all
		}
	}
	w.use(d, w.answer(t.miss), of)
}

func describe(names []string) string {
	names = slices.Clone(names)
	for i, name := range names {
		if name == "" {
			names[i] = "any other host"
		}
	}
	if len(names) > 4 {
		names = append(names[:4], fmt.Sprintf("and %d more", len(names)-4))
	}
	return strings.Join(names, ", ")
}

// parts writes the rules that divide the calls of a match. One throw of the die
// counts for all of them; what is left goes to the last part.
func (w *writer) parts(d *door, a *plan.Action, conditions string) {
	sum := int64(0)
	for i := range a.Parts {
		p := &a.Parts[i]
		sum += p.Weight
		below := ""
		if i < len(a.Parts)-1 {
			d.dice = true
			below = fmt.Sprintf(" { var(txn.dice) -m int lt %d }", (sum*sides+a.Total/2)/a.Total)
		}
		w.use(d, w.part(p), conditions+below)
	}
}

func (w *writer) use(d *door, backend, conditions string) {
	if conditions != "" {
		conditions = " if" + conditions
	}
	fmt.Fprintf(&d.rules, "    use_backend %s%s\n", backend, conditions)
}

// clause is one condition of a step.
type clause struct {
	text string
	// long is the condition that the text is longer than text can be asked of; "" when
	// it can be asked of any.
	long string
}

// match writes the conditions of a step, and those of calls of which it cannot be
// asked; whole is false when some of them cannot be written, and the others take
// more.
func (w *writer) match(d *door, s *plan.Step) (conditions string, long []string, whole bool) {
	whole = true
	lost := func(at manifest.Path, format string, args ...any) {
		whole = false
		w.Lost(s.Entry.Route.Doc, at, format, args...)
	}
	var out []clause
	add := func(c clause) {
		if c.text != "" {
			out = append(out, c)
		}
	}
	c := &s.Conditions
	switch literal := c.Service.Kind == routing.LiteralText && c.Method.Kind == routing.LiteralText; {
	case s.AnyPath():
	case c.Path.Kind == routing.RegexText:
		d.calls = true
		add(clause{text: "var(txn.call) -m found"})
		add(w.test("pathq", &c.Path, s, plan.MethodPath(s.Entry), lost))
	case literal:
		add(clause{text: "pathq -m str -- " + quoted("/"+c.Service.Text+"/"+c.Method.Text)})
	default:
		d.calls = true
		if c.Service.Kind == routing.AnyText && c.Method.Kind == routing.AnyText {
			add(clause{text: "var(txn.call) -m found"})
		}
		add(w.test("var(txn.service)", &c.Service, s, plan.MethodPath(s.Entry), lost))
		add(w.test("var(txn.method)", &c.Method, s, plan.MethodPath(s.Entry), lost))
	}
	for i := range c.Headers {
		add(w.header(d, s, &c.Headers[i], lost))
	}
	for i := range out {
		if out[i].long != "" {
			long = append(long, d.all(out, i))
		}
	}
	return d.all(out, -1), long, whole
}

// all writes that all clauses hold, but that one, if any, cannot be asked.
func (d *door) all(clauses []clause, long int) string {
	out := ""
	for i, c := range clauses {
		if i == long {
			c.text = c.long
		}
		out += " " + d.condition(c.text, len(clauses) <= maxInPlace)
	}
	return out
}

// maxGrouped is the longest text that is asked an expression which repeats a group.
// HAProxy does not say when its matcher runs out of memory; that has enough for some
// thousand characters.
const maxGrouped = 512

// lostFunc says what cannot be written.
type lostFunc func(at manifest.Path, format string, args ...any)

// header writes the condition on a header.
func (w *writer) header(d *door, s *plan.Step, h *routing.HeaderPattern, lost lostFunc) clause {
	at := plan.HeaderPath(s.Entry, h.Name)
	if h.Name == "host" || !plan.IsHeader(h.Name) {
		lost(at, "HAProxy cannot be asked for header %q of a gRPC call: calls that only it tells from others fail", h.Name)
		return clause{}
	}
	if h.Each {
		return w.test("req.fhdr("+h.Name+")", &h.Value, s, at, lost)
	}
	i := slices.Index(d.headers, h.Name)
	if i < 0 {
		i = len(d.headers)
		d.headers = append(d.headers, h.Name)
	}
	w.Depends(s.Entry.Route.Doc, at, "calls that send the header more than %d times get RESOURCE_EXHAUSTED: no more values are joined", maxRepeated)
	return w.test(fmt.Sprintf("var(txn.h%d)", i), &h.Value, s, at, lost)
}

// test writes the condition on a text, "" for none. Where it cannot be written any
// text is taken.
func (w *writer) test(of string, p *routing.Pattern, s *plan.Step, at manifest.Path, lost lostFunc) clause {
	switch p.Kind {
	case routing.AnyText:
		return clause{}
	case routing.LiteralText:
		if strings.ContainsAny(p.Text, "\x00\r\n") {
			return clause{text: "always_false"} // no header has such a value
		}
		if p.Text == "" { // no word of a condition is empty
			return clause{text: of + ",length -m int 0"}
		}
		return clause{text: of + " -m str -- " + quoted(p.Text)}
	}
	w.regexes = true
	x, err := pcre.Whole(p.Text, pcre.Alone)
	if err == nil && len(x.Text) > maxPattern {
		err = fmt.Errorf("it has %d characters", len(x.Text))
	}
	if err != nil {
		lost(at, "pattern %q cannot be written for HAProxy: %v; calls that it may be meant for fail", cmp.Or(p.Source, p.Text), err)
		return clause{text: of + " -m found"}
	}
	if x.Clipped {
		w.Depends(s.Entry.Route.Doc, at, "HAProxy reads expressions byte by byte: characters beyond ASCII, which gRPC sends in no path and as no text, are left out of the pattern")
	}
	out := clause{text: of + ` -m reg -- '\A` + x.Text + `\z'`}
	if x.Grouped {
		w.Depends(s.Entry.Route.Doc, at, "calls with more than %d characters here get RESOURCE_EXHAUSTED: HAProxy may not find the end of the repeated group", maxGrouped)
		out.long = fmt.Sprintf("%s,length -m int gt %d", of, maxGrouped)
	}
	return out
}
