package agreement

import (
	"fmt"
	"testing"

	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Plane is a data plane that has tables.
type Plane struct {
	// Name is what failures call it.
	Name string
	// At holds its addresses, by port of a Gateway; Secure, which of them have TLS.
	At     map[string]string
	Secure map[string]bool
	// Stops end it.
	Stops   []func()
	t       testing.TB
	clients map[string]*grpc.ClientConn
	shares  map[*routing.Action]map[string]int
}

// NewPlane returns a data plane without addresses.
func NewPlane(t testing.TB, name string) *Plane {
	return &Plane{t: t, Name: name, At: map[string]string{}, Secure: map[string]bool{}, clients: map[string]*grpc.ClientConn{}, shares: map[*routing.Action]map[string]int{}}
}

// Close ends it, and its clients.
func (p *Plane) Close() {
	for _, cc := range p.clients {
		_ = cc.Close() // its calls are done
	}
	for _, stop := range p.Stops {
		stop()
	}
	p.Stops = nil
}

// port returns where a request is made; ok is false for one that nobody listens to.
func (p *Plane) port(table *routing.Table, r *routing.Request) (name string, ok bool) {
	if len(table.Serving(r)) != 1 {
		return "", false
	}
	name = r.Gateway
	if r.Port != 0 {
		name = fmt.Sprintf("%s:%d", r.Gateway, r.Port)
	}
	if l := table.Lookup(r).Listener; l != nil && l.Topology.Protocol == "TLS" {
		return "", false // passthrough
	}
	secure, ok := p.Secure[name]
	return name, ok && secure == (r.SNI != "")
}

// Client returns the connection for requests like one to a port of a Gateway.
func (p *Plane) Client(name string, r *routing.Request) *grpc.ClientConn {
	key := name
	if r.SNI != "" {
		key += " " + r.SNI + " " + r.Authority
	}
	if cc := p.clients[key]; cc != nil {
		return cc
	}
	creds := grpc.WithTransportCredentials(insecure.NewCredentials())
	if r.SNI != "" {
		creds = withSNI(r.SNI)
	}
	cc, err := grpc.NewClient(p.At[name], creds, grpc.WithAuthority(r.Authority))
	if err != nil {
		p.t.Fatal(err)
	}
	p.clients[key] = cc
	return cc
}

func (p *Plane) count(action *routing.Action, name string) {
	if p.shares[action] == nil {
		p.shares[action] = map[string]int{}
	}
	p.shares[action][name]++
}
