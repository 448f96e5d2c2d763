package topology

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Filter is one filter of a rule or of a backend.
type Filter struct {
	Index   int
	Type    string
	GRPC    *gatewayv1.GRPCRouteFilter // nil in an HTTPRoute
	HTTP    *gatewayv1.HTTPRouteFilter // nil in a GRPCRoute
	Mirror  *Backend                   // the resolved target of a RequestMirror
	Refusal *Refusal                   // why it cannot be served; a mirror's target has its own
}

// ruleFilter resolves a filter of a rule. An unsupported one must not be skipped:
// the rule's calls fail (GA apis/v1/grpcroute_types.go, GRPCRouteRule.Filters).
func (x *resolver) ruleFilter(rule *Rule, f *Filter) *Filter {
	verdict := profile.Supported
	if f.GRPC != nil {
		verdict = x.Profile.Filters.Rule.Of(f.Type)
	}
	x.filter(rule, f, verdict, unsupportedValue, rule.Path("filters", f.Index))
	if refused(f.Refusal) && f.Refusal.Reason == unsupportedValue {
		rule.Refusals = append(rule.Refusals, f.Refusal)
	}
	return f
}

func (x *resolver) backendFilter(b *Backend, f *Filter) *Filter {
	knobs, verdict := &x.Profile.Filters, profile.Supported
	if f.GRPC != nil {
		verdict = knobs.Backend.Of(f.Type)
	}
	reason := knobs.BackendReason
	if reason == "" {
		reason = unsupportedValue
	}
	x.filter(b.Rule, f, verdict, reason, b.Path("filters", f.Index))
	return f
}

func (x *resolver) filter(rule *Rule, f *Filter, verdict profile.Verdict, reason string, path manifest.Path) {
	switch {
	case verdict == profile.Ignored:
	case verdict == profile.Rejected:
		f.Refusal = &Refusal{
			Reason:  reason,
			Message: fmt.Sprintf("filter %s is not served by %s", f.Type, x.Profile.Title),
			Doc:     rule.Route.Doc,
			Path:    join(path, "type"),
		}
	case f.Type == "RequestMirror":
		x.mirror(rule, f, path)
	case f.Type == "ExtensionRef":
		f.Refusal = x.extension(rule, f, verdict, path)
	}
}

// mirror resolves the target of a RequestMirror.
func (x *resolver) mirror(rule *Rule, f *Filter, path manifest.Path) {
	var ref *gatewayv1.BackendObjectReference
	switch {
	case f.GRPC != nil && f.GRPC.RequestMirror != nil:
		ref = &f.GRPC.RequestMirror.BackendRef
	case f.HTTP != nil && f.HTTP.RequestMirror != nil:
		ref = &f.HTTP.RequestMirror.BackendRef
	default:
		return
	}
	from := rule.Route.Kind
	if kind := x.Profile.Filters.MirrorGrantKind; kind != "" {
		from = kind
	}
	f.Mirror = x.backend(rule, -1, &place{path: join(path, "requestMirror", "backendRef")}, &gatewayv1.BackendRef{BackendObjectReference: *ref}, from)
}

// extension resolves an ExtensionRef as far as the profile knows its kind. The
// objects that it names are not read, but the input shows whether they exist.
func (x *resolver) extension(rule *Rule, f *Filter, verdict profile.Verdict, path manifest.Path) *Refusal {
	var ref *gatewayv1.LocalObjectReference
	switch {
	case f.GRPC != nil && f.GRPC.ExtensionRef != nil:
		ref = f.GRPC.ExtensionRef
	case f.HTTP != nil && f.HTTP.ExtensionRef != nil:
		ref = f.HTTP.ExtensionRef
	default:
		return nil
	}
	r := &Refusal{Reason: unsupportedValue, Doc: rule.Route.Doc, Path: join(path, "extensionRef"), Certainty: diag.Unknown}
	kinds := x.Profile.Filters.ExtensionKinds
	switch known := slices.Contains(kinds, profile.GroupKind{Group: string(ref.Group), Kind: string(ref.Kind)}); {
	case verdict == profile.Unknown || kinds == nil:
		r.Message = fmt.Sprintf("whether %s serves %s of group %q is not known", x.Profile.Title, ref.Kind, ref.Group)
	case !known:
		r.Message = fmt.Sprintf("%s serves no %s of group %q", x.Profile.Title, ref.Kind, ref.Group)
		r.Certainty = diag.Certain
	case x.Set.Holds(string(ref.Group), string(ref.Kind), rule.Route.Namespace, string(ref.Name)):
		return nil
	default:
		gone := x.missing(string(ref.Group), string(ref.Kind), rule.Route.Namespace, string(ref.Name))
		if gone.exists && gone.certainty != diag.Unknown {
			return nil
		}
		r.Reason, r.Message, r.Certainty = backendNotFound, gone.why, gone.certainty
	}
	return r
}
