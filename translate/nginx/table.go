package nginx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// settled finds the literal paths of a table whose first step in order asks for no
// header, so that the path alone decides. What is left is asked in order.
func (w *writer) settled(t *table) map[string]*plan.Action {
	paths := map[string]*plan.Action{}
	lower := map[string]string{} // maps do not tell cases apart
	x := newCandidates(t.of)
	for _, s := range t.of {
		path, ok := literal(s)
		if !ok {
			continue
		}
		if _, done := paths[path]; done {
			continue
		}
		first := x.first(s, path)
		if first == nil || len(first.Conditions.Headers) > 0 || lower[strings.ToLower(path)] != "" {
			continue
		}
		paths[path], lower[strings.ToLower(path)] = first.Action, path
	}
	t.rest = slices.DeleteFunc(slices.Clone(t.of), func(s *plan.Step) bool {
		path, ok := literal(s)
		return ok && paths[path] != nil
	})
	return paths
}

// literal returns the one path that a step takes, if it can stand in a map as it is.
func literal(s *plan.Step) (string, bool) {
	c := &s.Conditions
	if c.Path.Kind != routing.AnyText || c.Service.Kind != routing.LiteralText || c.Method.Kind != routing.LiteralText {
		return "", false
	}
	path := "/" + c.Service.Text + "/" + c.Method.Text
	odd := strings.ContainsFunc(path, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-", r))
	})
	return path, !odd && len(path) < maxToken/4
}

// candidates finds the first step for a literal path.
type candidates struct {
	exact map[string]int // the first of a path, in order
	wide  []int          // the others, in order
	of    []*plan.Step
	left  int // expressions that may still be evaluated
}

// maxEvaluated bounds the expressions that are evaluated to settle the paths of a
// table: about a tenth of a second. Paths beyond are asked in order when calls come.
const maxEvaluated = 1 << 20

func newCandidates(steps []*plan.Step) *candidates {
	x := &candidates{exact: map[string]int{}, of: steps, left: maxEvaluated}
	for i, s := range steps {
		if path, ok := literal(s); !ok {
			x.wide = append(x.wide, i)
		} else if _, ok := x.exact[path]; !ok {
			x.exact[path] = i
		}
	}
	return x
}

// first returns the first step that takes the path of one; nil when that is too
// much to find out.
func (x *candidates) first(s *plan.Step, path string) *plan.Step {
	own := x.exact[path]
	for _, i := range x.wide {
		if i > own {
			break
		}
		if x.left--; x.left < 0 {
			return nil
		}
		if takes(x.of[i], s.Conditions.Service.Text, s.Conditions.Method.Text, path) {
			return x.of[i]
		}
	}
	return x.of[own]
}

// takes reports whether a step's conditions on the path hold.
func takes(s *plan.Step, service, method, path string) bool {
	c := &s.Conditions
	return holds(&c.Service, service) && holds(&c.Method, method) && holds(&c.Path, path)
}

func holds(p *routing.Pattern, text string) bool {
	switch p.Kind {
	case routing.AnyText:
		return true
	case routing.LiteralText:
		return p.Text == text
	case routing.RegexText:
		return p.Regexp.MatchString(text)
	}
	return false
}

// known writes the map from literal paths to rules, and the one that goes on to
// the expressions where it has none. As maps do not tell cases apart, the path
// stands in the value as well and is compared.
func (w *writer) known(d *door) {
	keys := 0
	var b strings.Builder
	for _, t := range d.tables {
		paths := w.settled(t)
		for _, path := range sorted(paths) {
			key := strconv.Itoa(t.id) + path
			w.longest = max(w.longest, len(key))
			fmt.Fprintf(&b, "        \"%s\" \"%s %s\";\n", key, key, w.place(d, paths[path]))
			keys++
		}
	}
	if d.rule = d.name + "_wide"; keys == 0 {
		return
	}
	w.begin(fmt.Sprintf(`"$%s_host$request_uri"`, d.name), d.name+"_known")
	w.out.WriteString(b.String())
	w.end(keys)
	d.rule = d.name + "_rule"
	w.begin(fmt.Sprintf(`"$%s_host$request_uri $%s_known"`, d.name, d.name), d.rule)
	w.entry("default", "$"+d.name+"_wide")
	w.entry(fmt.Sprintf(`"~^(\S+) \1 (?<%s_found>\S+)$"`, d.name), "$"+d.name+"_found")
	w.end(1)
	w.variables++
}

func sorted(m map[string]*plan.Action) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// wide writes the expressions of a table, which are asked in order.
func (w *writer) wide(d *door, t *table) {
	if len(t.rest) == 0 {
		return
	}
	names := headerNames(t.rest)
	from := `"$request_uri\n`
	for _, name := range names {
		from += "$http_" + strings.ReplaceAll(name, "-", "_") + `\n`
	}
	w.line(1, "# %s", describe(t.names))
	w.begin(from+`"`, fmt.Sprintf("%s_wide_%d", d.name, t.id))
	w.entry("default", answerPlace(t.miss))
	for _, s := range t.rest {
		text, whole := w.match(d, s, names)
		a := s.Action
		if !whole {
			a = plan.Refusal(s, plan.Unexpressed)
		}
		w.regexes = true
		w.line(2, "%s %s;", expression(text), w.place(d, a))
	}
	w.end(len(t.rest))
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

// choose writes the map to the expressions of a table, and that from rules to the
// places of their parts.
func (w *writer) choose(d *door) {
	w.begin("$"+d.name+"_host", d.name+"_wide")
	w.entry("default", answerPlace(&profile.Answer{HTTP: 404, GRPC: 12}))
	for _, t := range d.tables {
		to := answerPlace(t.miss)
		if len(t.rest) > 0 {
			to = fmt.Sprintf("$%s_wide_%d", d.name, t.id)
		}
		w.entry(strconv.Itoa(t.id), to)
	}
	w.end(len(d.tables))
	if d.place = d.rule; len(d.splits) == 0 {
		return
	}
	d.place = d.name + "_place"
	w.begin("$"+d.rule, d.place)
	w.entry("default", "$"+d.rule)
	for _, s := range d.splits {
		w.entry(quoted(s.action.Name), "$"+s.variable)
	}
	w.end(len(d.splits))
}
