package render_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

// resolve reads the manifests of a case and resolves them under the first word
// of its profile file, or the specification.
func resolve(t *testing.T, c *golden.Case) *topology.Topology {
	t.Helper()
	t.Chdir(c.Extract(t, func(name string) bool { return strings.HasSuffix(name, ".yaml") }))
	set, err := manifest.Load([]string{"."}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Problems {
		t.Errorf("%s: %s", p.Range, p.Message)
	}
	o := topology.Options{Profile: profile.Spec}
	if name, ok := c.File("profile"); ok {
		for _, p := range profile.All {
			if p.Name == strings.TrimSpace(name) {
				o.Profile = p
			}
		}
	}
	return topology.Resolve(set, o)
}

// call reads the call of a case: the target, then a flag a line.
func call(c *golden.Case) simulate.Call {
	var out simulate.Call
	text, _ := c.File("call")
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), " ")
		switch name {
		case "-H":
			out.Headers = append(out.Headers, value)
		case "--gateway":
			out.Gateway = value
		default:
			out.Target = s.Text()
		}
	}
	return out
}

func TestExplainCases(t *testing.T) {
	golden.Run(t, "testdata/explain", func(t *testing.T, c *golden.Case) {
		x, err := simulate.Explain(routing.Compile(resolve(t, c)), call(c))
		if err != nil {
			t.Fatal(err)
		}
		c.Want(t, "want.txt", text(t, func(w io.Writer) error { return render.ExplainText(w, x, render.Options{}) }))
		c.Want(t, "narrow.txt", text(t, func(w io.Writer) error { return render.ExplainText(w, x, render.Options{Width: 50, Verbose: true}) }))
		c.Want(t, "want.json", text(t, func(w io.Writer) error { return render.ExplainJSON(w, x) }))
		quiet := text(t, func(w io.Writer) error { return render.ExplainText(w, x, render.Options{Quiet: true}) })
		if strings.Contains(quiet, "considered") {
			t.Errorf("quiet text lists candidates:\n%s", quiet)
		}
		coloured := text(t, func(w io.Writer) error { return render.ExplainText(w, x, render.Options{Color: true}) })
		if !strings.ContainsRune(coloured, '\x1b') {
			t.Error("no colour where it was asked for")
		}
	})
}

func TestStatusCases(t *testing.T) {
	golden.Run(t, "testdata/status", func(t *testing.T, c *golden.Case) {
		top := resolve(t, c)
		refused := map[*manifest.Document]string{}
		if name, ok := c.File("refused"); ok {
			for _, doc := range top.Set.Documents {
				if doc.Ref.Name == strings.TrimSpace(name) {
					refused[doc] = "spec.rules: Too many: 17: must have at most 16 items"
				}
			}
		}
		r := simulate.Status(top, refused)
		c.Want(t, "want.txt", text(t, func(w io.Writer) error { return render.StatusText(w, r, render.Options{}) }))
		c.Want(t, "narrow.txt", text(t, func(w io.Writer) error { return render.StatusText(w, r, render.Options{Width: 50, Verbose: true}) }))
		c.Want(t, "want.json", text(t, func(w io.Writer) error { return render.StatusJSON(w, r) }))
		c.Want(t, "want.yaml.txt", text(t, func(w io.Writer) error { return render.StatusYAML(w, r) }))
	})
}
