package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var apiVersionNotServed = &lint.Rule{
	ID:       "api-version-not-served",
	Summary:  "the API server knows the kind, but not in this version",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkAPIVersionNotServed,
	PerSet:   true,
}

func checkAPIVersionNotServed(p *lint.Pass) {
	for _, doc := range p.Set.Documents {
		kind, version := p.Admission.Server.Known(doc)
		if !kind || version || oldBackendTLS(p, doc) {
			continue // backend-tls-v1alpha3 says more
		}
		group, have, _ := strings.Cut(doc.Ref.APIVersion, "/")
		d := diag.Diagnostic{
			Source: diag.Strict,
			Message: fmt.Sprintf("%s %s is not served by Gateway API %s (%s channel)",
				doc.Ref.Kind, have, p.Admission.Version, p.Admission.Channel),
			Admission: fmt.Sprintf("no matches for kind %q in version %q", doc.Ref.Kind, doc.Ref.APIVersion),
		}
		if served := servedVersion(p, group, doc.Ref.Kind); served != "" {
			d.Message += ": " + served + " is"
			d.Hint = "apiVersion: " + group + "/" + served
		}
		p.Report(doc, at("apiVersion"), d)
		suggestServed(p, doc, group)
	}
}

// suggestServed suggests the version that is served, when the object fits it.
func suggestServed(p *lint.Pass, doc *manifest.Document, group string) {
	served := servedVersion(p, group, doc.Ref.Kind)
	if served == "" {
		p.Refuse("no version of the kind is served")
		return
	}
	version := group + "/" + served
	ref := doc.Ref
	ref.APIVersion = version
	if !fits(p, doc, ref, manifest.Put(at("apiVersion"), version)) {
		p.Refuse("the object does not fit " + version + " as it stands")
		return
	}
	suggestValue(p, routeClaim(doc), doc, at("apiVersion"), version)
}

// servedVersion returns the most mature version of a kind that the server
// serves, or "".
func servedVersion(p *lint.Pass, group, kind string) string {
	for _, v := range []string{"v1", "v1beta1", "v1alpha3", "v1alpha2", "v1alpha1"} {
		probe := &manifest.Document{
			Ref:   diag.Ref{APIVersion: group + "/" + v, Kind: kind},
			Value: map[string]any{"apiVersion": group + "/" + v, "kind": kind},
		}
		if _, ok := p.Admission.Server.Known(probe); ok {
			return v
		}
	}
	return ""
}
