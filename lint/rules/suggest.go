package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// suggest gives the finding reported last changes of one object.
func suggest(p *lint.Pass, claim lint.Claim, doc *manifest.Document, title string, changes ...manifest.Change) {
	p.Suggest(lint.Suggestion{Title: title, Claim: claim, Changes: lint.In(doc, changes...)})
}

// suggestValue gives it another value for one field.
func suggestValue(p *lint.Pass, claim lint.Claim, doc *manifest.Document, path manifest.Path, value any) {
	shown := fmt.Sprint(value)
	if s, ok := value.(string); ok {
		shown = quoted(s)
	}
	if key, ok := path[len(path)-1].(string); ok {
		shown = key + ": " + shown
	}
	suggest(p, claim, doc, "write "+shown, manifest.Put(path, value))
}

// suggestNear gives it the candidate that a name is nearest to, or says that there
// is none.
func suggestNear(p *lint.Pass, claim lint.Claim, doc *manifest.Document, path manifest.Path, name string, candidates []string) {
	near := lint.Nearest(name, candidates)
	if near == "" {
		p.Refuse("no name that is there is near enough to be the one meant")
		return
	}
	suggestValue(p, claim, doc, path, near)
}

// routeClaim is how far an edit of an object that the server refuses or misreads
// may reach: a route's to its own calls, another object's to those that fail.
func routeClaim(doc *manifest.Document) lint.Claim {
	if doc.Ref.Kind == "GRPCRoute" || doc.Ref.Kind == "HTTPRoute" {
		return lint.OwnCalls
	}
	return lint.RepairsCalls
}

// suggestDrop suggests to delete a match, with its rule when it is the only one;
// match is -1 for a rule without matches.
func suggestDrop(p *lint.Pass, rule *topology.Rule, match int) {
	route := rule.Route
	if route.GRPC == nil {
		p.Refuse("it is a match of an HTTPRoute")
		return
	}
	rules := route.GRPC.Spec.Rules
	switch {
	case match >= 0 && len(rules[rule.Index].Matches) > 1:
		suggest(p, lint.SameRouting, route.Doc, "delete the match", manifest.Remove(rule.Path("matches", match)))
	case len(rules) > 1:
		suggest(p, lint.SameRouting, route.Doc, "delete the rule", manifest.Remove(rule.Path()))
	default:
		p.Refuse("it is all that the route has: deleting the route is for its author to decide")
	}
}

// commented reports whether the text of a field may hold a comment.
func commented(doc *manifest.Document, path manifest.Path) bool {
	r := doc.Range(path...)
	return doc.Comment(path...) != "" || strings.Contains(string(doc.File.Data[r.Start.Byte:r.End.Byte]), "#")
}

// dropItem removes an item of a list of n, with the list's key when it is the only
// one.
func dropItem(list manifest.Path, i, n int) manifest.Change {
	if n == 1 {
		return manifest.Remove(list)
	}
	return manifest.Remove(below(list, i))
}

// suggestGrantEntry suggests to delete an entry of a grant's "to", with the grant
// when it is the only one.
func suggestGrantEntry(p *lint.Pass, o *grant, i int) {
	if len(o.Value.Spec.To) == 1 {
		suggest(p, lint.SameRouting, o.Doc, "delete the grant", manifest.Remove(nil))
		return
	}
	suggest(p, lint.SameRouting, o.Doc, "delete the entry", manifest.Remove(at("spec", "to", i)))
}

// fits reports whether the API server would take an object with a change made, as
// far as it takes it now.
func fits(p *lint.Pass, doc *manifest.Document, ref diag.Ref, changes ...manifest.Change) bool {
	value, err := doc.Changed(changes)
	return err == nil && len(p.Admission.Server.Check(&manifest.Document{File: doc.File, Ref: ref, Value: value})) <= len(p.Failures(doc))
}
