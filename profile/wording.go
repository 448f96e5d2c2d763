package profile

import (
	"fmt"
	"strings"
)

// Wording is what an implementation writes into conditions where that departs
// from Gateway API, or where Gateway API leaves it open. The zero value follows
// GA apis/v1/gateway_types.go and apis/v1/shared_types.go.
type Wording struct {
	// Messages are texts by "KIND TYPE/REASON", where KIND is "route", "listener"
	// or "gateway": "route Accepted/NoMatchingParent". Without one a message says
	// what happened in our words.
	Messages map[string]string

	// Refs joins the failed backendRefs into the message of ResolvedRefs=False;
	// nil means one message per reference.
	Refs func([]FailedRef) string
	// SoftReasons are those of ResolvedRefs=False that show only when no reference
	// fails for another one; Refs does not word them.
	SoftReasons []string
	// SkipMirrorRefs: the target of a RequestMirror is not looked at.
	SkipMirrorRefs bool
	// Dropped is the beginning of PartiallyInvalid's message for those rules; nil
	// means "Dropped Rule 0, 2: ", as GEP-1364 begins it.
	Dropped func(rules []int) string

	// Overlap names the extra condition on routes whose matches another route has
	// as well; "" writes none.
	Overlap OverlapCondition
	// Pushed names the extra condition, False on every accepted route while one
	// regular expression keeps the data plane from taking any update; "" writes none.
	Pushed, PushedReason string
	// Endpoints names the extra condition, False when a Service has no ready
	// endpoints; "" writes none.
	Endpoints, EndpointsReason string

	// MoreProtocols are listener protocols that are served beside HTTP and HTTPS,
	// though not for GRPCRoutes.
	MoreProtocols []string
	// NoConflicts: listeners without a conflict carry Conflicted=False.
	NoConflicts bool
	// ConflictedNotAccepted: a conflicted listener of a Gateway carries no Accepted
	// condition; otherwise it is False.
	ConflictedNotAccepted bool
	// ConflictRefusesGateway: one conflicted listener makes the Gateway
	// Accepted=False.
	ConflictRefusesGateway bool
	// InvalidReason: Programmed=False of a conflicted listener has reason Invalid;
	// otherwise that of the conflict.
	InvalidReason bool
	// Replaced begins the message of Accepted=False for a rule that is replaced, and
	// EmptyReplaced says that rules without backends, or with weights that are all
	// zero, are.
	Replaced      string
	EmptyReplaced bool
	// KindsStopNothing: a listener none of whose route kinds is usable is Programmed.
	KindsStopNothing bool
	// RefsStopListener: a listener with ResolvedRefs=False is not Programmed, even
	// when some of its route kinds are usable.
	RefsStopListener bool
	// ProgrammedAnyway: a Gateway is Programmed even when none of its listeners is,
	// as long as one is accepted.
	ProgrammedAnyway bool
	// UnprogrammedNotValid: a listener that is not Programmed makes the Gateway
	// Accepted=True with reason ListenersNotValid, as one that is not Accepted does.
	UnprogrammedNotValid bool
	// NoOverlappingTLS: OverlappingTLSConfig is never written.
	NoOverlappingTLS bool
	// GatewayRefs: Gateways carry ResolvedRefs, False when a listener's is.
	GatewayRefs bool
	// Permissive names the extra condition on listeners that take every namespace
	// and every host; "" writes none.
	Permissive, PermissiveReason string
}

// OverlapCondition is the condition that tells of matches in common.
type OverlapCondition struct {
	Type, Reason string
	LoserOnly    bool // only the route that loses carries it
}

// FailedRef is a backendRef that does not resolve.
type FailedRef struct {
	Kind, Namespace, Name, Reason string
}

// Wording returns what the profile's implementation writes.
func (p *Profile) Wording() *Wording {
	if w, ok := wordings[p.Name]; ok {
		return w
	}
	return &Wording{}
}

// Message returns the text of a condition, "" when the profile knows none.
func (p *Profile) Message(kind, condition, reason string) string {
	if kind == "route" {
		switch {
		case condition == "Accepted" && reason == "Accepted" && p.Status.AcceptedMessage != "":
			return p.Status.AcceptedMessage
		case condition == "ResolvedRefs" && reason == "ResolvedRefs" && p.Status.ResolvedMessage != "":
			return p.Status.ResolvedMessage
		}
	}
	return p.Wording().Messages[kind+" "+condition+"/"+reason]
}

// bindingMessages are those of the two controllers that share a binding package
// (lexfrei/cloudflare-tunnel-gateway-controller 97349fc6 and
// lexfrei/pingora-gateway-controller 3f0ec74, internal/routebinding/binding.go).
var bindingMessages = map[string]string{
	"route Accepted/NoMatchingParent":           "No matching listener found",
	"route Accepted/NoMatchingListenerHostname": "No listener hostname matches route hostnames",
	"route Accepted/NotAllowedByListeners":      "Route not allowed by listener allowedRoutes policy",
	"listener Accepted/Accepted":                "Listener accepted",
	"listener Programmed/Programmed":            "Listener programmed",
	"listener ResolvedRefs/ResolvedRefs":        "References resolved",
}

