package render

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// explanation is the grpcroute.explain/v1 contract. Indexes count from 0.
type explanation struct {
	Schema    string           `json:"schema"`
	Profile   string           `json:"profile"`
	Request   explainedRequest `json:"request"`
	Outcome   string           `json:"outcome"`
	Certainty string           `json:"certainty"`
	Hostname  string           `json:"hostname"` // the one in force; "" for any
	Listener  *listenerRef     `json:"listener"`
	Route     *routeRef        `json:"route"`
	Rule      *int             `json:"rule"`
	RuleName  string           `json:"ruleName"`
	Match     *int             `json:"match"` // null for a rule without matches
	Backends  []backendShare   `json:"backends"`
	Filters   []filter         `json:"filters"`
	Response  *response        `json:"response"` // null when a backend answers
	// Considered holds every entry that was looked at, best first.
	Considered  []candidate `json:"considered"`
	Unknown     []string    `json:"unknown"`
	Suggestions []string    `json:"suggestions"`
	Notes       []string    `json:"notes"`
	Witness     witness     `json:"witness"`
}

type explainedRequest struct {
	Gateway   string            `json:"gateway,omitempty"`
	Port      int32             `json:"port"`
	SNI       string            `json:"sni"`
	Authority string            `json:"authority"`
	Service   string            `json:"service"`
	Method    string            `json:"method"`
	Headers   map[string]string `json:"headers"`
}

type objectKey struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type listenerRef struct {
	Gateway  objectKey `json:"gateway"`
	Name     string    `json:"name"`
	Port     int32     `json:"port"`
	Protocol string    `json:"protocol"`
	Hostname string    `json:"hostname"`
}

type routeRef struct {
	Kind string `json:"kind"`
	objectKey
	File string `json:"file"`
	Line int    `json:"line"` // of the rule
}

type backendShare struct {
	Group     string      `json:"group"`
	Kind      string      `json:"kind"`
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	Port      int32       `json:"port"`
	Weight    int64       `json:"weight"`
	Share     string      `json:"share"` // exact, in lowest terms: "4/5", "1", "0"
	Percent   float64     `json:"percent"`
	Protocol  string      `json:"protocol,omitempty"`
	TLS       *backendTLS `json:"tls,omitempty"`
	Filters   []filter    `json:"filters,omitempty"`
	Certainty string      `json:"certainty"`
	Unknown   string      `json:"unknown,omitempty"` // what the input does not show
	Refusal   *refusal    `json:"refusal,omitempty"`
	Response  *response   `json:"response,omitempty"` // what its calls get when it cannot be used
}

type backendTLS struct {
	Policy   objectKey `json:"policy"`
	Hostname string    `json:"hostname"`
	CA       string    `json:"ca"` // "System" or "caCertificateRefs"
}

type refusal struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

type filter struct {
	Index                  int                                `json:"index"`
	Type                   string                             `json:"type"`
	RequestHeaderModifier  *gatewayv1.HTTPHeaderFilter        `json:"requestHeaderModifier,omitempty"`
	ResponseHeaderModifier *gatewayv1.HTTPHeaderFilter        `json:"responseHeaderModifier,omitempty"`
	RequestMirror          *gatewayv1.HTTPRequestMirrorFilter `json:"requestMirror,omitempty"`
	ExtensionRef           *gatewayv1.LocalObjectReference    `json:"extensionRef,omitempty"`
	Refusal                *refusal                           `json:"refusal,omitempty"`
}

type response struct {
	HTTP int    `json:"http"`
	GRPC string `json:"grpc"` // name of the status: "UNAVAILABLE"
	Code int    `json:"code"`
}

type candidate struct {
	Kind      string         `json:"kind"`
	Route     string         `json:"route"` // "NS/NAME"
	Rule      int            `json:"rule"`
	RuleName  string         `json:"ruleName,omitempty"`
	Match     *int           `json:"match"`
	Host      string         `json:"host"`
	Keys      map[string]int `json:"keys"` // by criterion; the greater wins
	Verdict   string         `json:"verdict"`
	Why       string         `json:"why,omitempty"`
	Certainty string         `json:"certainty"`
	File      string         `json:"file,omitempty"`
	Line      int            `json:"line,omitempty"`
}
