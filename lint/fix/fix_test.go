package fix_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/fix"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

const shop = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: example
  listeners:
  - {name: http, port: 80, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: users, namespace: shop}
spec:
  parentRefs:
  - name: edge
  rules:
  - matches:
    - method: {service: shop.Users} # the one
    backendRefs:
    - {name: users, port: 50051}
  - matches:
    - method: {service: shop.Orders}
    backendRefs:
    - {name: orders, port: 50051}
`

// rule makes a rule that says one thing about the first GRPCRoute, once for each
// suggestion, as long as a text is in its file.
func rule(id, while string, suggestions ...lint.Suggestion) *lint.Rule {
	return &lint.Rule{ID: id, Severity: diag.Error, Fix: lint.AutoFix, PerSet: true, Check: func(p *lint.Pass) {
		doc := p.Set.GRPCRoutes.All[0].Doc
		if !strings.Contains(string(doc.File.Data), while) {
			return
		}
		for _, s := range suggestions {
			s.Changes = append([]lint.Change(nil), s.Changes...)
			for i := range s.Changes {
				s.Changes[i].Doc = doc
			}
			p.Report(doc, manifest.Path{"spec"}, diag.Diagnostic{Message: "wrong: " + s.Title})
			p.Suggest(s)
		}
	}}
}

func run(t *testing.T, text string, o fix.Options) *fix.Outcome {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "shop.yaml", Data: []byte(text)}}, o.Read)
	result, err := lint.Run(set, o.Rules, o.Lint)
	if err != nil {
		t.Fatal(err)
	}
	out, err := fix.Run(context.Background(), set, result, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	firstService = manifest.ParsePath("spec.rules[0].matches[0].method.service")
	firstBackend = manifest.ParsePath("spec.rules[0].backendRefs[0].name")
)

func change(claim lint.Claim, changes ...manifest.Change) lint.Suggestion {
	return lint.Suggestion{Title: "change it", Claim: claim, Changes: lint.In(nil, changes...)}
}

// TestClaimsAreProven makes the same edits under other claims: an edit that does
// more than it says is refused, and its file stays.
func TestClaimsAreProven(t *testing.T) {
	other := manifest.Put(firstService, "shop.People")
	for _, tt := range []struct {
		name    string
		s       lint.Suggestion
		refused string
	}{
		{"no call changes", change(lint.SameRouting, manifest.Put(manifest.ParsePath("spec.rules[0].backendRefs[0].weight"), 7)), ""},
		{"calls change", change(lint.SameRouting, other), "it would change what happens to calls to shop.People/any on any host (profile spec): UNIMPLEMENTED before, shop/users:50051 after"},
		{"own calls change", change(lint.OwnCalls, other), ""},
		{"calls that worked change", change(lint.RepairsCalls, other), "it would change what happens to calls to shop.Users/any on any host (profile spec): shop/users:50051 before, UNIMPLEMENTED after"},
		{"calls that failed change", change(lint.RepairsCalls, manifest.Append(manifest.ParsePath("spec.rules[0].matches"),
			manifest.Fields{{Key: "method", Value: manifest.Fields{{Key: "service", Value: "shop.People"}}}})), ""},
		{"any call changes", change(lint.AnyCalls, manifest.Put(firstBackend, "other")), ""},
		{"an edit that is none", change(lint.SameRouting, manifest.Remove(manifest.ParsePath("spec.rules[0].backendRefs[0]"))), "it is the only item of its list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := run(t, shop, fix.Options{Edit: true, Rules: []*lint.Rule{rule("test", "# the one", tt.s)}})
			got := ""
			if len(out.Refused) > 0 {
				got = out.Refused[0].Why
			}
			if tt.refused == "" { // the rule finds the same again, so that all is taken back
				tt.refused = "the edit does not answer the finding"
			}
			if got != tt.refused || len(out.Files) > 0 || len(out.Applied) > 0 {
				t.Errorf("refused with %q, want %q; %d files changed", got, tt.refused, len(out.Files))
			}
		})
	}
}

// TestEditsThatMeetWaitForOneAnother: the first wins, the other comes again.
func TestEditsThatMeetWaitForOneAnother(t *testing.T) {
	first := rule("first", "shop.Users", change(lint.OwnCalls, manifest.Put(firstService, "shop.People")))
	second := rule("second", "shop.People", change(lint.OwnCalls, manifest.Put(firstService, "shop.Folk")))
	third := rule("third", "shop.Users", change(lint.OwnCalls, manifest.Put(firstService, "shop.Crowd")))
	out := run(t, shop, fix.Options{Edit: true, Rules: []*lint.Rule{first, second, third}})
	if len(out.Files) != 1 || string(out.Files[0].New) != strings.Replace(shop, "shop.Users", "shop.Folk", 1) {
		t.Fatalf("changed %+v", out.Files)
	}
	if len(out.Applied) != 2 || out.Applied[0].Finding.Rule != "first" || out.Applied[1].Finding.Rule != "second" {
		t.Errorf("applied %+v", out.Applied)
	}
	want := "calls to shop.People/any on any host: UNIMPLEMENTED before, shop/users:50051 after"
	if got := strings.Join(out.Applied[0].Changes, "\n"); !strings.Contains(got, want) {
		t.Errorf("changes are %s, want %s among them", got, want)
	}
}

// TestOneEditForTwoFindings counts both.
func TestOneEditForTwoFindings(t *testing.T) {
	s := change(lint.OwnCalls, manifest.Put(firstService, "shop.People"))
	again := s
	again.Title = "change it as well"
	out := run(t, shop, fix.Options{Edit: true, Rules: []*lint.Rule{rule("test", "shop.Users", s, again)}})
	if len(out.Applied) != 2 || out.Found != 2 || len(out.Result.Diagnostics) != 0 {
		t.Errorf("applied %d of %d, %d left", len(out.Applied), out.Found, len(out.Result.Diagnostics))
	}
}

// TestOnlyWhatIsAllowed: without consent an offer is counted, and a grant without
// a file for it.
func TestOnlyWhatIsAllowed(t *testing.T) {
	offer := change(lint.OwnCalls, manifest.Put(firstService, "shop.People"))
	offer.Offer = true
	grant := lint.Suggestion{Title: "add it", Claim: lint.RepairsCalls, Add: manifest.Fields{{Key: "apiVersion", Value: "gateway.networking.k8s.io/v1"}, {Key: "kind", Value: "ReferenceGrant"}}}
	r := rule("test", "shop.Users", offer, grant)
	out := run(t, shop, fix.Options{Edit: true, Rules: []*lint.Rule{r}})
	if out.Offered != 1 || out.Missing != 1 || len(out.Files) > 0 {
		t.Errorf("offered %d, missing %d, %d files changed", out.Offered, out.Missing, len(out.Files))
	}
	out = run(t, shop, fix.Options{Rules: []*lint.Rule{r}})
	if out.Offered != 1 || len(out.Files) > 0 {
		t.Errorf("nothing is allowed, and %d files changed", len(out.Files))
	}
	if out = run(t, shop, fix.Options{Edit: true, Offer: true, Rules: []*lint.Rule{r}}); len(out.Files) != 1 {
		t.Errorf("offers are allowed, and %d files changed", len(out.Files))
	}
}

// TestFilesForResolutionStay: an edit of another file is refused when that file is
// only read for what others refer to, and a file keeps that from round to round.
func TestFilesForResolutionStay(t *testing.T) {
	gateway, routes, _ := strings.Cut(shop, "---\n")
	r := &lint.Rule{ID: "test", Severity: diag.Error, Fix: lint.AutoFix, PerSet: true, Check: func(p *lint.Pass) {
		route := p.Set.GRPCRoutes.All[0].Doc
		p.Report(route, manifest.Path{"spec"}, diag.Diagnostic{Message: "the Gateway has no label"})
		p.Suggest(lint.Suggestion{Title: "label it", Claim: lint.SameRouting, Changes: lint.In(p.Set.Gateways.All[0].Doc,
			manifest.Put(manifest.Path{"metadata", "labels"}, manifest.Fields{{Key: "a", Value: "b"}}))})
		if strings.Contains(string(route.File.Data), "shop.Users") {
			p.Report(route, firstService, diag.Diagnostic{Message: "wrong"})
			p.Suggest(lint.Suggestion{Title: "change it", Claim: lint.OwnCalls, Changes: lint.In(route, manifest.Put(firstService, "shop.People"))})
		}
	}}
	files := []*manifest.File{{Name: "gateway.yaml", Data: []byte(gateway), Resource: true}, {Name: "routes.yaml", Data: []byte(routes)}}
	o := fix.Options{Edit: true, Rules: []*lint.Rule{r}}
	set := manifest.Read(files, o.Read)
	result, err := lint.Run(set, o.Rules, o.Lint)
	if err != nil {
		t.Fatal(err)
	}
	out, err := fix.Run(context.Background(), set, result, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Files) != 1 || out.Files[0].Name != "routes.yaml" || len(out.Applied) != 1 {
		t.Errorf("changed %+v", out.Files)
	}
	if len(out.Refused) != 1 || out.Refused[0].Why != "gateway.yaml is read for what others refer to, and not edited" {
		t.Errorf("refused %+v", out.Refused)
	}
	if !out.Set.Files[0].Resource {
		t.Error("the file of the Gateway is no longer one that is read for resolution only")
	}
}

// TestWhatIsHiddenStays: findings that are taken out of results are not edited, also
// those that come up in a later round.
func TestWhatIsHiddenStays(t *testing.T) {
	first := rule("first", "shop.Users", change(lint.OwnCalls, manifest.Put(firstService, "shop.People")))
	second := rule("second", "shop.People", change(lint.OwnCalls, manifest.Put(firstService, "shop.Folk")))
	out := run(t, shop, fix.Options{Edit: true, Rules: []*lint.Rule{first, second}, Hide: func(_ *manifest.Set, r *lint.Result) {
		r.Diagnostics = slices.DeleteFunc(r.Diagnostics, func(d diag.Diagnostic) bool { return d.Rule == "second" })
	}})
	if len(out.Applied) != 1 || len(out.Files) != 1 || string(out.Files[0].New) != strings.Replace(shop, "shop.Users", "shop.People", 1) {
		t.Errorf("applied %+v", out.Applied)
	}
}

// TestGrants writes the grants that are missing behind what the file holds, each
// once, and finds nothing missing then.
func TestGrants(t *testing.T) {
	text := strings.ReplaceAll(shop, "port: 50051}", "port: 50051, namespace: data}") + `---
