package render

import (
	"io"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/simulate"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// statusReport is the grpcroute.status/v1 contract.
type statusReport struct {
	Schema   string          `json:"schema"`
	Routes   []routeStatus   `json:"routes"`
	Gateways []gatewayStatus `json:"gateways"`
	// ListenerSets have the shape of Gateways.
	ListenerSets []gatewayStatus `json:"listenerSets"`
}

type routeStatus struct {
	Kind string `json:"kind"`
	objectKey
	File    string         `json:"file,omitempty"`
	Parents []parentStatus `json:"parents"`
	Why     string         `json:"why,omitempty"` // why Parents is empty
	Skipped []skipped      `json:"skipped,omitempty"`
}

// skipped is a parentRef that no controller writes an entry for.
type skipped struct {
	ParentRef gatewayv1.ParentReference `json:"parentRef"`
	Why       string                    `json:"why"`
}

type parentStatus struct {
	// ParentRef is the reference as a controller writes it into the status; it is
	// the API's own wire form.
	ParentRef      gatewayv1.ParentReference `json:"parentRef"`
	ControllerName string                    `json:"controllerName"` // "" when the input does not show it
	Conditions     []condition               `json:"conditions"`
}

type condition struct {
	Type      string `json:"type"`
	Status    string `json:"status"` // "Unknown" with certainty "unknown" when the input does not decide it
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	Note      string `json:"note,omitempty"` // what the prediction rests on
	Certainty string `json:"certainty"`
	Cause     *cause `json:"cause,omitempty"`
}

type cause struct {
	File  string    `json:"file"`
	Start *position `json:"start,omitempty"`
	Field string    `json:"field"`
}

type gatewayStatus struct {
	objectKey
	File       string           `json:"file,omitempty"`
	Controller string           `json:"controllerName"`
	Conditions []condition      `json:"conditions"`
	Listeners  []listenerStatus `json:"listeners"`
	Why        string           `json:"why,omitempty"` // why Conditions is empty
}

type listenerStatus struct {
	Name            string      `json:"name"`
	AttachedRoutes  int         `json:"attachedRoutes"`  // for certain
	AttachedUnknown int         `json:"attachedUnknown"` // routes that may be attached
	SupportedKinds  []string    `json:"supportedKinds"`
	Conditions      []condition `json:"conditions"`
}

// StatusJSON writes predicted conditions as grpcroute.status/v1.
func StatusJSON(w io.Writer, r *simulate.StatusReport) error {
	return encode(w, statusOf(r))
}

func statusOf(r *simulate.StatusReport) *statusReport {
	out := &statusReport{Schema: "grpcroute.status/v1", Routes: []routeStatus{}, Gateways: []gatewayStatus{}, ListenerSets: []gatewayStatus{}}
	for i := range r.Routes {
		s := &r.Routes[i]
		route := routeStatus{Kind: s.Route.Kind, objectKey: objectKey{s.Route.Namespace, s.Route.Name}, Why: s.Why, Parents: []parentStatus{}}
		if s.Route.Doc != nil {
			route.File = validText(s.Route.Doc.File.Name)
		}
		for _, p := range s.Parents {
			route.Parents = append(route.Parents, parentStatus{p.Parent.Ref, p.Controller, conditionsOf(p.Conditions)})
		}
		for _, p := range s.Skipped {
			route.Skipped = append(route.Skipped, skipped{p.Parent.Ref, p.Why})
		}
		out.Routes = append(out.Routes, route)
	}
	for i := range r.Gateways {
		out.Gateways = append(out.Gateways, gatewayOf(gatewayParts(&r.Gateways[i])))
	}
	for i := range r.ListenerSets {
		out.ListenerSets = append(out.ListenerSets, gatewayOf(setParts(&r.ListenerSets[i])))
	}
	return out
}

// listening is what the statuses of Gateways and ListenerSets have in common.
type listening struct {
	kind       string
	doc        *manifest.Document
	controller string
	conditions []simulate.Condition
	listeners  []simulate.ListenerStatus
	why        string
}

func gatewayParts(s *simulate.GatewayStatus) listening {
	return listening{"Gateway", s.Gateway.Object.Doc, s.Controller, s.Conditions, s.Listeners, s.Why}
}

func setParts(s *simulate.ListenerSetStatus) listening {
	return listening{"ListenerSet", s.Set.Object.Doc, s.Controller, s.Conditions, s.Listeners, s.Why}
}

func gatewayOf(s listening) gatewayStatus {
	g := gatewayStatus{
		objectKey: objectKey{s.doc.Ref.Namespace, s.doc.Ref.Name}, File: validText(s.doc.File.Name), Controller: s.controller,
		Conditions: conditionsOf(s.conditions), Listeners: []listenerStatus{}, Why: s.why,
	}
	for _, l := range s.listeners {
		g.Listeners = append(g.Listeners, listenerStatus{l.Listener.Name, l.AttachedRoutes, l.AttachedUnknown, list(l.SupportedKinds), conditionsOf(l.Conditions)})
	}
	return g
}

func conditionsOf(cs []simulate.Condition) []condition {
	out := []condition{}
	for _, c := range cs {
		status := c.Status
		if status == simulate.Undetermined {
			status = "Unknown"
		}
		out = append(out, condition{c.Type, status, c.Reason, c.Message, c.Note, c.Certainty.String(), causeOf(c.Cause)})
	}
	return out
}

func causeOf(c *simulate.Cause) *cause {
	if c == nil || c.Range == (diag.Range{}) && c.Field == "" {
		return nil
	}
	return &cause{validText(c.Range.File), positionOf(c.Range.Start), c.Field}
}
