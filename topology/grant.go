package topology

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
)

// grant is one permission of a ReferenceGrant: one of its from with one of its to.
type grant struct {
	from          profile.GroupKind
	fromNamespace string
	to            profile.GroupKind
	namespace     string // of the grant, and of what is referred to
	name          string // "" for every object of the kind
}

// indexGrants lists every permission of the input. Strings compare exactly: group
// "core" is not "" (GA apis/v1/referencegrant_types.go), but for implementations
// that take it so.
func (x *resolver) indexGrants() {
	for _, o := range x.Set.ReferenceGrants.All {
		for _, f := range o.Value.Spec.From {
			for _, t := range o.Value.Spec.To {
				group := string(t.Group)
				if group == "core" && x.Profile.Backends.GrantCoreAlias {
					group = ""
				}
				x.grants[grant{
					from:          profile.GroupKind{Group: string(f.Group), Kind: string(f.Kind)},
					fromNamespace: string(f.Namespace),
					to:            profile.GroupKind{Group: group, Kind: string(t.Kind)},
					namespace:     o.Doc.Ref.Namespace,
					name:          string(value(t.Name, "")),
				}] = true
			}
		}
	}
}

// permitted reports whether the input has a ReferenceGrant for a reference.
func (x *resolver) permitted(g grant) bool {
	if g.fromNamespace == g.namespace || x.grants[g] {
		return true
	}
	g.name = ""
	return x.grants[g]
}

// permission says what is known of a reference into another namespace.
func (x *resolver) permission(g grant) absence {
	if x.permitted(g) {
		return absence{exists: true}
	}
	need := fmt.Sprintf("a ReferenceGrant in namespace %q from %s of namespace %q to %s %q", g.namespace, g.from.Kind, g.fromNamespace, g.to.Kind, g.name)
	switch {
	case x.brokenGrants[g.namespace]:
		return absence{false, diag.Unknown, "a ReferenceGrant in namespace " + g.namespace + " cannot be read"}
	case x.Options.Assume == AssumePresent:
		return absence{true, diag.Assumed, need + " is not in the input and is assumed to exist"}
	case x.Options.Assume == AssumeAbsent:
		return absence{false, diag.Assumed, "there is no " + need[len("a "):]}
	}
	return absence{false, diag.Unknown, need + " is needed and not in the input"}
}
