package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// top is the repository's top folder, seen from this package.
const top = "../.."

const module = "github.com/grpcroute/grpcroute"

// allowed is the picture: what each package may import of ours. A package stands
// on what is above it in the pipeline; lint and simulate never meet.
var allowed = map[string][]string{
	"diag":                   {},
	"profile":                {"diag"},
	"manifest":               {"diag"},
	"admission":              {"diag", "manifest", "internal/crdgen/crdbin"},
	"topology":               {"diag", "manifest", "profile"},
	"routing":                {"diag", "manifest", "profile", "topology"},
	"prove":                  {"diag", "profile", "topology", "routing"},
	"convert":                {"admission", "diag", "manifest", "profile", "topology", "routing", "prove"},
	"lint":                   {"convert", "admission", "diag", "manifest", "profile", "topology", "routing", "prove", "descriptor"},
	"lint/rules":             {"convert", "admission", "diag", "manifest", "profile", "topology", "routing", "prove", "lint", "descriptor"},
	"simulate":               {"admission", "diag", "manifest", "profile", "topology", "routing", "prove"},
	"proxy":                  {"diag", "manifest", "profile", "topology", "routing", "proxy/h2"},
	"proxy/h2":               {},
	"translate/cloudflare":   {"diag", "manifest", "profile", "topology", "routing"},
	"render":                 {"convert", "admission", "diag", "manifest", "profile", "topology", "routing", "prove", "lint", "simulate", "lint/fix"},
	"cmd":                    {"convert", "admission", "diag", "manifest", "profile", "topology", "routing", "prove", "lint", "lint/rules", "simulate", "render", "internal/revision", "config", "proxy", "proxy/local", "proxy/admin", "proxy/mock", "descriptor", "translate/cloudflare", "internal/follow", "lint/fix", "translate/envoy", "translate/pingora", "translate/kgateway", "translate/plan", "translate/nginx", "translate/haproxy", "translate/envoy/xds", "translate/envoy/verify"},
	"translate/kgateway":     {"diag", "manifest", "profile", "topology", "routing", "translate/plan"},
	"translate/pingora":      {"diag", "manifest", "profile", "topology", "routing"},
	"translate/envoy":        {"diag", "manifest", "profile", "topology", "routing", "translate/plan"},
	"translate/plan":         {"diag", "manifest", "profile", "topology", "routing"},
	"translate/pcre":         {},
	"translate/nginx":        {"diag", "manifest", "profile", "routing", "translate/plan", "translate/pcre"},
	"translate/haproxy":      {"diag", "manifest", "profile", "routing", "translate/plan", "translate/pcre"},
	"internal/agreement":     {"diag", "manifest", "profile", "topology", "routing", "prove", "translate/plan", "internal/random", "internal/envoybin"},
	"translate/envoy/xds":    {"translate/envoy"},
	"cmd/grpcroute":          {"cmd"},
	"internal/revision":      {"lint", "manifest"},
	"internal/docgen":        {"lint", "lint/rules", "profile"},
	"config":                 {"admission", "diag", "lint", "lint/rules", "profile"},
	"proxy/local":            {"manifest", "profile", "proxy", "routing", "topology", "diag"},
	"proxy/admin":            {"diag", "profile", "routing", "proxy"},
	"descriptor":             {"diag"},
	"proxy/mock":             {"descriptor", "diag", "profile", "routing", "topology"},
	"internal/follow":        {},
	"bench":                  {"proxy/h2", "internal/envoybin"},
	"lint/fix":               {"admission", "diag", "manifest", "profile", "topology", "routing", "prove", "lint"},
	"translate/envoy/verify": {"diag", "manifest", "profile", "topology", "routing", "prove"},
}

// owned lists libraries that belong to few packages, with what is below both.
var owned = []struct {
	library string
	owners  []string
	why     string
}{
	{"github.com/spf13", []string{"cmd"}, "the command line is built in cmd"},
	{"github.com/fatih/color", []string{"render"}, "all colour is in render"},
	{"github.com/olekukonko", []string{"render"}, "all tables are in render"},
	{"golang.org/x/term", []string{"cmd", "render"}, "terminals are cmd's and render's business"},
	{"go.yaml.in/yaml", []string{"manifest", "config", "translate/envoy/verify"}, "manifest parses YAML; config and verify what are no manifests"},
	{"github.com/santhosh-tekuri/jsonschema", nil, "it is for tests"},
	{"gopkg.in/yaml.v3", nil, "YAML is read with go.yaml.in/yaml"},
	{"sigs.k8s.io/yaml", []string{"manifest", "render", "internal/crdgen", "internal/benchdoc"}, "manifest reads YAML, render writes status stanzas"},
	{"sigs.k8s.io/json", []string{"manifest", "admission"}, "manifests are decoded in manifest"},
	{"k8s.io/apiextensions-apiserver", []string{"internal/crdgen", "internal/benchdoc"}, "it is the reference of admission's tests and generator"},
	{"k8s.io/apiserver", []string{"internal/crdgen"}, "it is the reference of admission's tests"},
	{"k8s.io/client-go", nil, "there is no cluster"},
	{"github.com/google/cel-go", []string{"internal/crdgen"}, "CEL rules are translated when the artifact is generated"},
	{"github.com/prometheus", []string{"proxy/admin"}, "figures are kept in proxy/admin"},
	{"github.com/chromedp", nil, "it is for tests"},
	{"github.com/fsnotify", []string{"internal/follow"}, "files are followed there"},
	{"github.com/google/go-cmp", []string{"internal/golden"}, "it is for tests"},
	{"github.com/rogpeppe/go-internal", []string{"internal/agreement", "internal/golden"}, "it is for tests"},
	{"testing", []string{"internal/agreement", "internal/golden", "internal/grpcurl"}, "it is for tests"},
	{"github.com/bufbuild/protocompile", []string{"descriptor", "translate/pingora"}, "descriptor reads .proto files, and a translator has one of its own"},
	{"google.golang.org/grpc", []string{"internal/agreement", "proxy/mock", "translate/envoy/xds", "bench", "internal/interop"}, "the data plane is our own; mocks and the xDS server are grpc-go servers, and benchmarks and tests have its clients"},
	{"github.com/envoyproxy/go-control-plane/pkg", []string{"translate/envoy/xds"}, "xDS is served there"},
	{"github.com/envoyproxy/go-control-plane", []string{"translate/envoy", "translate/kgateway"}, "Envoy's configuration is written there"},
	{"log", []string{"cmd"}, "results and errors go to the streams of cmd"},
	{"log/slog", nil, "results and errors go to the streams of cmd"},
}

