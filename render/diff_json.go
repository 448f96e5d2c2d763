package render

import (
	"io"

	"github.com/grpcroute/grpcroute/simulate"
)

// diffReport is the grpcroute.diff/v1 contract. Equal is a proof that no
// comparison has a region or an open question.
type diffReport struct {
	Schema      string           `json:"schema"`
	Equal       bool             `json:"equal"`
	Regions     []diffRegion     `json:"regions"`
	Unknown     []diffUnknown    `json:"unknown"`
	Comparisons []diffComparison `json:"comparisons"`
}

type diffComparison struct {
	Old     diffSide `json:"old"`
	New     diffSide `json:"new"`
	Equal   bool     `json:"equal"`
	Calls   *int     `json:"calls,omitempty"`   // of the traffic log
	Changed *int     `json:"changed,omitempty"` // of those
	Notes   []string `json:"notes"`
}

type diffSide struct {
	Label   string `json:"label"`
	Profile string `json:"profile"`
}

type diffUnknown struct {
	Comparison int    `json:"comparison"`
	Why        string `json:"why"`
}

type diffRegion struct {
	Comparison int        `json:"comparison"` // index in comparisons
	Change     string     `json:"change"`
	Gateways   []string   `json:"gateways"`
	Hosts      []string   `json:"hosts"`
	Service    string     `json:"service"`
	Method     string     `json:"method"`
	Headers    []string   `json:"headers"`
	Calls      int        `json:"calls,omitempty"` // of the traffic log
	Certainty  string     `json:"certainty"`
	Unknown    string     `json:"unknown,omitempty"` // what the input does not show
	Witness    witness    `json:"witness"`
	Old        diffAction `json:"old"`
	New        diffAction `json:"new"`
}

// diffAction is what happens to the calls of a region on one side. Equal
// destinations of one rule are one backend here.
type diffAction struct {
	Route    *routeRef    `json:"route"` // null when no rule takes them
	Rule     *int         `json:"rule"`
	RuleName string       `json:"ruleName"`
	Match    *int         `json:"match"`
	Backends []diffTarget `json:"backends"`
	Filters  []string     `json:"filters"`
	Extras   []string     `json:"extras"`
	Response *response    `json:"response"` // null when calls reach a backend
	Why      string       `json:"why,omitempty"`
	// Of what is no rule: its name and where it stands.
	Name string `json:"name,omitempty"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

type diffTarget struct {
	Group     string    `json:"group"`
	Kind      string    `json:"kind"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Port      int32     `json:"port"`
	Share     string    `json:"share"`
	Percent   float64   `json:"percent"`
	TLS       string    `json:"tls,omitempty"` // hostname that is verified
	Filters   []string  `json:"filters,omitempty"`
	Response  *response `json:"response,omitempty"` // what its calls get when it cannot be used
}

// DiffJSON writes comparisons as grpcroute.diff/v1.
func DiffJSON(w io.Writer, ds []*simulate.Diff) error {
	return encode(w, diffReportOf(ds))
}