func with(base, more map[string]string) map[string]string {
	all := make(map[string]string, len(base)+len(more))
	for k, v := range base {
		all[k] = v
	}
	for k, v := range more {
		all[k] = v
	}
	return all
}

var wordings = map[string]*Wording{
	// internal/controller/route_status.go, gateway_controller.go,
	// listenerset_controller.go at 97349fc6.
	"cloudflare-tunnel": {
		Messages: with(bindingMessages, map[string]string{
			"listener Programmed/unresolved":          "Listener has unresolved references",
			"listener ResolvedRefs/InvalidRouteKinds": "One or more specified route kinds are not supported",
			"gateway Accepted/Accepted":               "Gateway accepted by cloudflare-tunnel controller",
			"gateway Programmed/Programmed":           "Gateway programmed in Cloudflare Tunnel",
		}),
		Refs:                   namesOf("Backend references not permitted: "),
		SoftReasons:            []string{"UnsupportedProtocol"},
		SkipMirrorRefs:         true,
		Pushed:                 "cf.k8s.lex.la/ProxyConfigPushed",
		PushedReason:           "ProxyConfigPushFailed",
		Overlap:                OverlapCondition{"cf.k8s.lex.la/RouteShadowed", "HostnameMatchShadowed", true},
		ConflictRefusesGateway: true,
		RefsStopListener:       true,
		ProgrammedAnyway:       true,
		NoOverlappingTLS:       true,
		Permissive:             "cf.k8s.lex.la/PermissiveHostname",
		PermissiveReason:       "UnpinnedHostnameAllowsAllNamespaces",
	},
	"pingora":            pingoraWording,
	"pingora --as-built": pingoraWording,
	// pkg/reports/status.go at 039f9454, translator/listener/validation.go at
	// 0d44b463.
	"kgateway": {
		Messages: map[string]string{
			"listener Accepted/Accepted":         "Successfully accepted Listener",
			"listener Conflicted/NoConflicts":    "Successfully verified that Listener has no conflicts",
			"listener ResolvedRefs/ResolvedRefs": "Successfully resolved all references",
			"listener Programmed/Programmed":     "Successfully programmed Listener",
			"gateway Accepted/Accepted":          "Successfully accepted Gateway",
			"gateway ResolvedRefs/ResolvedRefs":  "Successfully resolved all Gateway references",
			"gateway Programmed/Programmed":      "Successfully programmed Gateway",
		},
		MoreProtocols:        []string{"TLS", "TCP"},
		Replaced:             "Replaced Rule (%d): ",
		EmptyReplaced:        true,
		KindsStopNothing:     true,
		NoConflicts:          true,
		ProgrammedAnyway:     true,
		UnprogrammedNotValid: true,
		NoOverlappingTLS:     true,
		GatewayRefs:          true,
	},
	// internal/gatewayapi/route.go, validate.go and status/ at d32f2829.
	"envoy-gateway": {
		Messages: map[string]string{
			"route Accepted/NoMatchingParent":           "No listeners match this parent ref",
			"route Accepted/NotAllowedByListeners":      "No listeners included by this parent ref allowed this attachment.",
			"route Accepted/NoMatchingListenerHostname": "There were no hostname intersections between the GRPCRoute and this parent ref's Listener(s).",
			"listener Accepted/Accepted":                "Listener has been successfully translated",
			"listener ResolvedRefs/ResolvedRefs":        "Listener references have been resolved",
			"listener Programmed/Programmed":            "Sending translated listener configuration to the data plane",
			"listener Programmed/Invalid":               "Listener is invalid, see other Conditions for details.",
			"gateway Accepted/Accepted":                 "The Gateway has been scheduled by Envoy Gateway",
		},
		Dropped:               func(rules []int) string { return fmt.Sprintf("Dropped Rule(s) %v: ", rules) },
		Overlap:               OverlapCondition{Type: "RouteRulesOverlap", Reason: "RouteRulesOverlap"},
		Endpoints:             "BackendsAvailable",
		EndpointsReason:       "EndpointsNotFound",
		MoreProtocols:         []string{"TLS", "TCP", "UDP"},
		ConflictedNotAccepted: true,
		RefsStopListener:      true,
		ProgrammedAnyway:      true,
		InvalidReason:         true,
	},
}

// pingoraWording is pingora_grpcroute_controller.go and
// pingora_gateway_controller.go at 3f0ec74.
var pingoraWording = &Wording{
	Messages: with(bindingMessages, map[string]string{
		"gateway Accepted/Accepted":     "Gateway accepted by Pingora controller",
		"gateway Programmed/Programmed": "Gateway programmed in Pingora proxy",
	}),
}

// namesOf lists the references after a fixed beginning.
func namesOf(beginning string) func([]FailedRef) string {
	return func(refs []FailedRef) string {
		var names []string
		for _, r := range refs {
			namespace := r.Namespace
			if r.Reason == "InvalidKind" {
				namespace = "" // the controller does not fill it in for these
			}
			names = append(names, namespace+"/"+r.Name)
		}
		return beginning + strings.Join(names, ", ")
	}
}
