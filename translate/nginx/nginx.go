// Package nginx writes the configuration of an nginx that routes as a routing table
// does: a complete nginx.conf. What nginx cannot be told is said in diagnostics,
// with the place of the field; calls that may be meant by it fail, so that nothing
// is routed wrong.
//
// A call is given a place in steps, each of which is a map: $host gives a table,
// the path the rule that a table has for it, or the whole of path and headers the
// first of the table's expressions that takes them. The place is a named location,
// NS/NAME:PORT of a backend, or NS/NAME/rule/N/backend/M where headers are changed,
// which passes the call on.
package nginx

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
	out       strings.Builder
	upstreams map[*plan.Upstream]string // their names
	variables int
	keys      int  // in the largest map
	longest   int  // key
	regexes   bool // some map has expressions
	dollar    bool // some text has a dollar sign
}

// Translate writes the configuration for the Gateways of tables, one table per
// implementation. Notes of severity warning are what gets lost, those of severity
// info what the result depends on. There is an error when two ports would be bound
// to one address.
func Translate(tables []*routing.Table, o plan.Options) (*Result, error) {
	o.Program = Target
	p, err := plan.Make(tables, o)
	if err != nil {
		return nil, err
	}
	w := &writer{Plan: p, upstreams: map[*plan.Upstream]string{}}
	for _, u := range p.Upstreams {
		w.upstream(u)
	}
	for i, d := range p.Doors {
		w.door(d, fmt.Sprintf("d%d", i))
	}
	p.List.Sort()
	return &Result{Text: []byte(w.head() + w.out.String() + "}\n"), Notes: p.List, Files: p.Files}, nil
}

func (w *writer) line(depth int, format string, args ...any) {
	w.out.WriteString(strings.Repeat("    ", depth))
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

// head is what stands before the parts that depend on the manifests. Sizes are such
// that nginx finds them sufficient.
func (w *writer) head() string {
	var b strings.Builder
	b.WriteString(preamble)
	fmt.Fprintf(&b, "    map_hash_bucket_size %d;\n", power(2*w.longest+64, 128))
	fmt.Fprintf(&b, "    map_hash_max_size %d;\n", power(2*w.keys, 2048))
	fmt.Fprintf(&b, "    variables_hash_bucket_size 128;\n    variables_hash_max_size %d;\n", power(4*w.variables+1024, 2048))
	b.WriteString("    server_names_hash_bucket_size 512;\n    server_names_hash_max_size 4096;\n\n")
	if w.dollar {
		b.WriteString("    geo $dollar { default \"$\"; } # a dollar sign, which begins a variable\n\n")
	}
	return b.String()
}

// preamble holds for all calls. Neither a stream nor the silence on one has a limit
// but what client and backend agree on; nothing is buffered; of a backend's headers
// all are passed on and none is obeyed.
const preamble = `# Written by grpcroute translate --to nginx.
worker_processes auto;
worker_rlimit_nofile 16384;

events {
    worker_connections 8192;
}

http {
    access_log off;
    server_tokens off;
    client_max_body_size 0;
    client_body_timeout 365d;
    large_client_header_buffers 4 32k;
    keepalive_requests 1000000;
    http2_max_concurrent_streams 1024;
    max_ranges 0;
    if_modified_since off;
    grpc_buffer_size 32k;
    grpc_connect_timeout 5s;
    grpc_read_timeout 365d;
    grpc_send_timeout 365d;
    grpc_socket_keepalive on;
    grpc_ignore_headers X-Accel-Redirect X-Accel-Charset;
    grpc_pass_header Server;
    grpc_pass_header Date;
`

// power returns the least power of two that is not below n and least.
func power(n, least int) int {
	for least < n {
		least *= 2
	}
	return least
}

// upstream writes a backend.
func (w *writer) upstream(u *plan.Upstream) {
	name := strings.NewReplacer("/", ".", ":", ".").Replace(u.Name)
	w.upstreams[u] = name
	w.line(1, "upstream %s {", name)
	for _, at := range u.Addresses {
		if plan.Named(at) {
			w.Depends(nil, nil, "nginx looks %s up when it starts, and does not start when there is no such name", at)
		}
		w.line(2, "server %s;", at)
	}
	w.line(2, "keepalive 64;")
	w.line(1, "}\n")
}
