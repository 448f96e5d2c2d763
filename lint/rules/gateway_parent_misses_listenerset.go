package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var gatewayParentMissesListenerset = &lint.Rule{
	ID:       "gateway-parent-misses-listenerset",
	Summary:  "a Gateway parent names a listener that only a ListenerSet defines",
	Section:  lint.AttachmentSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGatewayParentMissesListenerset,
}

// GEP-1713: a parentRef reaches the listeners of the object it names, and a
// Gateway's do not include those that ListenerSets add to it.
func checkGatewayParentMissesListenerset(p *lint.Pass) {
	for parent := range grpcParents(p.Topology) {
		l := definedBySet(parent)
		if l == nil || parent.Refusal == nil {
			continue
		}
		set := l.Set.Object.Doc.Ref
		hint := "write kind: ListenerSet and name: " + set.Name
		if set.Namespace != parent.Route.Namespace {
			hint += " and namespace: " + set.Namespace
		}
		p.Report(parent.Route.Doc, parent.Path("sectionName"), diag.Diagnostic{
			Message: fmt.Sprintf("listener %q is defined by %s, and a parentRef to Gateway %q does not reach it", l.Name, set, parent.Ref.Name),
			Hint:    hint,
			Related: []diag.Related{{Message: "the listener", Range: l.Doc().Range(l.Path("name")...)}},
		})
		changes := []manifest.Change{
			manifest.PutAfter(parent.Path("kind"), "name", "ListenerSet"), manifest.Put(parent.Path("name"), set.Name),
		}
		if set.Namespace != parent.Route.Namespace {
			changes = append(changes, manifest.PutAfter(parent.Path("namespace"), "name", set.Namespace))
		} else if parent.Ref.Namespace != nil {
			changes = append(changes, manifest.Put(parent.Path("namespace"), set.Namespace))
		}
		suggest(p, lint.OwnCalls, parent.Route.Doc, "name the ListenerSet", changes...)
	}
}

// definedBySet returns the listener that a parentRef to a Gateway names when only
// a ListenerSet of that Gateway defines it; nil otherwise.
func definedBySet(p *topology.Parent) *topology.Listener {
	if p.Gateway == nil || p.Gateway.Object == nil || p.Set != nil || p.Ref.SectionName == nil {
		return nil
	}
	var found *topology.Listener
	for _, l := range p.Gateway.Listeners {
		if l.Name != string(*p.Ref.SectionName) {
			continue
		}
		if l.Set == nil {
			return nil
		}
		if found == nil {
			found = l
		}
	}
	return found
}
