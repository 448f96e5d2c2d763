package simulate_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

// The folders of cases, seen from this package.
const (
	seeds    = "../testdata/seeds"
	explains = "../testdata/explain"
	profiles = "../testdata/profile"
)

// load reads the manifests of a case: its .yaml and .json files.
func load(t *testing.T, c *golden.Case) *manifest.Set {
	t.Helper()
	dir := c.Extract(t, func(name string) bool { return filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".json" })
	set, err := manifest.Load([]string{dir}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range set.Problems {
		t.Errorf("load: %s: %s", d.Range, d.Message)
	}
	if len(set.Documents) == 0 {
		t.Error("no document was read")
	}
	return set
}

// setup is what a case is run under.
type setup struct {
	profile string // "" for auto; "pingora-as-built" for the as-built variant
	assume  topology.Assume
	tunnel  string
}

// option reads one line of a case's "options" file.
func (s *setup) option(t *testing.T, line string) {
	t.Helper()
	key, value, _ := strings.Cut(line, " ")
	switch key {
	case "assume":
		switch value {
		case "present":
			s.assume = topology.AssumePresent
		case "absent":
			s.assume = topology.AssumeAbsent
		default:
			t.Fatalf("unknown assumption %q", value)
		}
	case "tunnel-protocol":
		s.tunnel = value
	default:
		t.Fatalf("unknown option %q", line)
	}
}

// setupOf reads the options of a case.
func setupOf(t *testing.T, c *golden.Case, profileName string) setup {
	t.Helper()
	s := setup{profile: profileName}
	text, _ := c.File("options")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line != "" {
			s.option(t, line)
		}
	}
	return s
}

// topologies resolves a set as the commands do.
func (s setup) topologies(t *testing.T, set *manifest.Set) []*topology.Topology {
	t.Helper()
	o := topology.Options{Assume: s.assume, TunnelProtocol: s.tunnel}
	if s.profile != "" {
		name, asBuilt := strings.CutSuffix(s.profile, "-as-built")
		p, err := profile.ByName(name, asBuilt)
		if err != nil {
			t.Fatal(err)
		}
		o.Profile = p
		return []*topology.Topology{topology.Resolve(set, o)}
	}
	var ts []*topology.Topology
	for _, p := range topology.Profiles(set) {
		o.Profile, o.Auto = p, true
		ts = append(ts, topology.Resolve(set, o))
	}
	return ts
}

func (s setup) tables(t *testing.T, set *manifest.Set) []*routing.Table {
	t.Helper()
	var tables []*routing.Table
	for _, top := range s.topologies(t, set) {
		tables = append(tables, routing.Compile(top))
	}
	return tables
}

// admitted fails the test when a server would refuse a document of the case.
func admitted(t *testing.T, set *manifest.Set) {
	t.Helper()
	server, err := admission.New("1.6", "standard")
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range set.Documents {
		for _, f := range server.Check(doc) {
			if f.Refuses {
				t.Errorf("%s is refused: %s", doc.Ref, f.Server)
			}
		}
	}
}

// at writes a range without the folder a case was extracted to.
func at(r diag.Range) string {
	r.File = filepath.Base(r.File)
	return r.String()
}

// relative drops the folder a case was extracted to from a text.
func relative(set *manifest.Set, text string) string {
	for _, f := range set.Files {
		text = strings.ReplaceAll(text, f.Name, filepath.Base(f.Name))
	}
	return text
}

// statusText writes a report in a compact form for golden files.
func statusText(set *manifest.Set, r *simulate.StatusReport) string {
	var b strings.Builder
	for _, route := range r.Routes {
		fmt.Fprintf(&b, "%s %s\n", route.Route.Kind, route.Route.Key())
		if route.Why != "" {
			fmt.Fprintf(&b, "  no status: %s\n", route.Why)
		}
		for _, p := range route.Parents {
			fmt.Fprintf(&b, "  parentRefs[%d] by %s\n", p.Parent.Index, named(p.Controller))
			conditions(&b, "    ", p.Conditions)
		}
		for _, s := range route.Skipped {
			if len(route.Parents) > 0 {
				fmt.Fprintf(&b, "  parentRefs[%d] has no entry: %s\n", s.Parent.Index, s.Why)
			}
		}
	}
	for _, g := range r.Gateways {
		fmt.Fprintf(&b, "Gateway %s by %s\n", g.Gateway.Key(), named(g.Controller))
		listeners(&b, g.Why, g.Conditions, g.Listeners)
	}
	for _, s := range r.ListenerSets {
		fmt.Fprintf(&b, "%s by %s\n", s.Set.Object.Doc.Ref, named(s.Controller))
		listeners(&b, s.Why, s.Conditions, s.Listeners)
	}
	return relative(set, b.String())
}

func named(controller string) string {
	if controller == "" {
		return "an unnamed controller"
	}
	return controller
}

func listeners(b *strings.Builder, why string, cs []simulate.Condition, ls []simulate.ListenerStatus) {
	if why != "" {
		fmt.Fprintf(b, "  no status: %s\n", why)
	}
	conditions(b, "  ", cs)
	for _, l := range ls {
		attached := fmt.Sprint(l.AttachedRoutes)
		if l.AttachedUnknown > 0 {
			attached += fmt.Sprintf(" and perhaps %d", l.AttachedUnknown)
		}
		fmt.Fprintf(b, "  listener %s: attachedRoutes %s, supportedKinds [%s]\n", l.Listener.Name, attached, strings.Join(l.SupportedKinds, " "))
		conditions(b, "    ", l.Conditions)
	}
}

func conditions(b *strings.Builder, indent string, cs []simulate.Condition) {
	for _, c := range cs {
		fmt.Fprintf(b, "%s%s=%s %s", indent, c.Type, c.Status, c.Reason)
		if c.Certainty != diag.Certain {
			fmt.Fprintf(b, " (%s)", c.Certainty)
		}
		if c.Message != "" {
			fmt.Fprintf(b, ": %s", c.Message)
		}
		if c.Cause != nil {
			fmt.Fprintf(b, " <- %s %s", at(c.Cause.Range), c.Cause.Field)
		}
		b.WriteByte('\n')
		if c.Note != "" {
			fmt.Fprintf(b, "%s  note: %s\n", indent, c.Note)
		}
	}
}

// refusedBy returns what an API server would not take.
func refusedBy(t *testing.T, set *manifest.Set) map[*manifest.Document]string {
	t.Helper()
	server, err := admission.New("1.6", "standard")
	if err != nil {
		t.Fatal(err)
	}
	refused := map[*manifest.Document]string{}
	for _, doc := range set.Documents {
		for _, f := range server.Check(doc) {
			if _, known := refused[doc]; f.Refuses && !known {
				refused[doc] = f.Server
			}
		}
	}
	return refused
}
