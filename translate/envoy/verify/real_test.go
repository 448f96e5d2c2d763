package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/envoybin"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// start runs an Envoy until the test ends. text makes its configuration of as many
// addresses as are asked for, the first of which is the admin interface's.
func start(t testing.TB, n int, text func(addresses []string) string) []string {
	t.Helper()
	path := agreement.Envoy(t)
	for range 5 {
		addresses := agreement.Addresses(t, n+1)
		file := filepath.Join(t.TempDir(), "envoy.yaml")
		if err := os.WriteFile(file, []byte(text(addresses)), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		stop, err := envoybin.Start(ctx, path, file, addresses[0])
		cancel()
		if errors.Is(err, envoybin.ErrInUse) {
			continue
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text(addresses))
		}
		t.Cleanup(stop)
		return addresses[1:]
	}
	t.Fatal("somebody else is faster at every address")
	return nil
}

// asker makes calls to an Envoy.
type asker struct {
	t       testing.TB
	clients map[string]*grpc.ClientConn
}

func newAsker(t testing.TB) *asker {
	a := &asker{t, map[string]*grpc.ClientConn{}}
	t.Cleanup(func() {
		for _, cc := range a.clients {
			_ = cc.Close()
		}
	})
	return a
}

// ask returns the message of the answer, and what the backend said of itself.
func (a *asker) ask(at string, q *routing.Request) (said string, code int, backend string) {
	cc := a.clients[at]
	if cc == nil {
		var err error
		if cc, err = grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
			a.t.Fatal(err)
		}
		a.clients[at] = cc
	}
	var md, head metadata.MD = metadata.MD{}, nil
	for _, h := range q.Headers {
		md.Append(h.Name, h.Value)
	}
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), md), 20*time.Second)
	defer cancel()
	err := cc.Invoke(ctx, q.Path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.CallAuthority(q.Authority), grpc.Header(&head))
	return status.Convert(err).Message(), int(status.Code(err)), strings.Join(head.Get("backend"), ",")
}

// dice makes random route configurations in which routes tell their names.
type dice struct{ *rand.Rand }

func (d dice) of(pool ...string) string { return pool[d.IntN(len(pool))] }

func (d dice) header() string {
	name := d.of("x-a", "x-a", "x-b", ":path", ":authority", ":authority", ":method", "content-type", "x-n", "te")
	value := d.of(
		"string_match: {exact: '1'}", "string_match: {exact: 'Ab', ignore_case: true}", "string_match: {prefix: 'a'}",
		"string_match: {prefix: 'A', ignore_case: true}", "string_match: {suffix: 'b'}", "string_match: {contains: 'ab'}",
		"string_match: {safe_regex: {regex: 'a|b'}}", "string_match: {safe_regex: {regex: '.*'}}", "string_match: {safe_regex: {regex: '[0-9]*'}}",
		"present_match: true", "present_match: false", "string_match: {exact: ''}",
	)
	switch name {
	case ":path":
		value = d.of("string_match: {suffix: '/Get'}", "string_match: {prefix: '/p.'}", "string_match: {contains: 'A/'}", "string_match: {safe_regex: {regex: '/[^/]+/G.*'}}", "present_match: true")
	case ":authority":
		value = d.of("string_match: {exact: 'a.ex.com'}", "string_match: {exact: 'a.ex.com:81'}", "string_match: {suffix: ':81'}", "string_match: {suffix: '.com'}", "string_match: {safe_regex: {regex: '[^.]+\\.ex\\.com(:[0-9]+)?'}}")
	case ":method":
		value = d.of("string_match: {exact: 'POST'}", "string_match: {exact: 'GET'}")
	case "content-type":
		value = d.of("string_match: {prefix: 'application/grpc'}", "string_match: {exact: 'application/grpc'}", "string_match: {exact: 'text/html'}")
	case "x-n":
		value = d.of("range_match: {start: 0, end: 10}", "range_match: {start: -5, end: 3}", "range_match: {start: 95, end: 1234}", "range_match: {start: -20, end: -9}", "range_match: {start: 3, end: 3}")
	}
	out := "{name: '" + name + "', " + value
	if d.IntN(3) == 0 {
		out += ", invert_match: true"
	}
	if d.IntN(4) == 0 {
		out += ", treat_missing_header_as_empty: true"
	}
	return out + "}"
}

func (d dice) match() string {
	out := d.of("path: /p.A/Get", "path: /p.A/Put", "prefix: /", "prefix: /", "prefix: /p.A", "prefix: /p.A/", "path_separated_prefix: /p.A", "path_separated_prefix: /p.A/Get",
		"safe_regex: {regex: '/p\\.(?:A|B)/G.*'}", "safe_regex: {regex: '/.+/Get'}", "safe_regex: {regex: '/p.A|/p.B/Get'}")
	if d.IntN(4) == 0 && !strings.Contains(out, "regex") {
		out += ", case_sensitive: false"
	}
	if d.IntN(8) == 0 {
		out += ", grpc: {}"
	}
	if d.IntN(20) == 0 {
		out += ", query_parameters: [{name: q, present_match: true}]"
	}
	var headers []string
	for range d.IntN(3) {
		headers = append(headers, d.header())
	}
	return fmt.Sprintf("{%s, headers: [%s]}", out, strings.Join(headers, ", "))
}

