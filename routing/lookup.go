package routing

// Lookup finds where a call goes. It allocates nothing, but for an authority
// with capitals and for paths that are seen for the first time.
//
// A request that several servers could take has no answer but NoListener without
// a Server: see [Table.Serving].
func (t *Table) Lookup(r *Request) (res Result) {
	if s := t.server(r); s != nil {
		s.lookup(r, &res, false)
	} else {
		res.Outcome = NoListener
	}
	return res
}

// LookupOnce is [Table.Lookup] for callers that ask for each path once: nothing is
// remembered of it.
func (t *Table) LookupOnce(r *Request) (res Result) {
	if s := t.server(r); s != nil {
		s.lookup(r, &res, true)
	} else {
		res.Outcome = NoListener
	}
	return res
}

func (s *Server) lookup(r *Request, res *Result, once bool) {
	res.Server = s
	p := s.placeOf(r.Authority)
	if !s.shares {
		var misdirected bool
		switch p, misdirected = s.enter(r, p); {
		case misdirected:
			res.Outcome, res.Answer, res.Misdirected = NoListener, &s.Profile.Answers.Misdirected, true
			return
		case p.listener == nil:
			res.Outcome, res.Answer = NoListener, &s.Profile.Answers.NoListener
			return
		}
	}
	res.Listener, res.Host = p.listener, p.host
	if p.host != nil {
		if e, reaches := p.host.lookup(r, once); e != nil {
			res.Entry = e
			if s.shares {
				res.Listener = s.through(e, p.listener)
			}
			if !reaches {
				res.Outcome, res.Answer = Refused, e.Action.Answer
			}
			return
		}
	}
	if p.host == nil && p.listener == nil {
		res.Outcome, res.Answer = NoListener, &s.Profile.Answers.NoListener
		return
	}
	res.Outcome, res.Answer = NoMatch, &s.Profile.Answers.NoMatch
}

// enter picks the listener whose routes a request consults (Gateway API,
// Listener.Hostname). Without TLS the authority alone decides, and its place is
// own. Over TLS the connection's SNI decides; the authority must lead to the same
// listener, else the request is misdirected, as far as the implementation looks.
func (s *Server) enter(r *Request, own place) (p place, misdirected bool) {
	switch {
	case s.Service != "":
		return s.consumer(r.From), false
	case r.SNI == "" || !s.TLS:
		return own, false
	}
	if r.SNI == withoutPort(r.Authority) {
		return own, false
	}
	selected := s.placeOf(r.SNI).listener
	switch {
	case selected == own.listener || own.listener == nil && !s.Profile.Hosts.NoMisdirected:
		return own, false
	case !s.Profile.Hosts.NoMisdirected:
		return own, true
	case selected == nil:
		return place{}, false
	}
	return place{selected, selected.hosts.index.find(hostName(r.Authority))}, false
}

// through returns the listener of a shared table that a call is said to come
// through: the most specific one for its host, if the entry is attached there.
func (s *Server) through(e *Entry, best *Listener) *Listener {
	for _, l := range e.Listeners {
		if l == best {
			return l
		}
	}
	return e.Listeners[0]
}
