// Package haproxy writes the configuration of a HAProxy that routes as a routing
// table does: a complete haproxy.cfg. What HAProxy cannot be told is said in
// diagnostics, with the place of the field; calls that may be meant by it fail, so
// that nothing is routed wrong.
//
// A frontend finds the table of a call's host, and asks the matches of that in
// order: the first use_backend that takes the call decides. Backends are named
// NS:NAME:PORT, or NS:NAME:rule:N:backend:M where they change headers.
package haproxy

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// Result is a configuration.
type Result struct {
	Text  []byte
	Notes diag.List
	// Files are those that the configuration refers to, by their path from its folder.
	Files map[string][]byte
}

// writer gathers a configuration.
type writer struct {
	*plan.Plan
	out      strings.Builder
	backends map[string]string // texts of backends, by name
	names    map[*plan.Part]string
	order    []string // names of backends
	regexes  bool     // some condition is an expression
	dns      bool     // some address is a name
}

// Translate writes the configuration for the Gateways of tables, one table per
// implementation. Notes of severity warning are what gets lost, those of severity
// info what the result depends on. There is an error when two ports would be bound
// to one address.
func Translate(tables []*routing.Table, o plan.Options) (*Result, error) {
	o.Program = "HAProxy"
	p, err := plan.Make(tables, o)
	if err != nil {
		return nil, err
	}
	w := &writer{Plan: p, backends: map[string]string{}, names: map[*plan.Part]string{}}
	for _, d := range p.Doors {
		w.door(d)
	}
	if len(p.Doors) == 0 {
		p.Lost(nil, nil, "there is no port to open, and a HAProxy without does not start")
	}
	for _, name := range w.order {
		fmt.Fprintf(&w.out, "backend %s\n%s\n", name, w.backends[name])
	}
	p.List.Sort()
	return &Result{Text: []byte(w.head() + w.out.String()), Notes: p.List, Files: p.Files}, nil
}

// line writes a line of a section.
func (w *writer) line(format string, args ...any) {
	w.out.WriteString("    ")
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

// head is what stands before the parts that depend on the manifests.
func (w *writer) head() string {
	out := preamble
	if w.regexes {
		out += pcreOnly
	}
	if w.dns {
		out += "resolvers system\n    parse-resolv-conf\n\n"
	}
	return out
}

// preamble holds for all calls. Neither a stream nor the silence on one has a limit
// but what client and backend agree on; the longest that HAProxy counts is 24 days.
const preamble = `# Written by grpcroute translate --to haproxy.
global
    default-path config
    ssl-load-extra-del-ext
    tune.bufsize 65536
    tune.h2.max-concurrent-streams 1024

defaults
    mode http
    option http-no-delay
    option redispatch 1
    retries 1
    timeout connect 5s
    timeout client 24d
    timeout server 24d

`

// pcreOnly refuses a HAProxy that would read the expressions in another dialect.
const pcreOnly = `.if feature(PCRE) || feature(PCRE2)
.else
.alert "this configuration has expressions of PCRE, which this HAProxy was built without"
.endif

`

// quoted writes a word in which nothing has a meaning.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// sectionName writes a name of the plan as that of a section, which has no slashes.
func sectionName(name string) string { return strings.ReplaceAll(name, "/", ":") }
