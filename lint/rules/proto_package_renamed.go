package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var protoPackageRenamed = &lint.Rule{
	ID:       "proto-package-renamed",
	Summary:  "a match names a service in a package that the descriptors have under another name",
	Section:  lint.ProtoSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkProtoPackageRenamed,
	PerSet:   true,
}

// Servers of before may still run, so that it is a warning.
func checkProtoPackageRenamed(p *lint.Pass) {
	eachNamed(p, func(n *apiNames, doc *manifest.Document, path manifest.Path, service, _ string) {
		if n.set.Service(service) != nil || ofLibrary(service) {
			return
		}
		now := n.renamed(service)
		if now == "" {
			return
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("the descriptors have no package %q, and service %q in another: calls of clients that were built anew miss this match", packageOf(service), now),
			Hint:    "service: " + now + ", in a match of its own while clients of before remain",
		}
		if at := n.set.Position(n.set.Service(now)); at.Start.Line > 0 {
			d.Related = []diag.Related{{Message: "the service", Range: at}}
		}
		p.Report(doc, below(path, "service"), d)
		suggestValue(p, lint.OwnCalls, doc, below(path, "service"), now)
	})
}