apiVersion: v1
kind: Service
metadata: {name: users, namespace: data}
spec: {ports: [{port: 50051}]}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: data}
spec: {ports: [{port: 50051}]}
`
	o := fix.Options{Rules: rules.All, Grants: "grants.yaml", GrantsText: []byte("# ours\nkind: Other\napiVersion: x/v1"), Lint: lint.Options{Rules: []string{"grant-missing"}}}
	out := run(t, text, o)
	if len(out.Files) != 1 || len(out.Result.Diagnostics) > 0 {
		t.Fatalf("%d files changed, left is %v", len(out.Files), out.Result.Diagnostics)
	}
	f := out.Files[0]
	grant := func(name string) string {
		return `---
# GRPCRoute shop/users refers to Service "data/` + name + `".
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata:
  name: shop-to-` + name + `
  namespace: data
spec:
  from:
  - group: gateway.networking.k8s.io
    kind: GRPCRoute
    namespace: shop
  to:
  - group: ""
    kind: Service
    name: ` + name + "\n"
	}
	if want := string(o.GrantsText) + "\n" + grant("users") + grant("orders"); f.Name != "grants.yaml" || string(f.New) != want {
		t.Errorf("%s is\n%s\nwant\n%s", f.Name, f.New, want)
	}
}

// TestAContextThatEndsChangesNothing.
func TestAContextThatEndsChangesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	set := manifest.Read([]*manifest.File{{Name: "shop.yaml", Data: []byte(shop)}}, manifest.Options{})
	r := []*lint.Rule{rule("test", "shop.Users", change(lint.OwnCalls, manifest.Put(firstService, "shop.People")))}
	result, err := lint.Run(set, r, lint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fix.Run(ctx, set, result, fix.Options{Edit: true, Rules: r}); err == nil {
		t.Error("no error from a context that ended")
	}
}

// TestWhatIsNotOursStays: a file keeps its other text when the last object that is
// ours goes.
func TestWhatIsNotOursStays(t *testing.T) {
	other := "# Licence\n\n---\napiVersion: example.com/v1\nkind: Other\nmetadata: {name: x}\n"
	grant := `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: unused, namespace: data}
