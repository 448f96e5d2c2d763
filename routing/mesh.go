package routing

import (
	"cmp"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

// Routes whose parent is a Service are a mesh's (GEP-1294). Those of the Service's
// own namespace are the producer's and meant for every caller. Those of another
// namespace are a consumer's: calls from there ask them alone, instead of the
// producer's. Hostnames do not count.

// meshParents are the parentRefs to one Service.
type meshParents struct {
	namespace, name string
	ports           []corev1.ServicePort // nil when the Service is not in the input
	parents         []*topology.Parent
}

// mesh adds one server per port of each Service that routes name; a Service that
// is not in the input has one for all its ports.
func (b *builder) mesh(t *topology.Topology) {
	byKey := map[string]*meshParents{}
	for _, r := range t.Routes {
		for _, p := range r.Parents {
			if !p.Mesh || refused(p.Refusal) {
				continue
			}
			m := &meshParents{namespace: string(deref(p.Ref.Namespace, "")), name: string(p.Ref.Name)}
			if m.namespace == "" {
				m.namespace = r.Namespace
			}
			if known := byKey[m.key()]; known != nil {
				m = known
			}
			byKey[m.key()] = m
			if p.Service != nil {
				m.ports = p.Service.Value.Spec.Ports
			}
			m.parents = append(m.parents, p)
		}
	}
	all := make([]*meshParents, 0, len(byKey))
	for _, m := range byKey {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *meshParents) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	c := b.of(b.table.profileOf(nil))
	for _, m := range all {
		ports := m.ports
		if ports == nil {
			ports = []corev1.ServicePort{{}}
		}
		for i := range ports {
			if s := c.meshServer(m, &ports[i]); s != nil {
				b.table.Servers = append(b.table.Servers, s)
				b.table.byService[s.Service] = append(b.table.byService[s.Service], s)
			}
		}
	}
}

func (m *meshParents) key() string { return m.namespace + "/" + m.name }

// meshServer builds the tables of one port of a Service, nil when no route is for
// that port.
func (c *compiler) meshServer(m *meshParents, port *corev1.ServicePort) *Server {
	s := &Server{Service: m.key(), Port: port.Port, Profile: c.profile}
	byConsumer := map[string][]*binding{}
	for _, p := range m.parents {
		b := &binding{route: p.Route}
		if p.Refusal != nil {
			b.weaken(p.Refusal.Certainty, p.Refusal.Message)
		}
		selective := p.Ref.SectionName != nil || p.Ref.Port != nil
		switch {
		case selective && m.ports == nil:
			b.weaken(diag.Unknown, "the port that the route names is not in the input")
		case p.Ref.SectionName != nil && string(*p.Ref.SectionName) != port.Name,
			p.Ref.Port != nil && int32(*p.Ref.Port) != port.Port:
			continue
		}
		consumer := p.Route.Namespace
		if consumer == m.namespace {
			consumer = ""
		}
		byConsumer[consumer] = append(byConsumer[consumer], b)
	}
	consumers := make([]string, 0, len(byConsumer))
	for consumer := range byConsumer {
		consumers = append(consumers, consumer)
	}
	slices.Sort(consumers)
	for _, consumer := range consumers {
		l := &Listener{Consumer: consumer}
		var bindings []*binding
		seen := map[bindingKey]*binding{}
		for _, b := range byConsumer[consumer] {
			b.listeners = []*Listener{l}
			bindings = addBinding(bindings, seen, b)
		}
		l.hosts = c.tableOf(bindings)
		l.Hosts = l.hosts.list
		s.Listeners = append(s.Listeners, l)
	}
	if len(s.Listeners) == 0 {
		return nil
	}
	s.blocked = c.blocked(s)
	return s
}

// consumer returns the routes of a Service that a caller's namespace consults.
func (s *Server) consumer(namespace string) place {
	var l *Listener
	for _, o := range s.Listeners {
		if o.Consumer == "" || o.Consumer == namespace {
			l = o // the producer's comes first
		}
	}
	if l == nil {
		return place{}
	}
	return place{l, l.hosts.index.any}
}
