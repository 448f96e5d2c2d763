package proxy

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Record is what happened to one call.
type Record struct {
	Start    time.Time
	Duration time.Duration
	Client   string // its address, "HOST:PORT"
	Gateway  string // "NS/NAME" of the [Listener] that took the connection
	Port     int32  // of that listener
	Listener string // its name in the Gateway, "" when the call's host has none
	TLS      bool   // between client and proxy
	SNI      string // "" without TLS

	Authority string
	Path      string // "/SERVICE/METHOD"
	Route     string // "GRPCRoute NS/NAME", "" when no rule took the call
	Rule      int    // its index in the route
	RuleName  string // "" for a rule without a name
	Backend   string // "NS/NAME:PORT", "" when none was chosen
	Address   string // of the backend, "" when none was asked
	Attempts  int    // connections that were chosen for the call
	Mirrors   int    // copies that were begun, one per RequestMirror

	RequestBytes  int64  // of content that came from the client
	ResponseBytes int64  // of content that came from the backend
	HTTP          int    // the status that the client saw; 0 for none
	Code          int    // the gRPC status that the client saw, or makes of HTTP
	Message       string // why, when the answer is the proxy's own
}

// records are kept for the next call: Done copies what it keeps.
var records = sync.Pool{New: func() any { return new(Record) }}

// report tells Done of a call that ended; k.mu is held.
func (k *call) report(done func(*Record), code int) {
	c := k.down.conn
	r := records.Get().(*Record)
	*r = Record{
		Start: k.started, Duration: time.Since(k.started),
		Client: c.peer, Gateway: c.port.Gateway, Port: c.port.Port, TLS: c.sealed != nil, SNI: c.sni,
		Authority: k.authority, Path: k.path, Attempts: int(k.tries), Mirrors: int(k.copies),
		RequestBytes: k.received, ResponseBytes: k.returned,
		HTTP: int(k.http), Code: code, Message: k.message,
	}
	if l := k.listener; l != nil && l.Topology != nil {
		r.Listener = l.Topology.Name
	}
	if k.plan != nil {
		r.Route, r.Rule, r.RuleName = k.plan.route, k.plan.rule, k.plan.ruleName
	}
	if k.target != nil {
		r.Backend = k.target.name
	}
	if k.up != nil {
		r.Address = k.up.conn.endpoint.address
	}
	done(r)
	*r = Record{}
	records.Put(r)
}

// Stats are figures of the moment, and counters since the start.
type Stats struct {
	Clients  int    // connections of clients
	Calls    int    // that are not over
	Mirrored uint64 // copies of calls that were begun for RequestMirror filters
	// MirrorsDropped are copies that were due and not begun, or cut off because they
	// fell behind or their backend gave up.
	MirrorsDropped uint64
	Backends       []BackendStats // in order of Address, TLS and Mirror
}

// BackendStats are the figures of one address.
type BackendStats struct {
	Address     string // HOST:PORT
	TLS         bool
	Mirror      bool // connections for copies, which are apart
	Connections int
	Calls       int   // streams in use
	Waiting     int   // calls that wait for a connection or a free stream
	Failure     error // of the last attempt to connect; nil when it succeeded
}

// Stats returns the figures of the moment.
func (s *Server) Stats() Stats {
	out := Stats{Mirrored: s.mirrored.Load(), MirrorsDropped: s.dropped.Load()}
	of := map[*endpoint]*BackendStats{}
	for _, e := range s.state.Load().endpoints {
		of[e] = e.stats()
	}
	for _, c := range s.list() {
		if c.server() {
			c.mu.Lock()
			out.Clients++
			out.Calls += len(c.streams)
			c.mu.Unlock()
			continue
		}
		b := of[c.endpoint]
		if b == nil { // an address of the past, with calls in flight
			b = c.endpoint.stats()
			of[c.endpoint] = b
		}
		c.mu.Lock()
		b.Connections++
		b.Calls += len(c.streams)
		b.Waiting += len(c.held)
		c.mu.Unlock()
	}
	for _, b := range of {
		out.Backends = append(out.Backends, *b)
	}
	slices.SortFunc(out.Backends, func(a, b BackendStats) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), order(a.TLS, b.TLS), order(a.Mirror, b.Mirror), cmp.Compare(a.Connections, b.Connections))
	})
	return out
}

func (e *endpoint) stats() *BackendStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &BackendStats{Address: e.address, TLS: e.tls != nil, Mirror: e.mirror, Failure: e.failed}
}

// order puts false first.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
