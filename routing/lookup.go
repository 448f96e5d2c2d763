package routing

// Lookup finds where a call goes. It allocates nothing, but for an authority
// with capitals and for paths that are seen for the first time.
//
// A request that several servers could take has no answer but NoListener without
// a Server: see [Table.Serving].
func (t *Table) Lookup(r *Request) Result {
	host := hostName(r.Authority)
	s := t.server(r, host)
	if s == nil {
		return Result{Outcome: NoListener}
	}
	return s.lookup(r, host)
}

func (s *Server) lookup(r *Request, host string) Result {
	res := Result{Server: s}
	hosts := s.shared
	if !s.shares {
		l, misdirected := s.listener(r, host)
		switch {
		case misdirected:
			return Result{Outcome: NoListener, Server: s, Misdirected: true, Answer: &s.Profile.Answers.Misdirected}
		case l == nil:
			return Result{Outcome: NoListener, Server: s, Answer: &s.Profile.Answers.NoListener}
		}
		res.Listener, hosts = l, l.hosts
	}
	h := hosts.index.find(host)
	if h != nil {
		res.Host = h
		res.Entry = h.lookup(r)
	}
	if s.shares {
		res.Listener = s.through(res.Entry, host)
	}
	switch {
	case res.Entry != nil && res.Entry.Action.Answer != nil:
		res.Outcome, res.Answer = Refused, res.Entry.Action.Answer
	case res.Entry != nil:
	case h == nil && res.Listener == nil:
		res.Outcome, res.Answer = NoListener, &s.Profile.Answers.NoListener
	default:
		res.Outcome, res.Answer = NoMatch, &s.Profile.Answers.NoMatch
	}
	return res
}

// listener picks the listener whose routes a request consults (Gateway API,
// Listener.Hostname): the most specific one for the connection's SNI over TLS,
// which must be the most specific one for the authority as well, else the request
// is misdirected; without TLS the authority alone decides.
func (s *Server) listener(r *Request, host string) (l *Listener, misdirected bool) {
	if s.Service != "" {
		return s.consumer(r.From), false
	}
	own := s.index.find(host)
	if r.SNI == "" || !s.TLS {
		return own, false
	}
	selected := s.index.find(hostName(r.SNI))
	switch {
	case s.Profile.Hosts.NoMisdirected:
		return selected, false
	case own == nil:
		return nil, false
	}
	return own, own != selected
}

// through returns the listener of a shared table that a call is said to come
// through: the entry's, for its host, else the most specific one.
func (s *Server) through(e *Entry, host string) *Listener {
	if e == nil {
		return s.index.find(host)
	}
	if len(e.Listeners) > 1 {
		best := s.index.find(host)
		for _, l := range e.Listeners {
			if l == best {
				return l
			}
		}
	}
	return e.Listeners[0]
}

// consumer returns the routes of a Service that a caller's namespace consults:
// its own consumer routes, if any, instead of the producer's (GEP-1294).
func (s *Server) consumer(namespace string) *Listener {
	var producer *Listener
	for _, l := range s.Listeners {
		switch l.Consumer {
		case "":
			producer = l
		case namespace:
			return l
		}
	}
	return producer
}
