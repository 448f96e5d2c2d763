package simulate_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// TestSeedDocuments holds the tool to the three guides the project began with:
// every example loads, is admitted, and routes as its guide says. Where a guide is
// wrong the case says so in "wrong": which statement, and why not.
func TestSeedDocuments(t *testing.T) {
	golden.Run(t, seeds, func(t *testing.T, c *golden.Case) {
		set := load(t, c)
		admitted(t, set)
		if wrong, ok := c.File("wrong"); ok {
			checkWrong(t, wrong)
		}
		runCalls(t, c)
		if _, ok := c.File("status"); ok {
			c.Want(t, "status", statusText(set, simulate.StatusAll(setupOf(t, c, "").topologies(t, set), nil)))
		}
	})
}

// TestExplainCases are calls through whole manifests.
func TestExplainCases(t *testing.T) {
	golden.Run(t, explains, func(t *testing.T, c *golden.Case) {
		load(t, c)
		runCalls(t, c)
	})
}

// runCalls runs the "calls" of a case under auto, and its "calls.NAME" under the
// profile of that name.
func runCalls(t *testing.T, c *golden.Case) {
	t.Helper()
	set, ran := load(t, c), 0
	for _, name := range c.Files() {
		section, profileName, _ := strings.Cut(name, ".")
		if section != "calls" {
			continue
		}
		ran++
		want, _ := c.File(name)
		tables := setupOf(t, c, profileName).tables(t, set)
		var got strings.Builder
		for _, line := range strings.Split(strings.TrimSuffix(want, "\n"), "\n") {
			got.WriteString(relative(set, runCall(t, tables, line)))
		}
		c.Want(t, name, got.String())
	}
	if ran == 0 {
		t.Error("the case has no calls")
	}
}

// runCall answers one line, "CALL => ANSWER"; lines that begin with "#" and what
// was answered below are passed over.
func runCall(t *testing.T, tables []*routing.Table, line string) string {
	t.Helper()
	if strings.HasPrefix(line, "  ") {
		return ""
	}
	if strings.HasPrefix(line, "#") || line == "" {
		return line + "\n"
	}
	text, _, _ := strings.Cut(line, " => ")
	text, details := strings.CutPrefix(text, "? ")
	x, err := simulate.ExplainAll(tables, callOf(t, text))
	if err != nil {
		return text + " => error: " + err.Error() + "\n"
	}
	out := text + " => " + answer(x) + "\n"
	if details {
		out = "? " + out + reasons(x)
	}
	return out
}

// callOf reads a call as it would stand on a command line: single quotes, -H,
// --authority, --gateway, --listener, --port, --sni.
func callOf(t *testing.T, text string) simulate.Call {
	t.Helper()
	var c simulate.Call
	words := split(text)
	var target []string
	for i := 0; i < len(words); i++ {
		value := ""
		if strings.HasPrefix(words[i], "-") {
			if i+1 == len(words) {
				t.Fatalf("%s: no value for %s", text, words[i])
			}
			value = words[i+1]
		}
		switch words[i] {
		case "-H":
			c.Headers = append(c.Headers, value)
		case "--authority":
			c.Authority = value
		case "--gateway":
			c.Gateway = value
		case "--listener":
			c.Listener = value
		case "--sni":
			c.SNI = value
		case "--port":
			if _, err := fmt.Sscan(value, &c.Port); err != nil {
				t.Fatal(err)
			}
		default:
			target = append(target, words[i])
			continue
		}
		i++
	}
	c.Target = strings.Join(target, " ")
	return c
}