// source is a parsed Go file of the repository.
type source struct {
	path string // with slashes, from the top
	pkg  string // its folder
	test bool
	file *ast.File
	fset *token.FileSet
}

// sources parses every Go file. The test cache does not notice what a child `go
// list` would read, so the files are read here.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != top && (strings.HasPrefix(name, ".") || name == "testdata" || hasFile(path, "go.mod")) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		out = append(out, source{rel, rel[:max(strings.LastIndexByte(rel, '/'), 0)], strings.HasSuffix(name, "_test.go"), file, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("found %d Go files below %s: the walk is wrong", len(out), top)
	}
	return out
}

func hasFile(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func imports(f *ast.File) []string {
	var out []string
	for _, spec := range f.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, path)
		}
	}
	return out
}

// under reports whether a path is another one or below it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func TestPackagesImportWhatThePictureAllows(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		may, listed := allowed[s.pkg]
		seen[s.pkg] = true
		for _, path := range imports(s.file) {
			ours, ok := strings.CutPrefix(path, module+"/")
			switch {
			case !ok:
			case strings.HasPrefix(s.pkg, "internal/") && !listed: // generators and harnesses may use anything
			case !listed:
				t.Errorf("%s: package %q is not in the picture: add it to allowed", s.path, s.pkg)
			case !slices.Contains(may, ours):
				t.Errorf("%s imports %s, which %s may not: allowed are %v", s.path, ours, s.pkg, may)
			}
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("package %q is in the picture and not in the repository", pkg)
		}
	}
}

func TestLibrariesBelongToTheirPackages(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, path := range imports(s.file) {
			for _, o := range owned {
				owns := func(owner string) bool { return under(s.pkg, owner) }
				if under(path, o.library) && !slices.ContainsFunc(o.owners, owns) {
					t.Errorf("%s imports %s: %s (allowed in %v)", s.path, path, o.why, o.owners)
				}
			}
		}
	}
}

// heavy is what the binary must not carry: each costs start-up time and size.
var heavy = []string{"github.com/google/cel-go", "k8s.io/apiextensions-apiserver", "k8s.io/apiserver", "k8s.io/client-go", "testing"}

// tolerated may import what is heavy: a logger for tests stands beside the logger of
// the xDS cache, and nothing calls it.
const tolerated = "github.com/envoyproxy/go-control-plane/pkg/log"

func TestBinaryLinksNothingHeavy(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/cmd/grpcroute").Output()
	if err != nil {
		t.Fatalf("go list -deps: %v", err)
	}
	if !strings.Contains(string(out), "\n"+module+"/cmd ") {
		t.Fatal("the binary does not link cmd: go list answered for something else")
	}
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		for _, dep := range imports[1:] {
			for _, h := range heavy {
				if under(dep, h) && !under(imports[0], h) && imports[0] != tolerated {
					t.Errorf("%s imports %s, and the binary links both", imports[0], dep)
				}
			}
		}
	}
}

// TestOnlyProfileNamesImplementations: other packages ask a profile's knobs.
// Rules say in their Profiles which implementations they speak of, and their
// messages may explain it, and a translator names its target; everything else
// takes names from profile.All.
func TestOnlyProfileNamesImplementations(t *testing.T) {
	names := []string{"kgateway", "cloudflare", "pingora", "envoy-gateway", "envoyproxy"}
	for _, s := range sources(t) {
		if s.test || s.pkg == "profile" || s.pkg == "lint/rules" || strings.HasPrefix(s.pkg, "translate/") || strings.HasPrefix(s.pkg, "internal/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || strings.Contains(lit.Value, module+"/translate/") {
				return true
			}
			for _, name := range names {
				if strings.Contains(strings.ToLower(lit.Value), name) {
					t.Errorf("%s: %s names an implementation", s.fset.Position(lit.Pos()), lit.Value)
				}
			}
			return true
		})
	}
}
