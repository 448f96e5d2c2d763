// Package simulate answers questions about single calls and single objects:
// where a call goes and why (explain), and which conditions a controller will
// write (status). It decides nothing itself: explain reads routing, status reads
// the refusals of topology through the profile's vocabulary.
package simulate

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
)

// Undetermined is the Status of a condition that the input does not decide. It
// is never written to a cluster, where "Unknown" means that the controller does
// not know yet: here it is us who do not know. Such a condition has certainty
// [diag.Unknown], no Reason, and a Message that names what it depends on.
const Undetermined = "?"

// Condition is one predicted condition.
type Condition struct {
	// Type, Status ("True", "False" or [Undetermined]) and Reason are what the
	// controller writes; Message is in its wording where the profile knows it.
	Type, Status, Reason, Message string
	Certainty                     diag.Certainty
	Cause                         *Cause
	// Note is ours: what the prediction rests on, or what the implementation's
	// reason hides.
	Note string
}

// Cause is the field that decided a condition.
type Cause struct {
	Range diag.Range
	Field string
}

// RouteStatus is the predicted status of one GRPCRoute.
type RouteStatus struct {
	Route   *topology.Route
	Parents []ParentStatus
	Why     string // why Parents is empty
	// Skipped are the parentRefs without an entry.
	Skipped []SkippedParent
}

// SkippedParent is a parentRef for which no controller writes an entry.
type SkippedParent struct {
	Parent *topology.Parent
	Why    string
}

// ParentStatus is one entry of status.parents.
type ParentStatus struct {
	Parent     *topology.Parent
	Controller string // "" when the input does not show it
	Conditions []Condition
}

// ListenerStatus is the predicted status of one listener.
type ListenerStatus struct {
	Listener *topology.Listener
	// AttachedRoutes counts the routes that are accepted for certain, and
	// AttachedUnknown those that may be.
	AttachedRoutes, AttachedUnknown int
	SupportedKinds                  []string
	Conditions                      []Condition
}

// GatewayStatus is the predicted status of one Gateway.
type GatewayStatus struct {
	Gateway    *topology.Gateway
	Controller string // "" when the input does not show it
	Conditions []Condition
	Listeners  []ListenerStatus // its own
	Why        string           // why there are no conditions
}

// ListenerSetStatus is the predicted status of one ListenerSet.
type ListenerSetStatus struct {
	Set        *topology.ListenerSet
	Controller string
	Conditions []Condition
	Listeners  []ListenerStatus
	Why        string // why there are no conditions
}

// StatusReport is every status the controllers of a topology would write.
type StatusReport struct {
	Routes       []RouteStatus
	Gateways     []GatewayStatus
	ListenerSets []ListenerSetStatus
}
