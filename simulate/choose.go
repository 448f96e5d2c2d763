package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// endpoint is one thing a client can connect to, of one table.
type endpoint struct {
	table  *routing.Table
	server *routing.Server
}

// endpoints lists what the tables serve, in table order.
func endpoints(tables []*routing.Table) []endpoint {
	var es []endpoint
	for _, t := range tables {
		for _, s := range t.Servers {
			es = append(es, endpoint{t, s})
		}
	}
	return es
}

// audience leaves what a call can reach: the mesh routes of the Service that it
// names, or everything but mesh routes when it names none.
func audience(es []endpoint, service string) []endpoint {
	if gateways := keep(es, func(e endpoint) bool { return e.server.Service == "" }); service == "" && len(gateways) > 0 {
		return gateways
	} else if service == "" {
		return es
	}
	return keep(es, func(e endpoint) bool { return e.server.Service == service })
}

// gateways returns the Gateways behind an endpoint as "NS/NAME".
func (e endpoint) gateways() []string {
	var keys []string
	for _, g := range e.server.Gateways {
		keys = append(keys, g.Key())
	}
	return keys
}

// listeners returns the listeners behind an endpoint. A table shared across
// ports may have none of its own, then those of its Gateways count.
func (e endpoint) listeners() []*topology.Listener {
	var ls []*topology.Listener
	for _, l := range e.server.Listeners {
		if l.Topology != nil {
			ls = append(ls, l.Topology)
		}
	}
	if len(ls) == 0 {
		for _, g := range e.server.Gateways {
			ls = append(ls, g.Listeners...)
		}
	}
	return ls
}

// takesPort reports whether a client can reach the endpoint at that port.
// Listeners that are not in the input may have any.
func (e endpoint) takesPort(port int32) bool {
	if e.server.Port != 0 {
		return e.server.Port == port
	}
	ls := e.listeners()
	return len(ls) == 0 || slices.ContainsFunc(ls, func(l *topology.Listener) bool { return l.Port == port || l.Port == 0 })
}

// ports lists the ports of an endpoint that are known.
func (e endpoint) ports() []int32 {
	if e.server.Port != 0 {
		return []int32{e.server.Port}
	}
	var ports []int32
	for _, l := range e.listeners() {
		if l.Port != 0 {
			ports = append(ports, l.Port)
		}
	}
	return ports
}

// takesTLS reports whether some listener may end TLS.
func (e endpoint) takesTLS() bool {
	ls := e.listeners()
	return len(ls) == 0 || slices.ContainsFunc(ls, func(l *topology.Listener) bool {
		return l.Protocol == "" || l.Protocol == "HTTPS" || l.Protocol == "TLS"
	})
}

// narrow leaves the endpoints that a call's --gateway, --listener, --port and
// --sni allow. Each error lists what could have been said.
func narrow(es []endpoint, c Call, p *parsed) ([]endpoint, []string, error) {
	var err error
	if c.Service != "" && len(es) == 0 {
		return nil, nil, fmt.Errorf("choose Service %q: no mesh route of the input has it as a parent", c.Service)
	}
	if c.Gateway != "" {
		if es, err = byGateway(es, c.Gateway); err != nil {
			return nil, nil, err
		}
	}
	if c.Listener != "" && c.Port == 0 {
		if c.Port, err = portOf(es, c.Listener); err != nil {
			return nil, nil, err
		}
	}
	if c.Port != 0 {
		left := keep(es, func(e endpoint) bool { return e.takesPort(c.Port) })
		if len(left) == 0 {
			return nil, nil, fmt.Errorf("choose port %d: no listener has it: expected one of %s", c.Port, portList(es))
		}
		es = left
	}
	var notes []string
	if c.Port == 0 && p.portHint != 0 {
		if left := keep(es, func(e endpoint) bool { return e.takesPort(p.portHint) }); len(left) > 0 {
			es = left
		} else {
			notes = append(notes, fmt.Sprintf("port %d of the address is no listener's: it says only where the client dials; listeners have %s", p.portHint, portList(es)))
		}
	}
	if c.SNI != "" {
		left := keep(es, endpoint.takesTLS)
		if len(left) == 0 {
			return nil, nil, fmt.Errorf("choose a listener for SNI %q: none of %s uses TLS", c.SNI, gatewayList(es))
		}
		es = left
	}
	return es, notes, nil
}

// byGateway leaves the endpoints of one Gateway, named "NS/NAME" or, when that is
// enough, by its name.
func byGateway(es []endpoint, name string) ([]endpoint, error) {
	var keys []string
	for _, e := range es {
		for _, key := range e.gateways() {
			_, short, _ := strings.Cut(key, "/")
			if (key == name || short == name) && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	switch len(keys) {
	case 0:
		if list := gatewayList(es); list != "" {
			return nil, fmt.Errorf("choose Gateway %q: no route is attached to one of that name: expected one of %s", name, list)
		}
		return nil, fmt.Errorf("choose Gateway %q: no route of the input is attached to a Gateway", name)
	case 1:
		return keep(es, func(e endpoint) bool { return slices.Contains(e.gateways(), keys[0]) }), nil
	}
	slices.Sort(keys)
	return nil, fmt.Errorf("choose Gateway %q: there are several: expected one of %s", name, strings.Join(keys, ", "))
}

// portOf returns the port of a listener by its name.
func portOf(es []endpoint, name string) (int32, error) {
	var names []string
	var ports []int32
	for _, e := range es {
		for _, l := range e.listeners() {
			names = append(names, l.Name)
			if l.Name == name {
				ports = append(ports, l.Port)
			}
		}
	}
	slices.Sort(ports)
	slices.Sort(names)
	switch ports = slices.Compact(ports); len(ports) {
	case 1:
		return ports[0], nil
	case 0:
		return 0, fmt.Errorf("choose listener %q: there is none of that name: expected one of %s", name, strings.Join(slices.Compact(names), ", "))
	}
	return 0, fmt.Errorf("choose listener %q: several Gateways have one, at different ports: say which with --gateway, of %s", name, gatewayList(es))
}

func keep(es []endpoint, ok func(endpoint) bool) []endpoint {
	var left []endpoint
	for _, e := range es {
		if ok(e) {
			left = append(left, e)
		}
	}
	return left
}

// gatewayList names the Gateways of endpoints, sorted.
func gatewayList(es []endpoint) string {
	var keys []string
	for _, e := range es {
		keys = append(keys, e.gateways()...)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ", ")
}

// portList names the ports of endpoints, sorted.
func portList(es []endpoint) string {
	var ports []int32
	for _, e := range es {
		ports = append(ports, e.ports()...)
	}
	slices.Sort(ports)
	var texts []string
	for _, port := range slices.Compact(ports) {
		texts = append(texts, fmt.Sprint(port))
	}
	if len(texts) == 0 {
		return "none that the input shows"
	}
	return strings.Join(texts, ", ")
}
