package xds_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// ready is a Gateway whose backend has an EndpointSlice with these endpoints.
func ready(addresses ...string) string {
	text := edited(rule("{method: {service: p.S}}", "name: pods, port: 80")) +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: pods, namespace: d}\nspec: {ports: [{name: grpc, port: 80}]}\n"
	for i, address := range addresses {
		host, port, _ := net.SplitHostPort(address)
		text += fmt.Sprintf("---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: pods-%d, namespace: d, labels: {kubernetes.io/service-name: pods}}\naddressType: IPv4\nports: [{name: grpc, port: %s}]\nendpoints: [{addresses: [%q]}]\n", i, port, host)
	}
	return text
}

// TestEndpointsUnderLoad: endpoints come and go while calls are made.
func TestEndpointsUnderLoad(t *testing.T) {
	t.Parallel()
	agreement.Envoy(t)
	w := newWorld(t)
	w.options.Resolve = envoy.SlicesOrDNS
	at := agreement.Addresses(t, 1)[0]
	w.options.Listen["d/gw:8080"] = at
	a, b := agreement.Backend(t, "a"), agreement.Backend(t, "b")
	w.serve(ready(a))
	w.envoy("d/gw", false)
	l := newLoad(t, dial(t, at, "a.ex.com"), w.dialXDS("d/gw/1", "a.ex.com"))
	for range 3 {
		for _, e := range []struct {
			text string
			want []string
		}{{ready(a, b), []string{"a", "b"}}, {ready(b), []string{"b"}}, {ready(b, a), []string{"a", "b"}}, {ready(a), []string{"a"}}} {
			l.allow(e.want)
			w.serve(e.text)
			time.Sleep(100 * time.Millisecond)
			l.only(e.want)
			l.reach(e.want)
		}
	}
	l.end()
	t.Logf("%d calls", l.calls.Load())
}

// TestListenersUnderLoad: ports and hostnames come and go while calls are made to
// others.
func TestListenersUnderLoad(t *testing.T) {
	t.Parallel()
	agreement.Envoy(t)
	w := newWorld(t, "a")
	at, second := agreement.Addresses(t, 1)[0], agreement.Addresses(t, 1)[0]
	w.options.Listen["d/gw:8080"], w.options.Listen["d/gw:9090"] = at, second
	w.serve(edits[0].text)
	w.envoy("d/gw", true)
	l := newLoad(t, dial(t, at, "a.ex.com"), w.dialXDS("d/gw/1", "a.ex.com:8080"))
	more := strings.Replace(strings.Replace(edits[0].text, "[{name: h2c", "[{name: more, port: 9090, protocol: HTTP}, {name: h2c", 1), "[a.ex.com]", "[a.ex.com, b.ex.com]", 1)
	for range 3 {
		w.serve(more)
		for target, cc := range map[string]string{"a port": second, "a hostname": at} {
			if got, err := call(dial(t, cc, "b.ex.com"), "/p.S/M"); err != nil || got != "a" {
				t.Errorf("%s that was added: backend %q, %v", target, got, err)
			}
		}
		if got, err := call(w.dialXDS("d/gw/2", "b.ex.com:9090"), "/p.S/M"); err != nil || got != "a" {
			t.Errorf("a target that was added: backend %q, %v", got, err)
		}
		w.serve(edits[0].text)
		time.Sleep(100 * time.Millisecond)
	}
	l.end()
	t.Logf("%d calls", l.calls.Load())
}

// TestBusyPort: an Envoy that cannot open one port serves the others, and takes
// changes of their routes.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	agreement.Envoy(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	w := newWorld(t, "a", "d")
	at := agreement.Addresses(t, 1)[0]
	w.options.Listen["d/gw:8080"], w.options.Listen["d/gw:9090"] = at, busy.Addr().String()
	with := func(text string) string {
		return strings.Replace(text, "[{name: h2c", "[{name: more, port: 9090, protocol: HTTP}, {name: h2c", 1)
	}
	w.serve(with(edits[0].text))
	w.envoy("d/gw", false)
	cc := dial(t, at, "a.ex.com")
	for _, i := range []int{0, 3, 0} {
		w.serve(with(edits[i].text))
		time.Sleep(50 * time.Millisecond)
		if got, err := call(cc, "/p.S/M"); err != nil || got != edits[i].want[0] {
			t.Errorf("backend %q, %v; want %s", got, err, edits[i].want[0])
		}
	}
	if said := w.heard(); !strings.Contains(said, "2 Envoy \"d/gw\" of Gateway d/gw refuses what it was sent of Listener: ") || !strings.Contains(said, busy.Addr().String()) {
		t.Errorf("the server says:\n%s", said)
	}
}