// table is a listener with a route configuration.
func (d dice) table(name, address string) string {
	host, port, _ := net.SplitHostPort(address)
	var b strings.Builder
	fmt.Fprintf(&b, `  - name: %q
    address: {socket_address: {address: %s, port_value: %s}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: x
          %s
          http_filters: [{name: r, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
          route_config:
            name: %q
            ignore_port_in_host_matching: %v
            virtual_hosts:
`, name, host, port, d.of("strip_any_host_port: true", "strip_matching_host_port: true", "merge_slashes: true"), name, d.IntN(2) == 0)
	domains := []string{"a.ex.com", "*.ex.com", "'*'", "'*.com'", "a.*", "'*-b.ex.com'", "'a.ex.com:81'", "b.ex.com"}
	d.Shuffle(len(domains), func(i, j int) { domains[i], domains[j] = domains[j], domains[i] })
	for v := range 1 + d.IntN(4) {
		if strings.HasPrefix(domains[v], "*.") {
			domains[v] = "'" + domains[v] + "'"
		}
		fmt.Fprintf(&b, "            - name: v%d\n              domains: [%s]\n              routes:\n", v, domains[v])
		for r := range 1 + d.IntN(6) {
			fmt.Fprintf(&b, "              - {name: v%d-r%d, match: %s, direct_response: {status: 503, body: {inline_string: v%d-r%d}}}\n", v, r, d.match(), v, r)
		}
	}
	return b.String()
}

func (d dice) call(repeat bool) routing.Request {
	q := routing.Request{
		Authority: d.of("a.ex.com", "a.ex.com:81", "b.ex.com", "x-b.ex.com", "y.a.ex.com", "other.org", "A.ex.com", "a.org"),
		Path:      "/" + d.of("p.A", "p.A", "p.AB", "p.B", "P.a") + "/" + d.of("Get", "Put", "Go", "get", "Get2"),
	}
	for range d.IntN(3) {
		q.Headers = append(q.Headers, routing.Header{Name: d.of("x-a", "x-a", "x-b"), Value: d.of("1", "a", "b", "ab", "AB", "", "cab", "7")})
	}
	if d.IntN(2) == 0 {
		q.Headers = append(q.Headers, routing.Header{Name: "x-n", Value: d.of("0", "9", "10", "-5", "-0", "+3", "007", "95", "1233", "1234", "-9", "-10", "-20", "x", "", "1.5", "99999999999999999999")})
	}
	if len(q.Headers) > 1 && q.Headers[0].Name == q.Headers[1].Name && !repeat {
		q.Headers = q.Headers[1:]
	}
	return q
}

// TestEnvoyIsReadAsItIs compares a plain reading of random route configurations with
// what a real Envoy does with calls. Headers come several times where the
// configuration says how they are read.
func TestEnvoyIsReadAsItIs(t *testing.T) {
	for _, individually := range []string{"", "true", "false"} {
		t.Run("individually "+individually, func(t *testing.T) { readAsItIs(t, individually) })
	}
}

func readAsItIs(t *testing.T, individually string) {
	n, each := 60, 60
	if testing.Short() {
		n, each = 10, 30
	}
	var text string
	at := start(t, n, func(addresses []string) string {
		var b strings.Builder
		host, port, _ := net.SplitHostPort(addresses[0])
		fmt.Fprintf(&b, "admin: {address: {socket_address: {address: %s, port_value: %s}}}\n", host, port)
		if individually != "" {
			fmt.Fprintf(&b, "layered_runtime: {layers: [{name: x, static_layer: {envoy.reloadable_features.match_headers_individually: %s}}]}\n", individually)
		}
		b.WriteString("static_resources:\n  listeners:\n")
		for i, a := range addresses[1:] {
			b.WriteString(dice{rand.New(rand.NewPCG(uint64(i), 3))}.table(fmt.Sprint(i), a))
		}
		text = b.String()
		return text
	})
	config, err := Read([]*manifest.File{{Name: "envoy.yaml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	x := newComparing(config, nil, Options{})
	ask := newAsker(t)
	hits := 0
	for i, l := range config.listeners {
		d := dice{rand.New(rand.NewPCG(uint64(i), 4))}
		for range each {
			q := d.call(individually != "")
			want, unknown := x.Decide(l, &q)
			if unknown != "" {
				t.Fatalf("%+v: %s", q, unknown)
			}
			wantText := strings.TrimPrefix(want.Who, "route ")
			if wantText != "" {
				hits++
			}
			said, code, _ := ask.ask(at[i], &q)
			if code == 12 {
				said = ""
			}
			if said != wantText {
				t.Errorf("%+v at listener %s: Envoy says %q (%d), we read %q\n%s", q, l.name, said, code, wantText, extract(text, l))
				return
			}
		}
	}
	t.Logf("%d calls, %d of them taken by a route", n*each, hits)
	if hits < n*each/10 {
		t.Errorf("%d calls of %d were taken by a route", hits, n*each)
	}
}

// extract is the part of a configuration that is a listener's.
func extract(text string, l *listener) string {
	lines := strings.Split(text, "\n")
	end := l.at.line
	for end < len(lines) && !strings.HasPrefix(lines[end], "  - name") {
		end++
	}
	return strings.Join(lines[l.at.line-1:end], "\n")
}
