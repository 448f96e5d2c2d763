package lint

import (
	"bytes"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Reading is what is found out about the objects of a set while it is read: what
// the API server says of each, and, of a large input, which routes have to be
// looked at together. See [RunRead].
type Reading struct {
	Admission *Admission
	groups    *groups
}

// NewReading returns a Reading of nothing yet. The error is about the version or
// the channel; "" means what it does in [Options].
func NewReading(gatewayAPI, channel string) (*Reading, error) {
	a, err := NewAdmission(gatewayAPI, channel)
	if err != nil {
		return nil, err
	}
	return &Reading{Admission: a, groups: newGroups()}, nil
}

// Watch sets the options with which a set has to be read. Routes of a large input
// are then not held, see [manifest.Set.Shelf]: only [RunRead] makes sense of such a
// set.
func (r *Reading) Watch(o *manifest.Options) {
	o.Check, o.Shelve, o.Keep = r.Admission.Check, r.shelve, hasIgnoreComment
}

// hasIgnoreComment reports whether a file may hold suppressions, which are looked up
// when all findings are known.
func hasIgnoreComment(f *manifest.File) bool { return bytes.Contains(f.Data, []byte(IgnoreComment)) }

// shelve takes note of a route that is not held. The API server will be asked
// again about one that it has something to say of. Of what else is not held no more
// is needed than what routes and Gateways ask of it.
func (r *Reading) shelve(doc *manifest.Document, object metav1.Object) (tag int, ok bool) {
	switch object := object.(type) {
	case *gatewayv1.GRPCRoute, *gatewayv1.HTTPRoute:
		return r.groups.add(doc, object, r.Admission.forget(doc)), true
	case *appsv1.Deployment:
		if topology.SetsTunnel(object) {
			return 0, false
		}
	}
	_, ignores := doc.Annotation(IgnoreAnnotation)
	_, built := doc.Annotation(manifest.OriginAnnotation)
	return 0, !ignores && !built && !r.Admission.failed(doc)
}
