// Package convert turns HTTPRoutes that carry gRPC calls into GRPCRoutes. A route
// is converted in its text, field by field, so that comments, order and quotes of
// all else stay, and only when exact comparison of the routing tables shows that
// no gRPC call is treated in another way. What a GRPCRoute cannot say is reported
// at its field, and the calls that would change with a witness each.
//
// The comparison is about gRPC calls. Other requests that an HTTPRoute takes, as a
// GET for one of its paths, are not routed by a GRPCRoute at all.
//
// What a match means is decided in package routing, how tables are compared in
// package prove; files are written in package cmd.
package convert

import (
	"context"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Options steer [Run].
type Options struct {
	// Profiles are the implementations under which calls must be treated alike. Auto:
	// each has only the Gateways that choose it, see [topology.Options].
	Profiles       []*profile.Profile
	Auto           bool
	Assume         topology.Assume
	TunnelProtocol string
	// Only are the routes to convert, as "NS/NAME"; without any all are that [IsGRPC]
	// finds.
	Only []string
	// Lossy: routes are converted, too, where that changes what happens to calls.
	Lossy  bool
	Server *admission.Server // what a GRPCRoute may look like
	Budget prove.Budget
	// Before, when set, is the set's routing table under each of Profiles.
	Before []*routing.Table
}

// Result is what [Run] did.
type Result struct {
	Before, After *manifest.Set
	Routes        []*Route // the HTTPRoutes that were looked at, in input order
	Grants        []*Grant // ReferenceGrants that were extended
	Files         []Changed
	// References are fields of other objects that name a converted route as an
	// HTTPRoute, and grants that the input does not hold: what is left to do.
	References diag.List
}

// Changed is a file with other text than before.
type Changed struct {
	Name     string
	Old, New []byte
}

// Route is an HTTPRoute and what became of it.
type Route struct {
	Doc     *manifest.Document // before
	New     *manifest.Document // the GRPCRoute; nil when it was not converted
	Losses  []Remark           // what a GRPCRoute cannot say
	Notes   []Remark           // what changes beside the routing of gRPC calls
	Changes []Change           // calls that change, or would
	Unknown []string           // why it is not known whether calls change
	Why     string             // why it was not converted, beside Losses and Changes
	// Blocked: Why is that a listener would take the GRPCRoute in another way.
	Blocked bool
	plan    *plan
}

// InOneStep returns the changes that convert the route by themselves; nil when there
// are none, as where a match becomes several.
func (r *Route) InOneStep() []manifest.Change {
	if r.plan.steps || len(r.plan.adds)+len(r.Losses) > 0 {
		return nil
	}
	return slices.Concat(r.plan.cuts, r.plan.writes)
}

// Remark is what is to say of a field of an HTTPRoute.
type Remark struct {
	Path    manifest.Path
	Message string
	Hint    string
}

// Grant is a ReferenceGrant that was extended.
type Grant struct {
	Doc  *manifest.Document // before
	New  *manifest.Document
	From string // the namespace of the routes that it lets in
}

// Change is a set of calls that are treated in another way.
type Change struct {
	Profile *profile.Profile
	Region  *prove.Region
}

// Run converts. It touches neither the set nor a file. The error is one of the
// options, or of a context that ended.
func Run(ctx context.Context, set *manifest.Set, o Options) (*Result, error) {
	w := &work{ctx: ctx, o: o, set: set, read: manifest.Options{Namespace: namespaceOf(set)}}
	out := &Result{Before: set, After: set}
	w.byDoc = map[*manifest.Document]*Route{}
	if err := w.routes(out); err != nil {
		return nil, err
	}
	if len(out.Routes) == 0 {
		return out, nil
	}
	w.ignored = w.reread(nil).Ignored
	if w.before = o.Before; w.before == nil {
		w.before = w.compile(set)
	}
	w.settle(out)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// namespaceOf is the namespace that objects of a set got which name none.
func namespaceOf(set *manifest.Set) string {
	for _, doc := range set.Documents {
		if !doc.NamesNamespace() && doc.Ref.Namespace != "" {
			return doc.Ref.Namespace
		}
	}
	return ""
}

// routes plans the routes that are asked for.
func (w *work) routes(out *Result) error {
	wanted := map[string]bool{}
	for _, name := range w.o.Only {
		wanted[name] = true
	}
	for _, o := range w.set.HTTPRoutes.All {
		key := o.Doc.Ref.Namespace + "/" + o.Doc.Ref.Name
		if o.Doc.File.Resource && !wanted[key] || len(w.o.Only) == 0 && !IsGRPC(o.Value) || len(w.o.Only) > 0 && !wanted[key] {
			continue
		}
		delete(wanted, key)
		r := &Route{Doc: o.Doc}
		r.plan = newPlan(r, o.Value)
		switch {
		case o.Doc.File.Resource:
			r.Why = o.Doc.File.Name + " is read for what others refer to, and not edited"
		case w.set.GRPCRoutes.Get(o.Doc.Ref.Namespace, o.Doc.Ref.Name) != nil:
			r.Why = "there is a GRPCRoute of that name already"
		}
		out.Routes = append(out.Routes, r)
		w.byDoc[o.Doc] = r
	}
	for _, name := range w.o.Only {
		if wanted[name] {
			return fmt.Errorf("there is no HTTPRoute %s in the input%s", name, w.known())
		}
	}
	return nil
}

// known lists the HTTPRoutes of the input, for an error.
func (w *work) known() string {
	text := ""
	for i, o := range w.set.HTTPRoutes.All {
		if i == 8 {
			return text + ", …"
		}
		if text += ", "; i == 0 {
			text = ": it holds "
		}
		text += o.Doc.Ref.Namespace + "/" + o.Doc.Ref.Name
	}
	return text
}
