// Package plan works out, for translators to the configuration languages of
// proxies, what a proxy that routes as a routing table has to do: which ports it
// opens, which hostnames it tells apart on a connection, which matches it asks in
// which order, and where the calls of a rule go. How that is written down is the
// translator's business; what it cannot write is said in the plan's diagnostics,
// with the place of the field.
package plan

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Options are what a configuration depends on that no manifest says.
type Options struct {
	// Program is the proxy's name, for diagnostics.
	Program string
	// Gateway is the one Gateway that is translated, "NS/NAME"; "" for all.
	Gateway string
	// Listen holds, by "NS/NAME:PORT" of a Gateway, or "NS/NAME" for one that is not
	// in the input, the HOST:PORT that is opened there. Other ports are bound as they
	// are on every IPv4 address.
	Listen map[string]string
	// Backends holds, by "NS/NAME:PORT", the addresses (HOST:PORT) of backends. Others
	// are looked up in the cluster's DNS.
	Backends map[string][]string
	// ClusterDomain is that of the cluster's DNS; "" for cluster.local.
	ClusterDomain string
	// CertificateDir is a folder on the proxy's machine with NS/NAME/tls.crt,
	// NS/NAME/tls.key and NS/NAME/ca.crt, as mounted Secrets and ConfigMaps have them;
	// "" when those of the input are written as [Plan.Files].
	CertificateDir string
	// SystemCA is the file on the proxy's machine with the authorities that its
	// system trusts; "" for [DefaultSystemCA].
	SystemCA string
}

// DefaultSystemCA is where Debian and its like keep the system's authorities.
const DefaultSystemCA = "/etc/ssl/certs/ca-certificates.crt"

// FilesDir is the folder of [Plan.Files], beside the configuration.
const FilesDir = "certificates"

// Plan is what a proxy has to do.
type Plan struct {
	Notes
	Doors     []*Door
	Upstreams []*Upstream
	// Files are certificates and keys that the configuration refers to, by their path
	// from the folder of the configuration. Keys are secret.
	Files map[string][]byte

	o         Options
	set       *manifest.Set
	addresses map[string]string // who listens there
	upstreams map[string]*Upstream
	actions   map[actionKey]*Action
	err       error
}

// Door is one port of one Gateway.
type Door struct {
	Name    string // "NS/NAME:PORT", or "NS/NAME" for a Gateway that is not in the input
	Address string // HOST:PORT to listen at
	Secure  bool   // clients connect with TLS
	// Lanes are what connections lead to: one without TLS; with TLS one for each
	// listener, which the SNI chooses, and one, the last, for the SNI of none.
	Lanes []*Lane
	// Clients is what clients are asked for, nil for nothing.
	Clients *ClientCheck

	// Gateway, Port and Listeners are whose it is.
	Gateway   *topology.Gateway
	Port      int32 // 0 when the Gateway is not in the input
	Listeners []*routing.Listener
}

// Lane is what the calls of a connection meet.
type Lane struct {
	// Listener is the one that the SNI chooses; nil for that of no listener, and
	// without TLS.
	Listener *topology.Listener
	// SNI is its hostname, a wildcard or "" for any.
	SNI string
	// Pairs are the certificates that are shown, the first one by default.
	Pairs []Pair
	// Hosts are told apart by the authority, the most specific first; the last one is
	// that of any other.
	Hosts []*Host
}

// Host is what the calls to a hostname meet.
type Host struct {
	Name     string // a hostname, a wildcard, or "" for any
	OneLabel bool   // the wildcard covers one label only
	// Steps are asked in order; the first that takes a call decides.
	Steps []*Step
	// Miss is the answer when none does.
	Miss *profile.Answer
}

// Step is one match with what becomes of its calls.
type Step struct {
	Entry      *routing.Entry
	Conditions routing.Conditions
	Action     *Action
}

// AnyPath reports whether a step asks nothing of the path, so that it takes paths,
// too, that no gRPC call has.
func (s *Step) AnyPath() bool { return s.Entry.Unit.Path.Kind == profile.AnyPath }

// Make works out the plan for the Gateways of tables, one table per
// implementation. There is an error when two ports would be bound to one address.
func Make(tables []*routing.Table, o Options) (*Plan, error) {
	o.ClusterDomain = cmp.Or(strings.TrimSuffix(o.ClusterDomain, "."), "cluster.local")
	o.SystemCA = cmp.Or(o.SystemCA, DefaultSystemCA)
	p := &Plan{
		Files: map[string][]byte{}, o: o, addresses: map[string]string{},
		upstreams: map[string]*Upstream{}, actions: map[actionKey]*Action{},
	}
	for _, t := range tables {
		p.set = t.Topology.Set
		for _, s := range t.Servers {
			p.server(s)
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return p, nil
}

// upstream adds an upstream. One that says something else under a name that is
// taken, as for a Gateway with another client certificate, gets another name.
func (p *Plan) upstream(u *Upstream) *Upstream {
	name := u.Name
	for i := 2; ; i++ {
		old := p.upstreams[u.Name]
		switch {
		case old == nil:
			p.upstreams[u.Name] = u
			p.Upstreams = append(p.Upstreams, u)
			return u
		case reflect.DeepEqual(old, u):
			return old
		}
		u.Name = fmt.Sprintf("%s/%d", name, i)
	}
}
