package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var backendKindUnsupported = &lint.Rule{
	ID:       "backend-kind-unsupported",
	Summary:  "a backendRef names a kind that cannot take calls",
	Section:  lint.BackendSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkBackendKindUnsupported,
}

// workloads are kinds that people name in place of the Service before them.
var workloads = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "Pod": true, "Job": true}

func checkBackendKindUnsupported(p *lint.Pass) {
	for ref := range references(ownRoutes(p.Topology)) {
		r := refusalOf(ref)
		if r == nil || r.Reason != invalidKind || r.Certainty == diag.Unknown {
			continue // of an implementation that is not known, any other group may have backends
		}
		what := ref.Kind
		if ref.Group != "" {
			what = ref.Group + "/" + ref.Kind
		}
		d := diag.Diagnostic{
			Certainty: r.Certainty,
			Message:   fmt.Sprintf("kind %s is not a backend: expected a Service%s", what, otherKinds(p)),
		}
		field := "kind"
		switch {
		case workloads[ref.Kind]:
			d.Hint = fmt.Sprintf("name the Service that stands before the %s", ref.Kind)
		case ref.Kind == "Service":
			field = "group"
			d.Message = fmt.Sprintf("group %q has no Service: the core group is \"\"", ref.Group)
			d.Hint = "leave group out"
		}
		p.Report(ref.Rule.Route.Doc, ref.Path(field), d)
	}
}

// otherKinds lists what else the implementation takes: " or a ServiceImport".
func otherKinds(p *lint.Pass) string {
	out := ""
	for _, k := range p.Profile.Backends.Kinds {
		out += " or a " + k.Kind
	}
	return out
}
