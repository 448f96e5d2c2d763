package rules

import (
	"fmt"
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var grantTooBroad = &lint.Rule{
	ID:       "grant-too-broad",
	Summary:  "a ReferenceGrant opens every Service of its namespace while one is used",
	Section:  lint.GrantSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkGrantTooBroad,
}

// Only where the input shows what else is opened: the namespace has other
// Services, and all references in the input use one of them.
func checkGrantTooBroad(p *lint.Pass) {
	if len(p.Set.ReferenceGrants.All) == 0 {
		return
	}
	used := grantUses(p)
	names := serviceNames(p.Set)
	for _, o := range p.Set.ReferenceGrants.All {
		services := names[o.Doc.Ref.Namespace]
		for j, t := range o.Value.Spec.To {
			if t.Kind != "Service" || t.Group != "" || t.Name != nil && *t.Name != "" {
				continue
			}
			subject := lint.Subject{Doc: o.Doc, Name: strconv.Itoa(j)}
			one, several := only(used.of(o))
			if several {
				p.Clear(subject)
			}
			if several || one == "" || len(services) < 2 {
				continue
			}
			var others []string
			for _, s := range services {
				if s != one {
					others = append(others, s)
				}
			}
			if len(others) == 0 {
				p.Clear(subject)
				continue
			}
			p.Report(o.Doc, at("spec", "to", j), diag.Diagnostic{
				Message: fmt.Sprintf("the grant opens every Service of namespace %q while only %q is used: that includes %s", o.Doc.Ref.Namespace, one, fewNames(others)),
				Hint:    "name: " + one,
			})
			p.OnceAgreed(subject, "", one)
			suggest(p, lint.SameRouting, o.Doc, "write name: "+one, manifest.PutAfter(at("spec", "to", j, "name"), "kind", one))
		}
	}
}

// only returns the one Service among the targets; "" when there is none, or
// several.
func only(targets []grantTarget) (name string, several bool) {
	for _, g := range targets {
		switch {
		case g.kind != "Service" || g.group != "":
		case name == "":
			name = g.name
		case name != g.name:
			return "", true
		}
	}
	return name, false
}

// fewNames writes up to three names and counts the rest.
func fewNames(names []string) string {
	if len(names) <= 3 {
		return quotedList(names)
	}
	return fmt.Sprintf("%s and %d more", quotedList(names[:2]), len(names)-2)
}
