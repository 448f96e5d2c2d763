package convert_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
)

// pair is a field of a mapping; its value is a string, []pair or a list of those.
type pair struct {
	key   string
	value any
}

// layouter writes mappings in random order, style and quotes, with comments.
type layouter struct {
	maker
	b        strings.Builder
	comments int
}

func (l *layouter) comment() string {
	l.comments++
	return fmt.Sprintf("# c%d", l.comments)
}

// end ends a line.
func (l *layouter) end() {
	if l.IntN(3) == 0 {
		l.b.WriteString(" " + l.comment())
	}
	l.b.WriteString("\n")
}

func (l *layouter) above(indent string) {
	for l.IntN(4) == 0 {
		l.b.WriteString(indent + l.comment() + "\n")
	}
}

func (l *layouter) scalar(text string) string {
	if text == "1" { // a number
		return text
	}
	if strings.ContainsAny(text, `\|()[]*`) {
		return l.of("'" + text + "'")
	}
	return l.of(text, text, "'"+text+"'", `"`+text+`"`)
}

func (l *layouter) flow(v any) string {
	switch v := v.(type) {
	case []pair:
		var parts []string
		for _, p := range v {
			parts = append(parts, p.key+": "+l.flow(p.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case [][]pair:
		var parts []string
		for _, m := range v {
			parts = append(parts, l.flow(m))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return l.scalar(v.(string))
}

// mapping writes a mapping; lead is what stands before its first key.
func (l *layouter) mapping(lead, indent string, m []pair, shuffled bool) {
	if shuffled {
		l.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] })
	}
	for i, p := range m {
		if i > 0 {
			l.above(indent)
			lead = indent
		}
		l.b.WriteString(lead + p.key + ":")
		switch v := p.value.(type) {
		case string:
			l.b.WriteString(" " + l.scalar(v))
			l.end()
		case []pair:
			if len(v) == 0 || l.IntN(3) == 0 {
				l.b.WriteString(" " + l.flow(v))
				l.end()
				continue
			}
			l.end()
			l.above(indent + "  ")
			l.mapping(indent+"  ", indent+"  ", v, shuffled)
		case [][]pair:
			if l.IntN(4) == 0 {
				l.b.WriteString(" " + l.flow(v))
				l.end()
				continue
			}
			l.end()
			deeper := indent + l.of("", "  ")
			for _, item := range v {
				l.above(deeper)
				if len(item) == 0 || l.IntN(4) == 0 {
					l.b.WriteString(deeper + "- " + l.flow(item))
					l.end()
					continue
				}
				l.mapping(deeper+"- ", deeper+"  ", item, shuffled)
			}
		}
	}
}

func (l *layouter) route(i int) {
	var rules [][]pair
	for range 1 + l.IntN(3) {
		rule := []pair{{"backendRefs", [][]pair{{{"name", fmt.Sprintf("b%d", l.IntN(3))}, {"port", "1"}}}}}
		if n := l.IntN(4); n > 0 {
			var matches [][]pair
			for range n {
				matches = append(matches, l.oneMatch())
			}
			rule = append(rule, pair{"matches", matches})
		}
		if l.IntN(3) == 0 {
			rule = append(rule, pair{"timeouts", []pair{{"request", "5s"}}}, pair{"name", fmt.Sprintf("rule-%d", len(rules))})
		}
		if l.IntN(3) == 0 {
			rule = append(rule, pair{"filters", [][]pair{
				{{"type", "URLRewrite"}, {"urlRewrite", []pair{{"hostname", "other.example.com"}}}},
				{{"type", "RequestHeaderModifier"}, {"requestHeaderModifier", []pair{{"set", [][]pair{{{"name", "x"}, {"value", "y1"}}}}}}},
				{{"type", "URLRewrite"}, {"urlRewrite", []pair{{"hostname", "more.example.com"}}}},
			}[:1+l.IntN(3)]})
		}
		rules = append(rules, rule)
	}
	l.above("")
	l.mapping("", "", []pair{
		{"apiVersion", "gateway.networking.k8s.io/" + l.of("v1", "v1beta1")}, {"kind", "HTTPRoute"},
		{"metadata", []pair{{"name", fmt.Sprintf("r%d", i)}, {"namespace", "d"}}},
		{"spec", []pair{{"parentRefs", [][]pair{{{"name", "gw"}}}}, {"rules", rules}}},
	}, true)
}

func (l *layouter) oneMatch() []pair {
	var m []pair
	if l.IntN(5) > 0 {
		path := []pair{{"value", l.of("/p.A/Get", "/p.A", "/", `/p\.(A|B)/Get`, `/p\.A/Get|/q\.C/.*`)}}
		kind := l.of("Exact", "PathPrefix", "")
		if strings.Contains(path[0].value.(string), `\`) {
			kind = "RegularExpression"
		} else if path[0].value != "/p.A/Get" && kind == "Exact" {
			kind = "PathPrefix"
		}
		if kind != "" {
			path = append(path, pair{"type", kind})
		}
		m = append(m, pair{"path", path})
	}
	if l.IntN(2) == 0 {
		m = append(m, pair{"method", l.of("POST", "POST", "GET")})
	}
	if l.IntN(3) == 0 {
		m = append(m, pair{"headers", [][]pair{{{"name", "env"}, {"value", "a"}}}})
	}
	if l.IntN(8) == 0 {
		m = append(m, pair{"queryParams", [][]pair{{{"name", "q"}, {"value", "a"}}}})
	}
	return m
}

// TestRandomLayouts converts routes of every layout. What is written reads as the
// conversion of the values, which Run itself checks; comments are all there, in
// their order, and lines of fields that both kinds have are what they were.
func TestRandomLayouts(t *testing.T) {
	converted, steps, refused := 0, 0, map[string]int{}
	for seed := range uint64(1500) {
		l := &layouter{maker: maker{rand.New(rand.NewPCG(seed, 5))}}
		l.b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n---\n")
		for i := range 1 + l.IntN(2) {
			if i > 0 {
				l.b.WriteString("---\n")
			}
			l.route(i)
		}
		text := l.b.String()
		if seed%5 == 0 {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		set := read(text)
		if len(set.Problems)+len(set.Broken) > 0 {
			t.Fatalf("seed %d: %v\n%s", seed, set.Problems, text)
		}
		o := options(t)
		o.Lossy, o.Only = true, []string{"d/r0"}
		out, err := convert.Run(context.Background(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Routes {
			if r.New != nil {
				converted++
				if inOneStep(t, r, out) {
					steps++
				}
				continue
			}
			refused[r.Why]++
		}
		for _, f := range out.Files {
			if before, after := comments(f.Old), comments(f.New); !slices.Equal(before, after) {
				t.Fatalf("seed %d: comments %q before, %q after:\n%s\n---\n%s", seed, before, after, f.Old, f.New)
			}
			if line, ok := kept(string(f.Old), string(f.New)); !ok {
				t.Fatalf("seed %d: line %q is gone:\n%s\n---\n%s", seed, line, f.Old, f.New)
			}
		}
	}
	if converted < 1000 || steps < 100 {
		t.Errorf("%d routes were converted, %d in one step: %v", converted, steps, refused)
	}
}

// inOneStep makes the changes for --fix=offer, where there are any, which must give
// the same object and keep the comments.
func inOneStep(t *testing.T, r *convert.Route, out *convert.Result) bool {
	t.Helper()
	changes := r.InOneStep()
	if changes == nil {
		return false
	}
	edits, err := r.Doc.Edits(changes)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Doc.File.Data)
	}
	text, err := diag.Apply(r.Doc.File.Data, edits)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Doc.File.Data)
	}
	now := read(string(text)).GRPCRoutes.Get(r.Doc.Ref.Namespace, r.Doc.Ref.Name)
	if now == nil || !reflect.DeepEqual(now.Doc.Value, r.New.Value) || !slices.Equal(comments(text), comments(out.Files[0].Old)) {
		t.Fatalf("in one step:\n%s\nwant:\n%s", text, out.Files[0].New)
	}
	return true
}

// kept reports whether the lines of a text that hold nothing a conversion touches
// are those of another one, too, in their order.
func kept(before, after string) (string, bool) {
	rest := strings.Split(after, "\n")
	for line := range strings.SplitSeq(before, "\n") {
		if !strings.Contains(line, "parentRefs") && !strings.Contains(line, "namespace") && !strings.Contains(line, "port:") && !strings.Contains(line, "metadata") {
			continue
		}
		if strings.Contains(line, "- backendRefs") || strings.Contains(line, "matches") || strings.Contains(line, "{") {
			continue // may stand behind the dash of a field that goes, or in one line with it
		}
		at := slices.Index(rest, line)
		if at < 0 && !strings.Contains(before, "GET") && !strings.Contains(before, "queryParams") {
			return line, false
		}
		rest = rest[max(at, 0):]
	}
	return "", true
}
