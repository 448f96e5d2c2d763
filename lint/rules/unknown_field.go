package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var unknownField = &lint.Rule{
	ID:       "unknown-field",
	Summary:  "a field that the schema does not have: the API server drops it",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkUnknownField,
	PerSet:   true,
	General:  true,
}

func checkUnknownField(p *lint.Pass) {
	later := laterFields{channel: p.Admission.Channel}
	if i := slices.Index(admission.Versions(), p.Admission.Version); i >= 0 {
		later.minors = admission.Versions()[i+1:]
	}
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if f.Source != diag.UnknownField {
			return
		}
		d := diag.Diagnostic{Message: f.Message, Hint: f.Expected}
		if name, ok := f.Path[len(f.Path)-1].(string); ok && f.Suggestion == "" && elsewhere[name] != "" && doc.Ref.Kind == "GRPCRoute" {
			d.Hint = elsewhere[name]
		}
		if minor := later.since(doc, f.Path); minor != "" {
			d.Message = fmt.Sprintf("%s is no field of Gateway API %s yet: the server drops it", f.Path, p.Admission.Version)
			d.Hint = fmt.Sprintf("Gateway API %s has it: upgrade the CRDs and lint with --gateway-api %s, or remove the field", minor, minor)
		}
		p.ReportFailure(doc, f, nil, d)
		p.OnKey()
		if f.Suggestion == "" {
			p.Refuse("no field of the schema has nearly that name")
			return
		}
		suggest(p, routeClaim(doc), doc, "write "+f.Suggestion, manifest.Rename(f.Path, f.Suggestion))
	})
}

// elsewhere says what became of fields that other kinds and other APIs have and
// people look for in a GRPCRoute.
var elsewhere = map[string]string{
	"gateways":    "write parentRefs, each with the name of a Gateway",
	"tls":         "a listener of the Gateway has tls; towards backends a BackendTLSPolicy",
	"timeouts":    "a GRPCRoute has no timeouts: see the policies of your implementation",
	"retry":       "a GRPCRoute has no retries: see the policies of your implementation",
	"retries":     "a GRPCRoute has no retries: see the policies of your implementation",
	"path":        "write method, with service and method",
	"serviceName": "write name",
	"servicePort": "write port",
	"add":         "it belongs in requestHeaderModifier or responseHeaderModifier",
	"set":         "it belongs in requestHeaderModifier or responseHeaderModifier",
	"remove":      "it belongs in requestHeaderModifier or responseHeaderModifier",
}

// laterFields knows which fields newer releases of the Gateway API have added.
type laterFields struct {
	channel string
	minors  []string // newer than the one in use, oldest first
	doc     *manifest.Document
	pruned  []map[string]bool // by each of minors, in doc
}

// since returns the first newer minor that has a field, "" when none has.
func (l *laterFields) since(doc *manifest.Document, path manifest.Path) string {
	if l.doc != doc {
		l.doc, l.pruned = doc, nil
		for _, minor := range l.minors {
			l.pruned = append(l.pruned, prunedBy(minor, l.channel, doc))
		}
	}
	for i, minor := range l.minors {
		if l.pruned[i] != nil && !l.pruned[i][path.String()] {
			return minor
		}
	}
	return ""
}

// prunedBy returns the fields that another server would drop from a document, nil
// when it has no such kind or version.
func prunedBy(version, channel string, doc *manifest.Document) map[string]bool {
	server, err := admission.New(version, channel)
	if err != nil {
		return nil // both come from the lists of what there is
	}
	if _, served := server.Known(doc); !served {
		return nil
	}
	pruned := map[string]bool{}
	for _, f := range server.Check(doc) {
		if f.Source == diag.UnknownField {
			pruned[f.Path.String()] = true
		}
	}
	return pruned
}
