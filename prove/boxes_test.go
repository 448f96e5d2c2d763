package prove_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// boxDice makes random boxes over few names.
type boxDice struct{ *rand.Rand }

func (d boxDice) pattern(literals, expressions []string) routing.Pattern {
	switch d.IntN(6) {
	case 0, 1, 2:
		return routing.Pattern{Kind: routing.LiteralText, Text: literals[d.IntN(len(literals))]}
	case 3:
		return routing.Pattern{}
	}
	return routing.Pattern{Kind: routing.RegexText, Text: expressions[d.IntN(len(expressions))], Source: "a"} // a name that many share
}

func (d boxDice) path() prove.PathCondition {
	p := prove.PathCondition{Not: d.IntN(5) == 0}
	p.Pattern = d.pattern([]string{"/a/x", "/a/", "/a", "/", "/b/x", "/ab/xy"},
		[]string{"^/a.*", "x$", "b", "^/(?:a|b)/x.*$", "^/.+/x$", "^/[^/]+/(?:x|y)$", "(?i)^/A/", "^/a|/b/x$"})
	p.Prefix = p.Pattern.Kind == routing.LiteralText && d.IntN(2) == 0
	return p
}

func (d boxDice) header() prove.HeaderCondition {
	h := prove.HeaderCondition{Name: []string{"h", "k"}[d.IntN(2)], Not: d.IntN(4) == 0, Absent: d.IntN(4) == 0}
	h.Value = d.pattern([]string{"1", "", "ab", "2"}, []string{"^[0-9]*$", "a", "^(?:ab|1)$", "(?i)^AB$", "^$"})
	if d.IntN(8) == 0 {
		h.Value = routing.Pattern{Kind: routing.NoText}
	}
	return h
}

func (d boxDice) list(name string) *prove.List {
	l := &prove.List{Miss: d.effect(name, "miss")}
	for i := range d.IntN(6) {
		b := prove.Box{Effect: d.effect(name, fmt.Sprint(i))}
		for range d.IntN(3) {
			b.Paths = append(b.Paths, d.path())
		}
		for range d.IntN(3) {
			b.Headers = append(b.Headers, d.header())
		}
		l.Boxes = append(l.Boxes, b)
	}
	return l
}

// effect is one of three, or one of its own.
func (d boxDice) effect(list, name string) *prove.Effect {
	if d.IntN(3) > 0 {
		list, name = "shared", fmt.Sprint(d.IntN(3))
	}
	return prove.Mixed([]prove.Target{{Kind: "Service", Namespace: list, Name: name, Num: 1, Den: 1}}, nil)
}

func (d boxDice) call() routing.Request {
	text := func(pool ...string) string { return pool[d.IntN(len(pool))] }
	q := routing.Request{Path: "/" + text("a", "ab", "b", "A", "c", "ba") + "/" + text("x", "xy", "y", "X", "z", "bx")}
	for _, name := range []string{"h", "k"} {
		if d.IntN(2) == 0 {
			q.Headers = append(q.Headers, routing.Header{Name: name, Value: text("1", "", "ab", "AB", "2", "77", "cab", "z")})
		}
	}
	return q
}

func takesText(p routing.Pattern, text string) bool {
	switch p.Kind {
	case routing.AnyText:
		return true
	case routing.LiteralText:
		return p.Text == text
	case routing.RegexText:
		return regexp.MustCompile(p.Text).MatchString(text)
	}
	return false
}

// first is what a list does with a call, by asking its boxes one after the other.
func first(l *prove.List, q *routing.Request) *prove.Effect {
	for i := range l.Boxes {
		b := &l.Boxes[i]
		path := !slices.ContainsFunc(b.Paths, func(p prove.PathCondition) bool {
			ok := takesText(p.Pattern, q.Path)
			if p.Prefix {
				ok = strings.HasPrefix(q.Path, p.Pattern.Text)
			}
			return ok == p.Not
		})
		headers := !slices.ContainsFunc(b.Headers, func(h prove.HeaderCondition) bool {
			at := slices.IndexFunc(q.Headers, func(o routing.Header) bool { return o.Name == h.Name })
			if at < 0 {
				return !h.Absent
			}
			return takesText(h.Value, q.Headers[at].Value) == h.Not
		})
		if path && headers {
			return b.Effect
		}
	}
	return l.Miss
}

