package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var rulesLimitSplit = &lint.Rule{
	ID:       "rules-limit-split",
	Summary:  "a route has more rules or hostnames than one object may hold",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkRulesLimitSplit,
	PerSet:   true,
}

// maxItems is maxItems of spec.rules and of spec.hostnames.
const maxItems = 16

func checkRulesLimitSplit(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		spec := &route.Value.Spec
		if n := len(spec.Rules); n > maxItems {
			tooMany(p, route.Doc, "rules", n, fmt.Sprintf(
				"move %s into a second GRPCRoute with the same parentRefs and hostnames; named to sort after %q it keeps losing ties, as later rules do",
				lastOf(n), route.Doc.Ref.Name))
		}
		if n := len(spec.Hostnames); n > maxItems {
			tooMany(p, route.Doc, "hostnames", n, fmt.Sprintf(
				"move %s into a second GRPCRoute with the same parentRefs and rules", lastOf(n)))
		}
	}
}

func tooMany(p *lint.Pass, doc *manifest.Document, key string, n int, hint string) {
	path := at("spec", key)
	reportExplaining(p, doc, path, diag.Diagnostic{
		Message: fmt.Sprintf("%d %s in one route: at most %d are taken", n, key, maxItems),
		Hint:    hint,
	}, func(f *admission.Failure) bool {
		return f.Source == diag.Schema && len(f.Path) == len(path) && hasPrefix(f.Path, path)
	})
	suggestSplitRoute(p, doc, key, n)
}

// suggestSplitRoute suggests to move what is beyond the limit into further routes.
// Their names sort behind that of the first, which wins ties then.
func suggestSplitRoute(p *lint.Pass, doc *manifest.Document, key string, n int) {
	if holdsComment(doc, n, key) {
		p.Refuse("a comment would be lost that stands in what is moved")
		return
	}
	var changes []manifest.Change
	for from := maxItems; from < n; from += maxItems {
		value, err := doc.Changed(nil)
		if err != nil {
			return
		}
		delete(value, "status")
		meta, _ := value["metadata"].(map[string]any)
		spec, _ := value["spec"].(map[string]any)
		name := fmt.Sprintf("%s-%d", doc.Ref.Name, from/maxItems+1)
		list, ok := spec[key].([]any)
		if !ok || meta == nil || p.Set.GRPCRoutes.Get(doc.Ref.Namespace, name) != nil {
			p.Refuse(fmt.Sprintf("a route %q is there already", name))
			return
		}
		meta["name"], spec[key] = name, list[from:min(from+maxItems, n)]
		changes = append(changes, manifest.Beside(value))
	}
	for i := maxItems; i < n; i++ {
		changes = append(changes, manifest.Remove(at("spec", key, i)))
	}
	suggest(p, lint.SameRouting, doc, fmt.Sprintf("move %s into a second route", lastOf(n)), changes...)
}

// holdsComment reports whether the items of a list of spec beyond the limit hold a
// comment.
func holdsComment(doc *manifest.Document, n int, key string) bool {
	for i := maxItems; i < n; i++ {
		if commented(doc, at("spec", key, i)) {
			return true
		}
	}
	return false
}

// lastOf names what is beyond the limit.
func lastOf(n int) string {
	if n == maxItems+1 {
		return "the last one"
	}
	return fmt.Sprintf("the last %d", n-maxItems)
}