spec:
  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}]
  to: [{group: "", kind: Service}]
`
	out := run(t, other+grant, fix.Options{Edit: true, Rules: rules.All, Lint: lint.Options{Rules: []string{"grant-unused"}, Assume: topology.AssumeAbsent}})
	if len(out.Files) != 1 || string(out.Files[0].New) != other {
		t.Fatalf("changed %+v", out.Files)
	}
	if len(out.Applied) != 1 || string(out.Files[0].Old) != other+grant {
		t.Errorf("applied %+v", out.Applied)
	}
}

// TestAFileOfGrantsIsKept: what a file of grants holds counts, stays, and is in no
// other edit's way, whether the file is in the input or not.
func TestAFileOfGrantsIsKept(t *testing.T) {
	held := []byte("apiVersion: example.com/v1\nkind: Other\n")
	edit := rule("edit", "shop.Users", change(lint.OwnCalls, manifest.Put(firstService, "shop.People")))
	grant := rule("grant", "shop.People", lint.Suggestion{Title: "add", Claim: lint.AnyCalls, Add: manifest.Fields{{Key: "apiVersion", Value: "gateway.networking.k8s.io/v1"}, {Key: "kind", Value: "ReferenceGrant"}}})
	for _, inSet := range []bool{true, false} {
		files := []*manifest.File{{Name: "shop.yaml", Data: []byte(shop)}}
		if inSet {
			files = append(files, &manifest.File{Name: "grants.yaml", Data: held})
		}
		for _, rules := range [][]*lint.Rule{{edit}, {edit, grant}} {
			o := fix.Options{Edit: true, Rules: rules, Grants: "grants.yaml", GrantsText: held}
			set := manifest.Read([]*manifest.File{files[0].With(files[0].Data), files[len(files)-1].With(files[len(files)-1].Data)}[:len(files)], o.Read)
			result, err := lint.Run(set, o.Rules, o.Lint)
			if err != nil {
				t.Fatal(err)
			}
			out, err := fix.Run(context.Background(), set, result, o)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(out.Files[0].New), "shop.People") {
				t.Fatalf("in the input %v: %+v, refused %+v", inSet, out.Files, out.Refused)
			}
			for _, c := range out.Files[1:] {
				if !strings.HasPrefix(string(c.New), string(held)) || string(c.Old) != string(held) {
					t.Errorf("in the input %v: the file of grants is\n%s\nfrom\n%s", inSet, c.New, c.Old)
				}
			}
		}
	}
}
