package local

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// socketKey is what makes two sockets one across updates.
type socketKey struct {
	gateway string
	port    int32
	tls     bool
}

func (k socketKey) compare(o socketKey) int {
	return cmp.Or(cmp.Compare(k.gateway, o.gateway), cmp.Compare(k.port, o.port))
}

// want is a socket that a table asks for.
type want struct {
	key       socketKey
	listeners []*topology.Listener
	server    *routing.Server
}

// wants lists the sockets of tables, and notes of listeners that are not served.
func (g *Gateway) wants(tables []*routing.Table) (out []want, notes []string) {
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service != "" {
				notes = append(notes, fmt.Sprintf("the routes of Service %s are a mesh's: they are not served here", s.Service))
				continue
			}
			for _, gateway := range s.Gateways {
				ws, ns := g.ofGateway(s, gateway)
				out, notes = append(out, ws...), append(notes, ns...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b want) int { return a.key.compare(b.key) })
	slices.Sort(notes)
	return out, slices.Compact(notes)
}

// ofGateway lists the sockets of one Gateway on a server, which may be shared by
// several Gateways and ports.
func (g *Gateway) ofGateway(s *routing.Server, gateway *topology.Gateway) (out []want, notes []string) {
	ports := map[int32][]*topology.Listener{}
	for _, l := range s.Listeners {
		switch {
		case l.Topology == nil || l.Topology.Gateway != gateway:
		case !slices.Contains([]string{"", "HTTP", "HTTPS"}, l.Topology.Protocol):
			notes = append(notes, fmt.Sprintf("listener %s is not served: its protocol is %s", l.Topology, l.Topology.Protocol))
		default:
			ports[l.Topology.Port] = append(ports[l.Topology.Port], l.Topology)
		}
	}
	for _, l := range s.Refused {
		if l.Gateway == gateway {
			why := "it is not programmed"
			if len(l.Refusals) > 0 {
				why = l.Refusals[0].Message
			}
			notes = append(notes, fmt.Sprintf("listener %s is not served: %s", l, why))
		}
	}
	for port, ls := range ports {
		w := want{socketKey{gateway.Key(), port, s.TLS}, ls, s}
		if s.TLS && g.authority == nil && !anyCertificate(ls) {
			notes = append(notes, fmt.Sprintf("listener %s is not served: the input holds no certificate for it; add its Secret, or serve with --tls-self-signed", ls[0]))
			continue
		}
		if certificateValidation(gateway, port) {
			notes = append(notes, fmt.Sprintf("Gateway %s asks clients for certificates on port %d, which is not done here: clients connect without", gateway.Key(), port))
		}
		out = append(out, w)
	}
	return out, notes
}

// certificateValidation reports whether a Gateway wants certificates of the clients
// of a port (GEP-91).
func certificateValidation(g *topology.Gateway, port int32) bool {
	if g.Object == nil || g.Object.Value.Spec.TLS == nil || g.Object.Value.Spec.TLS.Frontend == nil {
		return false
	}
	frontend := g.Object.Value.Spec.TLS.Frontend
	for _, p := range frontend.PerPort {
		if p.Port == port {
			return p.TLS.Validation != nil
		}
	}
	return frontend.Default.Validation != nil
}

// bind opens the sockets that are not open. With an error none of them is.
func (g *Gateway) bind(wants []want) (map[socketKey]net.Listener, error) {
	fresh := map[socketKey]net.Listener{}
	absent := 0 // Gateways that the input lacks
	for _, w := range wants {
		missing := w.key.port == 0
		if g.sockets[w.key] == nil {
			l, err := g.listen(w.key, absent)
			if err != nil {
				for _, l := range fresh {
					_ = l.Close() // the error is the one to tell
				}
				return nil, err
			}
			fresh[w.key] = l
		}
		if missing {
			absent++
		}
	}
	return fresh, nil
}

// firstPort is where Gateways that the input lacks are served.
const firstPort = 50051

// listen opens the socket of a Gateway's port: at the Gateway's own address on
// that very port; at Host on it when it is above 1023 and free, else on that plus
// 8000, or one of the next.
func (g *Gateway) listen(key socketKey, absent int) (net.Listener, error) {
	if address, ok := g.options.Addresses[key.gateway]; ok && key.port != 0 {
		l, err := listen(netip.AddrPortFrom(address, uint16(key.port)).String())
		if err != nil {
			return nil, fmt.Errorf("listen for Gateway %s, which --gateway-address puts there: %w", key.gateway, err)
		}
		return l, nil
	}
	if key.port == 0 && absent < len(g.options.Listen) {
		return listen(g.options.Listen[absent])
	}
	first := int(key.port)
	if key.port == 0 {
		first = firstPort + absent
	}
	var last error
	for i := range 100 {
		port := first
		if i > 0 || first < 1024 {
			port = first%57000 + 8000 + max(i-1, 0)
		}
		l, err := net.Listen("tcp", net.JoinHostPort(g.options.Host.String(), strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("listen for Gateway %s port %d: no port is free: %w", key.gateway, key.port, last)
}

// listen opens a socket. One that is just being drained takes a moment to be free.
func listen(address string) (l net.Listener, err error) {
	for range 20 {
		if l, err = net.Listen("tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return l, err
}
