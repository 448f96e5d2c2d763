package nginx

import (
	"cmp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/pcre"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// The subject of the expressions is the path and the values of headers, each
// before a line feed, which neither has.

// The texts as parts of the subject.
var (
	service = pcre.Edges{Begin: `(?<=/)`, End: `(?=/)`, Without: "/\n"}
	method  = pcre.Edges{Begin: `(?<=/)`, End: `(?=\x0a)`, Without: "/\n"}
	path    = pcre.Edges{Begin: `\A`, End: `(?=\x0a)`, Without: "\n"}
	column  = pcre.Edges{Begin: `(?<=\x0a)`, End: `(?=\x0a)`, Without: "\n"}
)

const (
	segment = `[^/\x00-\x20\x7f]+`
	rest    = `[^\x0a]*\x0a`
	// isCall holds for a path of two segments, which others than gRPC calls do not have.
	isCall = `(?=/` + segment + `/` + segment + `\x0a)`
)

// headerNames lists the headers that steps ask for and nginx can be asked for.
func headerNames(steps []*plan.Step) []string {
	var out []string
	for _, s := range steps {
		for _, h := range s.Conditions.Headers {
			if askable(h.Name) {
				out = append(out, h.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// askable reports whether nginx has a variable for a header alone: other characters
// are the same to it as "-", or are none in a variable, and the host is the
// authority.
func askable(name string) bool {
	return name != "host" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-')
	})
}

// match writes the conditions of a step as one expression; whole is false when some
// of them cannot be written, and the expression takes more.
func (w *writer) match(d *door, s *plan.Step, names []string) (text string, whole bool) {
	whole = true
	lost := func(at manifest.Path, format string, args ...any) {
		whole = false
		w.Lost(s.Entry.Route.Doc, at, format, args...)
	}
	text = w.path(s, lost)
	for i, last := 0, w.lastColumn(s, names); i <= last; i++ {
		text += w.column(d, s, names[i], lost)
	}
	for _, h := range s.Conditions.Headers {
		if !askable(h.Name) {
			lost(plan.HeaderPath(s.Entry, h.Name), "nginx cannot be asked for header %q alone: calls that only it tells from others fail", h.Name)
		}
	}
	if len(text) > maxToken {
		lost(plan.MatchPath(s.Entry), "nginx reads no expression of %d characters: calls that it may be meant for fail", len(text))
		return w.path(s, func(manifest.Path, string, ...any) {}), false
	}
	return text, whole
}

// lastColumn returns the index of the last header that a step asks for, -1 for
// none.
func (w *writer) lastColumn(s *plan.Step, names []string) int {
	last := -1
	for _, h := range s.Conditions.Headers {
		last = max(last, slices.Index(names, h.Name))
	}
	return last
}

// lostFunc says what cannot be written.
type lostFunc func(at manifest.Path, format string, args ...any)

func (w *writer) path(s *plan.Step, lost lostFunc) string {
	c := &s.Conditions
	switch {
	case s.AnyPath():
		return rest
	case c.Path.Kind == routing.RegexText:
		return isCall + w.pattern(s, plan.MethodPath(s.Entry), &c.Path, path, lost, `[^\x0a]*`) + `\x0a`
	}
	return isCall + "/" + w.pattern(s, plan.MethodPath(s.Entry), &c.Service, service, lost, segment) +
		"/" + w.pattern(s, plan.MethodPath(s.Entry), &c.Method, method, lost, segment) + `\x0a`
}

// column writes the conditions on the value of a header.
func (w *writer) column(d *door, s *plan.Step, name string, lost lostFunc) string {
	var texts []string
	for i := range s.Conditions.Headers {
		h := &s.Conditions.Headers[i]
		if h.Name != name {
			continue
		}
		at := plan.HeaderPath(s.Entry, name)
		w.Depends(s.Entry.Route.Doc, at, "of a header sent several times nginx before 1.23 compares the first value, and later ones all of them, joined with \", \"")
		if strings.Contains(name, "-") && !d.dashed {
			d.dashed = true
		}
		if strings.Contains(name, "-") {
			w.Depends(s.Entry.Route.Doc, at, "headers with other characters in their names than letters, digits and \"-\" are not passed on: nginx would take %q for %q", strings.ReplaceAll(name, "-", "_"), name)
		}
		present := ""
		if holds(&h.Value, "") {
			present = `(?!\x0a)`
			w.Lost(s.Entry.Route.Doc, at, "nginx does not tell an empty header %q from none: it is not matched", name)
		}
		texts = append(texts, present+w.pattern(s, at, &h.Value, column, lost, `[^\x0a]*`)+`\x0a`)
	}
	if len(texts) == 0 {
		return rest
	}
	out := ""
	for _, text := range texts[:len(texts)-1] {
		out += "(?=" + text + ")"
	}
	return out + texts[len(texts)-1]
}

// pattern writes the condition on a text. Where it cannot be written any text is
// taken.
func (w *writer) pattern(s *plan.Step, at manifest.Path, p *routing.Pattern, e pcre.Edges, lost lostFunc, any string) string {
	switch p.Kind {
	case routing.AnyText:
		return any
	case routing.LiteralText:
		if strings.ContainsAny(p.Text, e.Without) {
			return pcre.Nothing
		}
		return pcre.Quote(p.Text)
	}
	x, err := pcre.Whole(p.Text, e)
	if err != nil {
		lost(at, "pattern %q cannot be written for nginx: %v; calls that it may be meant for fail", cmp.Or(p.Source, p.Text), err)
		return any
	}
	if x.Clipped {
		w.Depends(s.Entry.Route.Doc, at, "nginx reads expressions byte by byte: characters beyond ASCII, which gRPC sends in no path and as no text, are left out of the pattern")
	}
	return x.Text
}