// split splits at blanks outside single quotes.
func split(text string) []string {
	var words []string
	for i, part := range strings.Split(text, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// answer writes where a call goes in one line.
func answer(x *simulate.Explanation) string {
	d := x.Decision
	text := ""
	switch d.Outcome {
	case routing.Routed:
		text = rule(d.Entry) + " -> " + strings.Join(shares(d.Entry), ", ")
	case routing.Refused:
		text = rule(d.Entry) + " refused" + status(d.Answer)
	case routing.NoListener:
		text = "no-listener" + status(d.Answer)
	case routing.NoMatch:
		text = "no-match" + status(d.Answer)
	}
	if d.Certainty != diag.Certain {
		text += fmt.Sprintf(" [%s]", d.Certainty)
	}
	return text
}

func rule(e *routing.Entry) string {
	return fmt.Sprintf("%s rule %d", e.Route.Key(), e.Rule.Index)
}

func status(a *profile.Answer) string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf(", grpc %d", a.GRPC)
}

func shares(e *routing.Entry) []string {
	var list []string
	for _, s := range e.Action.Shares {
		text := fmt.Sprintf("%s/%s", s.Backend.Namespace, s.Backend.Name)
		if s.Backend.Port != 0 {
			text += fmt.Sprintf(":%d", s.Backend.Port)
		}
		text += " " + fraction(s.Weight, e.Action.Total)
		if s.Answer != nil {
			text += " fails" + strings.Replace(status(s.Answer), ",", "", 1)
		}
		if s.Certainty == diag.Unknown {
			text += "?"
		}
		list = append(list, text)
	}
	return list
}

func fraction(n, of int64) string {
	a, b := n, of
	for b != 0 {
		a, b = b, a%b
	}
	if a == 0 {
		return "0"
	}
	return fmt.Sprintf("%d/%d", n/a, of/a)
}

// reasons writes why the other candidates lost, suggestions, and what is unknown.
func reasons(x *simulate.Explanation) string {
	var b strings.Builder
	for _, c := range x.Decision.Considered {
		match := ""
		if c.Entry.Match >= 0 {
			match = fmt.Sprintf(" match %d", c.Entry.Match)
		}
		switch c.Verdict {
		case routing.Won:
			fmt.Fprintf(&b, "  %s%s won\n", rule(c.Entry), match)
		case routing.Lost:
			fmt.Fprintf(&b, "  %s%s matched, lost on %s (%s)\n", rule(c.Entry), match, c.Key, c.Why)
		default:
			fmt.Fprintf(&b, "  %s%s did not match: %s\n", rule(c.Entry), match, c.Why)
		}
	}
	for _, list := range []struct {
		label string
		texts []string
	}{{"near", x.Near}, {"unknown", x.Unknowns}, {"note", x.Notes}} {
		for _, text := range list.texts {
			fmt.Fprintf(&b, "  %s: %s\n", list.label, text)
		}
	}
	return b.String()
}

// checkWrong reads "says:" and "but:" in pairs.
func checkWrong(t *testing.T, text string) {
	t.Helper()
	var heads []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" {
			continue
		}
		head, rest, _ := strings.Cut(line, ": ")
		if rest == "" {
			t.Errorf("wrong: %q says nothing", line)
		}
		heads = append(heads, head)
	}
	if len(heads) == 0 || len(heads)%2 != 0 {
		t.Fatalf("wrong: expected pairs of says and but, got %q", heads)
	}
	for pair := range slices.Chunk(heads, 2) {
		if pair[0] != "says" || pair[1] != "but" {
			t.Errorf("wrong: expected says, then but, got %q", pair)
		}
	}
}

// TestPredictedConditions compares the conditions each implementation would
// write with the "status" of its cases.
func TestPredictedConditions(t *testing.T) {
	covered := map[string]bool{}
	golden.Run(t, profiles, func(t *testing.T, c *golden.Case) {
		name := path.Dir(c.Name)
		covered[name] = true
		set := load(t, c)
		ts := setupOf(t, c, strings.TrimPrefix(name, "auto")).topologies(t, set)
		report := simulate.StatusAll(ts, refusedBy(t, set))
		checkReport(t, name, report)
		c.Want(t, "status", statusText(set, report))
	})
	for _, p := range profile.All {
		if !covered[p.Name] {
			t.Errorf("profile %s has no case in %s/%s", p.Name, profiles, p.Name)
		}
		if p.AsBuilt != nil && !covered[p.Name+"-as-built"] {
			t.Errorf("profile %s has no case in %s/%s-as-built", p.Name, profiles, p.Name)
		}
	}
}
