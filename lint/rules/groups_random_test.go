package rules_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// world makes manifests of few names, so that routes meet one another in all the
// ways there are.
type world struct {
	*rand.Rand
	text    []string // of a file each
	plain   bool     // routes name exact hosts and services, so that there are many groups
	current strings.Builder
}

func (w *world) of(pool ...string) string { return pool[w.IntN(len(pool))] }

// some returns one of a pool in one of n cases, else "".
func (w *world) some(n int, pool ...string) string {
	if w.IntN(n) > 0 {
		return ""
	}
	return w.of(pool...)
}

// document adds a document, to the file at hand or to a new one.
func (w *world) document(format string, args ...any) {
	if w.current.Len() > 0 && w.IntN(3) == 0 {
		w.end()
	}
	w.current.WriteString("---\n")
	fmt.Fprintf(&w.current, format, args...)
}

func (w *world) end() {
	w.text = append(w.text, w.current.String())
	w.current.Reset()
}

var (
	namespaces = []string{"infra", "shop", "pay"}
	hostPool   = []string{"a.ex.com", "b.ex.com", "'*.ex.com'", "'*.a.ex.com'", "x.a.ex.com", "other.org", "'*.org'", "ex.com"}
	services   = []string{"a.A", "b.B", "c.C", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}
)

func (w *world) gateway(i int) {
	var b strings.Builder
	for l := range 1 + w.IntN(3) {
		protocol := w.of("HTTP", "HTTPS", "HTTPS")
		hostname := w.some(2, ", hostname: '*.ex.com'", ", hostname: a.ex.com", ", hostname: '*.org'")
		if w.plain {
			hostname = w.some(4, ", hostname: '*.ex.com'")
		}
		fmt.Fprintf(&b, "  - {name: l%d, port: %d, protocol: %s%s%s%s}\n", l, 80+w.IntN(2), protocol, hostname,
			map[bool]string{true: ", tls: {certificateRefs: [{name: cert" + w.of("", "2") + "}]}"}[protocol == "HTTPS" && w.IntN(3) > 0],
			w.of(", allowedRoutes: {namespaces: {from: All}}", ", allowedRoutes: {namespaces: {from: All}}", "",
				", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: a}}}}"))
	}
	allowed := w.some(3, "  allowedListeners: {namespaces: {from: All}}\n")
	w.document("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g%d, namespace: infra}\nspec:\n  gatewayClassName: %s\n%s  listeners:\n%s",
		i, w.of("c", "c", "c", "kgateway", "eg"), allowed, b.String())
}

func (w *world) others() {
	if w.IntN(3) == 0 {
		w.document("apiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {name: s, namespace: %s}\nspec:\n  parentRef: {name: g0, namespace: infra}\n  listeners:\n  - {name: x, port: 80, protocol: HTTP, hostname: %s}\n",
			w.of(namespaces...), w.of(hostPool...))
	}
	for _, ns := range namespaces {
		for _, name := range []string{"u", "v"} {
			if w.IntN(2) == 0 {
				w.document("apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: %s}\nspec: {%sports: [{port: 1, targetPort: 9%s}]}\n", name, ns,
					w.some(5, "clusterIP: None, ", "type: ExternalName, externalName: x.org, "), w.some(2, ", appProtocol: kubernetes.io/h2c", ", appProtocol: http", ", appProtocol: grpc"))
			}
		}
		if w.IntN(3) == 0 {
			w.document("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {team: %s}}\n", ns, w.of("a", "b"))
		}
		for i := range w.IntN(3) {
			w.document("apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: t%d, namespace: %s}\nspec:\n  from: [{group: %s, kind: %s, namespace: %s}]\n  to: [{group: '', kind: %s%s}]\n",
				i, ns, w.of("gateway.networking.k8s.io", "gateway.networking.k8s.io", "''"), w.of("GRPCRoute", "GRPCRoute", "HTTPRoute"), w.of(namespaces...),
				w.of("Service", "Service", "Secret"), w.some(2, ", name: u", ", name: v"))
		}
		if w.IntN(4) == 0 {
			w.document("apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: %s}\nspec:\n  targetRefs: [{group: '', kind: Service, name: %s}]\n  validation: {hostname: x.org, %s}\n",
				ns, w.of("u", "v"), w.of("wellKnownCACertificates: System", "caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]"))
		}
	}
}