// TestComparisonOfBoxes: every witness differs as its region says, and every random
// call that differs is of a pair of effects that some region has.
func TestComparisonOfBoxes(t *testing.T) {
	n, calls := 600, 200
	if testing.Short() {
		n = 200
	}
	regions, differing := 0, 0
	for seed := range n {
		d := boxDice{rand.New(rand.NewPCG(uint64(seed), 5))}
		old, new := d.list("old"), d.list("new")
		c := prove.NewComparison(context.Background(), prove.Options{})
		found, open, err := c.Compare(old, new)
		c.Close()
		if err != nil || len(open) > 0 {
			t.Fatalf("seed %d: %v, %v", seed, open, err)
		}
		pairs := map[string]bool{}
		for _, r := range found {
			regions++
			pairs[r.Old.Key()+r.New.Key()] = true
			if a, b := first(old, &r.Witness), first(new, &r.Witness); a.Key() != r.Old.Key() || b.Key() != r.New.Key() {
				for i := range old.Boxes {
					t.Logf("old %d: %+v", i, old.Boxes[i])
				}
				t.Fatalf("seed %d: witness %+v of %s gets %s and %s, want %s and %s", seed, r.Witness, r, a.Key(), b.Key(), r.Old.Key(), r.New.Key())
			}
		}
		for range calls {
			q := d.call()
			a, b := first(old, &q), first(new, &q)
			if a.Key() == b.Key() {
				continue
			}
			differing++
			if !pairs[a.Key()+b.Key()] {
				t.Fatalf("seed %d: %+v gets %s and %s, and no region says so", seed, q, a.Key(), b.Key())
			}
		}
	}
	t.Logf("%d regions, %d random calls that differ", regions, differing)
	if regions < n || differing < n {
		t.Errorf("%d regions, %d random calls that differ", regions, differing)
	}
}

// TestUnknownBoxes: what a box of which nothing is known may take is open, and the rest
// is decided.
func TestUnknownBoxes(t *testing.T) {
	here := prove.Mixed([]prove.Target{{Kind: "Service", Name: "a", Num: 1, Den: 1}}, nil)
	literal := func(text string) []prove.PathCondition {
		return []prove.PathCondition{{Pattern: routing.Pattern{Kind: routing.LiteralText, Text: text}}}
	}
	old := &prove.List{Miss: here}
	new := &prove.List{Miss: here, Boxes: []prove.Box{
		{Paths: literal("/p.A/Get"), Effect: here}, {Paths: literal("/p.A/Get"), Unknown: "hidden"}, {Paths: literal("/p.B/Get"), Unknown: "a plugin"},
	}}
	c := prove.NewComparison(context.Background(), prove.Options{})
	defer c.Close()
	regions, open, err := c.Compare(old, new)
	if err != nil || len(regions) != 0 || len(open) != 1 || open[0].Why != "a plugin" || open[0].Region.String() != "p.B/Get" {
		t.Errorf("%v, %+v, %v", regions, open, err)
	}
}

func TestHostSets(t *testing.T) {
	for _, tt := range []struct {
		names []string
		one   bool
		want  string
	}{
		{nil, false, "any host"},
		{[]string{"a.com", "*.com"}, false, "a.com; *.com; any other host"},
		{[]string{"*.com"}, true, "*.com; *.com with more labels; any other host"},
		{[]string{"any.com", "*.com", "*.any1.com", ""}, false, "any.com; *.any1.com; *.com; any other host"},
		{[]string{"a.*", "*.com"}, false, "a.*.com; a.*; *.com; any other host"},
		{[]string{"*-b.com", "*.com"}, false, "*-b.com; *.com; any other host"},
	} {
		var got []string
		seen := map[string]bool{}
		for _, s := range prove.HostSets(tt.names, tt.one) {
			got = append(got, s.Text)
			if seen[s.Host] || !regexp.MustCompile("^(?:"+s.Pattern+")$").MatchString(s.Host) {
				t.Errorf("%v: host %s of %s", tt.names, s.Host, s.Text)
			}
			seen[s.Host] = true
		}
		if text := strings.Join(got, "; "); text != tt.want {
			t.Errorf("%v: %s, want %s", tt.names, text, tt.want)
		}
	}
}
