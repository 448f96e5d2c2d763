package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// server plans the ports of a server: one, or those that share its table.
func (p *Plan) server(s *routing.Server) {
	if s.Service != "" {
		if p.o.Gateway == "" {
			p.Lost(nil, nil, "routes of Service %s are left out: a mesh needs a proxy beside each client", s.Service)
		}
		return
	}
	doors := Doors(s, p.o.Gateway, p.Lost, p.Depends)
	if len(doors) == 0 {
		return
	}
	if why := s.Blocked(); why != "" {
		p.Lost(nil, nil, "%s", why)
	}
	x := NewIndex(s)
	for _, d := range doors {
		if d.Address = p.listen(d); d.Address == "" {
			continue
		}
		if d.Secure {
			p.secure(d, x)
		} else {
			d.Lanes = []*Lane{p.lane(x, false, nil)}
		}
		if len(d.Lanes) > 0 {
			p.Doors = append(p.Doors, d)
		}
	}
}

// Say takes what is to be said of a field of the input.
type Say func(doc *manifest.Document, path manifest.Path, format string, args ...any)

// Doors lists the ports of a server that a Gateway, "NS/NAME" or "" for all, opens,
// without what is behind them. It says which listeners are left out as lost, and what
// the result depends on.
func Doors(s *routing.Server, gateway string, lost, depends Say) []*Door {
	var out []*Door
	wanted := func(l *topology.Listener) bool { return gateway == "" || l.Gateway.Key() == gateway }
	for _, l := range s.Refused {
		if wanted(l) {
			why := "its ListenerSet is not accepted"
			if len(l.Refusals) > 0 {
				why = l.Refusals[0].Message
			}
			lost(l.Doc(), l.Path(), "listener %q is left out: %s", l.Name, why)
		}
	}
	for _, l := range s.Listeners {
		t := l.Topology
		if !wanted(t) {
			continue
		}
		if why := unserved(t); why != "" {
			lost(t.Doc(), t.Path(), "listener %q is left out: %s", t.Name, why)
			continue
		}
		i := slices.IndexFunc(out, func(d *Door) bool { return d.Gateway == t.Gateway && d.Port == t.Port })
		if i < 0 {
			i = len(out)
			out = append(out, newDoor(t))
		}
		d := out[i]
		d.Listeners = append(d.Listeners, l)
		if t.Protocol == "HTTPS" || t.Protocol == "TLS" {
			if s.Profile.Transport.NoTLS {
				depends(t.Doc(), t.Path(), "listener %q takes connections without TLS: %s leaves TLS to what is in front of it", t.Name, s.Profile.Title)
			}
			d.Secure = !s.Profile.Transport.NoTLS
		}
	}
	slices.SortStableFunc(out, func(a, b *Door) int {
		return cmp.Or(cmp.Compare(a.Gateway.Key(), b.Gateway.Key()), cmp.Compare(a.Port, b.Port))
	})
	return out
}

func newDoor(l *topology.Listener) *Door {
	d := &Door{Gateway: l.Gateway, Port: l.Port, Name: l.Gateway.Key()}
	if l.Port != 0 {
		d.Name = fmt.Sprintf("%s:%d", d.Name, l.Port)
	}
	return d
}

// unserved says why nothing is opened for a listener, "" when something is.
func unserved(l *topology.Listener) string {
	switch l.Protocol {
	case "", "HTTP", "HTTPS":
		return ""
	case "TLS":
		if l.TLS != nil && l.TLS.Mode != nil && *l.TLS.Mode == gatewayv1.TLSModePassthrough {
			return "TLS passthrough carries no calls that could be routed"
		}
		return ""
	}
	return fmt.Sprintf("protocol %s carries no gRPC calls", l.Protocol)
}

// listen returns the address of a port, "" when it is not known.
func (p *Plan) listen(d *Door) string {
	at := p.o.Listen[d.Name]
	if at == "" && d.Port == 0 {
		key := d.Gateway.Key()
		p.Lost(nil, nil, "Gateway %s is not in the input and is left out: add it, or say where %s listens with --listen %s=HOST:PORT", key, p.o.Program, key)
		return ""
	}
	at = cmp.Or(at, fmt.Sprintf("0.0.0.0:%d", d.Port))
	if other := p.addresses[at]; other != "" && p.err == nil {
		p.err = fmt.Errorf("the Gateway ports %s and %s would both be bound to %s: choose one Gateway, or give one of them another address", other, d.Name, at)
	}
	p.addresses[at] = d.Name
	return at
}

// secure plans a lane for each listener of a port with TLS, which the SNI chooses.
// A connection whose SNI is no listener's is shown some certificate, so that its
// calls get an answer.
func (p *Plan) secure(d *Door, x *Index) {
	all := false
	seen := map[string]bool{}
	for _, of := range d.Listeners {
		name := of.Topology.Hostname
		if seen[name] {
			continue // the first one of a hostname takes its connections
		}
		seen[name] = true
		all = all || name == ""
		pairs := p.pairs(of.Topology)
		check, err := p.clients(of.Topology)
		switch {
		case len(pairs) == 0:
			p.Lost(of.Topology.Doc(), of.Topology.Path(), "listener %q is left out: it has no certificate that can be used", of.Topology.Name)
		case err != nil:
			p.Lost(of.Topology.Doc(), of.Topology.Path(), "listener %q is left out: %v", of.Topology.Name, err)
		default:
			l := p.lane(x, true, of)
			l.Pairs, d.Clients = pairs, check
			d.Lanes = append(d.Lanes, l)
		}
	}
	if len(d.Lanes) == 0 {
		return
	}
	slices.SortStableFunc(d.Lanes, func(a, b *Lane) int { return topology.MoreSpecific(a.SNI, b.SNI) })
	if !all {
		none := p.lane(x, true, nil)
		none.Pairs = d.Lanes[0].Pairs
		d.Lanes = append(d.Lanes, none)
	}
}