// byName adds what others ask for by name, some of it twice.
func (w *world) byName() {
	for range w.IntN(4) {
		switch w.IntN(4) {
		case 0:
			w.document("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: %s}\ndata: {ca.crt: %s}\n", w.of(namespaces...), w.of("x", "''"))
		case 1:
			w.document("apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: cert%s, namespace: infra}\nstringData: {tls.crt: a, tls.key: b}\n", w.of("", "2"))
		case 2:
			w.document("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: infra}\nspec: {template: {spec: {containers: [{name: c, env: [{name: %s, value: quic}]}]}}}\n",
				w.of("PROXY_TUNNEL_PROTOCOL", "OTHER"))
		default:
			w.document("apiVersion: v1\nkind: Service\nmetadata: {name: u, namespace: %s%s}\nspec: {ports: [{port: 1}]}\n", w.of(namespaces...),
				w.some(2, ", annotations: {grpcroute.io/ignore: backend-headless why}"))
		}
	}
}

func (w *world) route(i int) {
	kind, ns := w.of("GRPCRoute", "GRPCRoute", "GRPCRoute", "GRPCRoute", "HTTPRoute"), w.of(namespaces...)
	hosts := hostPool
	if w.plain {
		kind, hosts = "GRPCRoute", []string{"a.ex.com", "b.ex.com", "c.ex.com", "d.ex.com", "e.ex.com", "other.org", w.of(hostPool...)}
	}
	var b strings.Builder
	b.WriteString(w.some(6, "# grpcroute:ignore backend-not-found,no-catch-all why\n", "# Source: chart/templates/route.yaml\n"))
	fmt.Fprintf(&b, "apiVersion: gateway.networking.k8s.io/v1\nkind: %s\nmetadata: {name: r%d, namespace: %s%s%s}\nspec:\n  parentRefs:\n", kind, w.IntN(i+2), ns,
		w.some(2, ", creationTimestamp: '2026-01-01T00:00:00Z'", ", creationTimestamp: '2026-01-02T00:00:00Z'"),
		w.some(6, ", annotations: {grpcroute.io/ignore: 'rule-unnamed, grant-missing why'}", ", annotations: {config.kubernetes.io/origin: 'path: base/r.yaml'}"))
	for range 1 + w.IntN(5)/4 {
		switch w.IntN(10) {
		case 0:
			fmt.Fprintf(&b, "  - {kind: Service, group: '', name: u, namespace: %s}\n", w.of(namespaces...))
		case 1:
			fmt.Fprintf(&b, "  - {kind: ListenerSet, name: s, namespace: %s}\n", w.of(namespaces...))
		default:
			fmt.Fprintf(&b, "  - {name: g%d, namespace: infra%s%s}\n", w.IntN(3), w.some(3, ", sectionName: l0", ", sectionName: l1", ", sectionName: x"), w.some(9, ", port: 80"))
		}
	}
	if w.plain || w.IntN(5) > 0 {
		var names []string
		for range 1 + w.IntN(2) {
			names = append(names, w.of(hosts...))
		}
		if w.IntN(20) == 0 { // what no API server takes
			names = append(names, w.of("'a.ex.com:443'", "'b.ex.com.'", "A.ex.com", "10.0.0.1", "'*'", "'[::1]'", "'a.ex.com:x'", "'*a.ex.com'", "''"))
		}
		fmt.Fprintf(&b, "  hostnames: [%s]\n", strings.Join(names, ", "))
	}
	b.WriteString("  rules:\n")
	for range 1 + w.IntN(3) {
		w.rule(&b, kind)
	}
	if w.IntN(12) == 0 {
		b.WriteString("  oops: 1\n")
	}
	w.document("%s", b.String())
}

