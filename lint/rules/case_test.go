package rules_test

import (
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// options reads a command line such as "lint --assume=absent --profile kgateway".
// It knows the flags of the command that change what is found, and --print, which
// makes a golden case print the findings of further rules.
func options(t *testing.T, line string) (o lint.Options, also []string) {
	t.Helper()
	fs := flag.NewFlagSet("lint", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.GatewayAPI, "gateway-api", "", "")
	fs.StringVar(&o.Channel, "channel", "", "")
	fs.StringVar(&o.TunnelProtocol, "tunnel-protocol", "", "")
	fs.BoolVar(&o.StrictDocs, "strict-docs", false, "")
	fs.BoolVar(&o.Advice, "advice", false, "")
	fs.BoolVar(&o.RequireReason, "require-reason", false, "")
	fs.Func("print", "", func(ids string) error {
		also = strings.Split(ids, ",")
		return nil
	})
	fs.Func("proto", "", func(string) error { return nil })         // see readProtos
	fs.Func("backend-proto", "", func(string) error { return nil }) // see readProtos
	assume := fs.String("assume", "", "")
	name := fs.String("profile", "", "")
	words := strings.Fields(line)
	if len(words) > 0 && words[0] == "lint" {
		words = words[1:]
	}
	if err := fs.Parse(words); err != nil || fs.NArg() > 0 {
		t.Fatalf("options %q: %v, rest %q", line, err, fs.Args())
	}
	switch *assume {
	case "":
	case "present":
		o.Assume = topology.AssumePresent
	case "absent":
		o.Assume = topology.AssumeAbsent
	default:
		t.Fatalf("options %q: no such assumption", line)
	}
	for _, id := range also {
		if rules.Get(id) == nil {
			t.Fatalf("options %q: there is no rule %s", line, id)
		}
	}
	for _, p := range profile.All {
		if p.Name == *name {
			o.Profile = p
		}
	}
	if *name != "" && o.Profile == nil {
		t.Fatalf("options %q: no such profile", line)
	}
	return o, also
}

// readProtos reads what --proto and --backend-proto of an options line name, below
// a folder.
func readProtos(t *testing.T, line, dir string, o *lint.Options) {
	t.Helper()
	read := func(path string) *descriptor.Set {
		set, err := descriptor.Load(descriptor.Options{Protos: []string{filepath.Join(dir, path)}})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	for _, word := range strings.Fields(line) {
		if path, ok := strings.CutPrefix(word, "--proto="); ok {
			o.Descriptors = read(path)
		}
		if mapping, ok := strings.CutPrefix(word, "--backend-proto="); ok {
			name, path, _ := strings.Cut(mapping, "=")
			if o.BackendDescriptors == nil {
				o.BackendDescriptors = map[string]*descriptor.Set{}
			}
			o.BackendDescriptors[name] = read(path)
		}
	}
}

// lintText runs every rule over one text.
func lintText(t *testing.T, text string, o lint.Options) diag.List {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := lint.Run(set, rules.All, o)
	if err != nil {
		t.Fatal(err)
	}
	return result.Diagnostics
}

// lintFolder runs every rule over a folder, as the command does: the API server is
// asked while documents are read, and their values are dropped. Keeping the values
// must come to the same, and so must looking at as few routes at a time as can be.
// File names are printed below the folder.
func lintFolder(t *testing.T, dir string, o lint.Options) diag.List {
	t.Helper()
	kept, err := lint.Run(loadFolder(t, dir, manifest.Options{}), rules.All, o)
	if err != nil {
		t.Fatal(err)
	}
	found := lintWatched(t, dir, math.MaxInt64, o).Diagnostics
	if diff := cmp.Diff(kept.Diagnostics, found, cmpopts.IgnoreFields(diag.Diagnostic{}, "Fix")); diff != "" {
		t.Errorf("with values kept (-) and dropped (+):\n%s", diff)
	}
	if diff := cmp.Diff(found, lintWatched(t, dir, 1, o).Diagnostics); diff != "" {
		t.Errorf("with all routes (-) and few at a time (+):\n%s", diff)
	}
	return found
}

func loadFolder(t *testing.T, dir string, o manifest.Options) *manifest.Set {
	t.Helper()
	set, err := manifest.Load([]string{dir}, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// lintWatched lints a folder as the command does, in groups of routes from a size
// in bytes on.
func lintWatched(t *testing.T, dir string, from int64, o lint.Options) *lint.Result {
	t.Helper()
	reading, err := lint.NewReading(o.GatewayAPI, o.Channel)
	if err != nil {
		t.Fatal(err)
	}
	read := manifest.Options{ShelveFrom: from, ShelveBehind: 2}
	reading.Watch(&read)
	set := loadFolder(t, dir, read)
	if from == 1 && len(set.GRPCRoutes.All)+len(set.HTTPRoutes.All) > 0 {
		t.Error("routes of a large input are held")
	}
	o.GroupRoutes = 1
	result, err := lint.RunRead(set, reading, rules.All, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// listing writes findings as the want section of a golden case has them.
func listing(l diag.List, dir string, keep func(diag.Diagnostic) bool) string {
	var b strings.Builder
	for _, d := range l {
		if !keep(d) {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", d.Range, d.Rule, d.Severity, d.Message)
		if d.Field != "" {
			fmt.Fprintf(&b, "  at %s %s\n", d.Object, d.Field)
		}
		if d.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", strings.ReplaceAll(d.Hint, "\n", "\n    "))
		}
		if d.Admission != "" {
			fmt.Fprintf(&b, "  admission: %s: %s\n", d.Source, d.Admission)
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "  see %s %s\n", r.Range, r.Message)
		}
	}
	return strings.ReplaceAll(b.String(), dir+string(filepath.Separator), "")
}
