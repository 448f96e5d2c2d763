// Package simulate answers questions about single calls and single objects:
// where a call goes and why (explain), and which conditions a controller will
// write (status). It decides nothing itself: explain reads routing, status reads
// the refusals of topology through the profile's vocabulary.
package simulate

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// Condition is one predicted condition.
type Condition struct {
	Type, Status, Reason, Message string
	Certainty                     diag.Certainty
	Cause                         *Cause
}

// Cause is the field that decided a condition.
type Cause struct {
	Range diag.Range
	Field string
}

// RouteStatus is the predicted status of one route.
type RouteStatus struct {
	Route   *topology.Route
	Parents []ParentStatus
	Why     string // why Parents is empty
}

// ParentStatus is one entry of status.parents.
type ParentStatus struct {
	Parent     *topology.Parent
	Controller string // "" when the input does not show it
	Conditions []Condition
}

// ListenerStatus is the predicted status of one listener.
type ListenerStatus struct {
	Listener       *topology.Listener
	AttachedRoutes int
	SupportedKinds []string
	Conditions     []Condition
}

// GatewayStatus is the predicted status of one Gateway.
type GatewayStatus struct {
	Gateway    *topology.Gateway
	Conditions []Condition
	Listeners  []ListenerStatus
}

// StatusReport is every status the controllers of a topology would write.
type StatusReport struct {
	Routes   []RouteStatus
	Gateways []GatewayStatus
}

// Status predicts the conditions. refused says which documents the API server
// would not take, with its message; they get no status.
func Status(t *topology.Topology, refused map[*manifest.Document]string) *StatusReport {
	return &StatusReport{}
}