func (w *world) rule(b *strings.Builder, kind string) {
	var matches []string
	for range w.IntN(3) {
		header := w.some(3, "headers: [{name: x, value: '1'}]", "headers: [{name: x, value: '2'}, {name: y, value: '.*', type: RegularExpression}]")
		if kind == "HTTPRoute" {
			matches = append(matches, w.of("path: {type: PathPrefix, value: /}", "path: {type: Exact, value: /a.A/M}", "path: {type: PathPrefix, value: /b.B}, method: POST", "path: {type: RegularExpression, value: '/c[.]C/.*'}"))
			continue
		}
		match := w.of("method: {service: "+w.of(services...)+"}", "method: {service: "+w.of(services...)+", method: "+w.of("M", "N")+"}",
			"method: {service: "+w.of(services...)+", method: "+w.of("M", "N")+"}", w.some(4, "method: {method: M}", "method: {type: RegularExpression, service: '[ab].[AB]'}", "method: {type: RegularExpression, service: 'a.A('}"))
		if w.plain && w.IntN(9) > 0 {
			match = "method: {service: " + w.of(services...) + "}"
		}
		if header != "" && match != "" {
			match += ", "
		}
		matches = append(matches, match+header)
	}
	fmt.Fprintf(b, "  - %s\n", w.some(9, "name: one", "sessionPersistence: {sessionName: s}"))
	if w.plain && matches == nil {
		matches = []string{"method: {service: " + w.of(services...) + ", method: M}"}
	}
	for i, m := range matches {
		if i == 0 {
			b.WriteString("    matches:\n")
		}
		fmt.Fprintf(b, "    - {%s}\n", m)
	}
	if w.IntN(4) == 0 {
		fmt.Fprintf(b, "    filters: [%s]\n", w.of("{type: RequestMirror, requestMirror: {backendRef: {name: v, port: 1}}}",
			"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: z, value: '1'}]}}", "{type: ExtensionRef, extensionRef: {group: gateway.networking.k8s.io, kind: GRPCRoute, name: r1}}"))
	}
	if w.IntN(9) > 0 {
		b.WriteString("    backendRefs:\n")
		for range 1 + w.IntN(2) {
			fmt.Fprintf(b, "    - {name: %s, port: %s%s%s}\n", w.of("u", "v", "w"), w.of("1", "1", "9", "443"), w.some(3, ", namespace: shop", ", namespace: pay"), w.some(4, ", weight: 0", ", weight: 9"))
		}
	}
}

// set returns a random set.
func (w *world) set(name string) manifestSet {
	for i := range 1 + w.IntN(2) {
		w.gateway(i)
	}
	w.others()
	w.byName()
	for i := range 2 + w.IntN(9) {
		w.route(i)
	}
	w.end()
	w.Shuffle(len(w.text), func(i, j int) { w.text[i], w.text[j] = w.text[j], w.text[i] })
	s := manifestSet{name: name}
	for i, text := range w.text {
		s.files = append(s.files, txtar.File{Name: fmt.Sprintf("%02d.yaml", i), Data: []byte(text)})
	}
	return s
}

func TestGroupsOfRandomSets(t *testing.T) {
	t.Parallel()
	found, groups, sets := map[string]int{}, 0, randomSets
	if n, err := strconv.Atoi(os.Getenv("SETS")); err == nil {
		sets = n
	}
	for i := range sets {
		w := &world{Rand: rand.New(rand.NewPCG(uint64(i), 606)), plain: i%2 == 1}
		s := w.set(fmt.Sprint(i))
		t.Run(s.name, func(t *testing.T) {
			r := sameInGroups(t, write(t, s), lintOptions(w.IntN(1000)))
			groups += r.Groups
			for _, d := range r.Diagnostics {
				found[d.Rule]++
			}
		})
	}
	if len(found) < 60 {
		t.Errorf("only %d rules find anything in random sets: %v", len(found), found)
	}
	t.Logf("%d rules, %d groups", len(found), groups)
}

const randomSets = 400
