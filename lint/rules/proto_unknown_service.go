package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var protoUnknownService = &lint.Rule{
	ID:       "proto-unknown-service",
	Summary:  "a match names a service that no descriptor declares",
	Section:  lint.ProtoSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkProtoUnknownService,
	PerSet:   true,
}

// A package of which the descriptors hold nothing may be another team's: whether
// its services exist is unknown, and said once.
func checkProtoUnknownService(p *lint.Pass) {
	said := map[string]bool{}
	eachNamed(p, func(n *apiNames, doc *manifest.Document, path manifest.Path, service, _ string) {
		if n.set.Service(service) != nil || ofLibrary(service) || n.renamed(service) != "" {
			return // proto-package-renamed speaks of the last
		}
		pkg := packageOf(service)
		near := lint.Nearest(service, n.services)
		if near == "" && !n.packages[pkg] {
			if !said[pkg] {
				said[pkg] = true
				p.ReportAs(diag.Info, doc, below(path, "service"), diag.Diagnostic{
					Certainty: diag.Unknown,
					Message:   fmt.Sprintf("whether service %q exists is not known: the descriptors hold nothing of package %q", service, pkg),
					Hint:      "give its .proto files or descriptor set, too",
				})
				p.Once(lint.Subject{Name: pkg}, lint.RankOfDocument(doc))
				p.Refuse("the descriptors hold nothing of the package")
			}
			return
		}
		hint := "correct the name, or give the newer descriptors"
		if near != "" {
			hint = "service: " + near
		}
		p.Report(doc, below(path, "service"), diag.Diagnostic{
			Message: also(fmt.Sprintf("no descriptor declares service %q, so that no call has that name", service), expected(service, n.services)),
			Hint:    hint,
		})
		suggestNear(p, lint.OwnCalls, doc, below(path, "service"), service, n.services)
	})
}
