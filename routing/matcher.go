package routing

import "slices"

// matcher finds the first of some entries, in precedence order, that takes a
// request. Entries are filed by what ties them to a path, so that a look-up sees
// the candidates of its own path and no others:
//
//   - full holds, for each literal path, the candidates with all path conditions
//     settled, so that only headers are left to check;
//   - service and method hold the entries tied to one literal name alone;
//   - wide holds the entries tied to none.
//
// A path that is not in full walks the last three side by side, by rank, and
// remembers what it found. Within one matcher ranks are positions in precedence
// order.
type matcher struct {
	full    pathIndex
	service filed
	method  filed
	wide    []candidate
	odd     []candidate // those that take paths no gRPC call has
	memo    memo
	next    *matcher // asked when no entry of this one takes the request
}

type candidate struct {
	entry *Entry
	rank  int
}

// bucket is the candidates of one path. A path with a single candidate that no
// header can turn away and that reaches a backend, the common case, needs no
// further look.
type bucket struct {
	only *Entry
	list *pathList
}

// pathList is the candidates of one path up to the first without header
// conditions, at most maxListed.
type pathList struct {
	candidates []candidate
	// resume is the rank from which to go on walking after a list that was cut
	// short, -1 when it was not; own are the entries of this very path.
	resume int
	own    []candidate
}

// maxListed bounds the memory of a table in which many header-only entries could
// take every path.
const maxListed = 32

// matcher compiles entries that are in precedence order.
func (c *compiler) matcher(entries []*Entry, next *matcher) *matcher {
	m := &matcher{memo: memo{budget: c.budget}, next: next}
	exact := map[methodName][]candidate{}
	for rank, e := range entries {
		if e.Dead == "" {
			m.file(exact, candidate{e, rank})
		}
	}
	paths, buckets := make([]string, 0, len(exact)), make([]bucket, 0, len(exact))
	wideFor := m.wideFor()
	for name, own := range exact {
		path := "/" + name.service + "/" + name.method
		w := walk{own, m.service.of(name.service), m.method.of(name.method), wideFor(name.service)}
		paths = append(paths, path)
		buckets = append(buckets, newBucket(collect(&w, path, name.service, name.method)))
	}
	m.full = newPathIndex(paths, buckets)
	return m
}

// file puts a live entry where its path condition ties it to.
func (m *matcher) file(exact map[methodName][]candidate, cd candidate) {
	c := cd.entry.cond
	literalMethod := c.shape == segments && c.method.kind == literalSegment
	switch {
	case c.shape == segments && c.service.kind == literalSegment && literalMethod:
		name := methodName{c.service.text, c.method.text}
		exact[name] = append(exact[name], cd)
	case c.shape == segments && c.service.kind == literalSegment:
		m.service.add(c.service.text, cd)
	case literalMethod:
		m.method.add(c.method.text, cd)
	default:
		m.wide = append(m.wide, cd)
	}
	if c.shape == anyPath {
		m.odd = append(m.odd, cd)
	}
}

// wideFor returns the wide candidates that some method of a service satisfies, as
// far as the service alone shows: worked out once for all methods of a service.
func (m *matcher) wideFor() func(service string) []candidate {
	if len(m.wide) == 0 {
		return func(string) []candidate { return nil }
	}
	known := map[string][]candidate{}
	return func(service string) []candidate {
		cs, ok := known[service]
		if ok {
			return cs
		}
		for _, cd := range m.wide {
			if c := cd.entry.cond; c.shape != segments || c.service.takes(service) {
				cs = append(cs, cd)
			}
		}
		known[service] = cs
		return cs
	}
}

// walk goes through lists of candidates side by side, by rank.
type walk [4][]candidate

// from drops the candidates of a rank below the given one.
func (w *walk) from(rank int) {
	for i := range w {
		at, _ := slices.BinarySearchFunc(w[i], rank, func(cd candidate, rank int) int { return cd.rank - rank })
		w[i] = w[i][at:]
	}
}

// next removes and returns the candidate of the lowest rank.
func (w *walk) next() (candidate, bool) {
	best := -1
	for i := range w {
		if len(w[i]) > 0 && (best < 0 || w[i][0].rank < w[best][0].rank) {
			best = i
		}
	}
	if best < 0 {
		return candidate{}, false
	}
	cd := w[best][0]
	w[best] = w[best][1:]
	return cd, true
}

// collect settles the path conditions of a walk for one path.
func collect(w *walk, path, service, method string) *pathList {
	l := &pathList{resume: -1}
	own := w[0]
	for cd, ok := w.next(); ok; cd, ok = w.next() {
		if !cd.entry.cond.takesPath(path, service, method) {
			continue
		}
		if len(l.candidates) == maxListed {
			l.resume, l.own = cd.rank, own
			break
		}
		l.candidates = append(l.candidates, cd)
		if len(cd.entry.cond.headers) == 0 {
			break
		}
	}
	return l
}

func newBucket(l *pathList) bucket {
	if len(l.candidates) == 1 {
		if e := l.candidates[0].entry; len(e.cond.headers) == 0 && e.Action.Answer == nil {
			return bucket{only: e}
		}
	}
	return bucket{list: l}
}

// lookup returns the first entry that takes the request, and whether its calls
// reach a backend. What is asked once is not remembered.
func (h *Host) lookup(r *Request, once bool) (e *Entry, reaches bool) {
	for m := h.match; m != nil; m = m.next {
		b, ok := m.full.find(r.Path)
		if ok && b.only != nil {
			return b.only, true
		}
		if e := m.lookup(r, b, ok, once); e != nil {
			return e, e.Action.Answer == nil
		}
	}
	return nil, false
}

// lookup goes on with the bucket of a literal path, or looks for one.
func (m *matcher) lookup(r *Request, b bucket, ok, once bool) *Entry {
	if !ok {
		if b, ok = m.memo.find(r.Path); !ok {
			return m.unlisted(r, once)
		}
	}
	if b.only != nil {
		return b.only
	}
	for i := range b.list.candidates {
		if e := b.list.candidates[i].entry; e.cond.takesHeaders(r.Headers) {
			return e
		}
	}
	if b.list.resume >= 0 {
		return m.resume(r, b.list)
	}
	return nil
}

// unlisted finds the entry for a path that is neither literal nor remembered.
func (m *matcher) unlisted(r *Request, once bool) *Entry {
	service, method, ok := splitPath(r.Path)
	if !ok {
		for _, cd := range m.odd {
			if cd.entry.cond.takesHeaders(r.Headers) {
				return cd.entry
			}
		}
		return nil
	}
	if !once && m.memo.open(r.Path) {
		w := m.walk(service, method)
		b := newBucket(collect(&w, r.Path, service, method))
		m.memo.add(r.Path, b)
	}
	return m.first(m.walk(service, method), r, service, method)
}

// walk returns the candidates for a path that is not literal.
func (m *matcher) walk(service, method string) walk {
	return walk{nil, m.service.of(service), m.method.of(method), m.wide}
}

// resume goes on after a list that was cut short.
func (m *matcher) resume(r *Request, l *pathList) *Entry {
	service, method, _ := splitPath(r.Path)
	w := m.walk(service, method)
	w[0] = l.own
	w.from(l.resume)
	return m.first(w, r, service, method)
}

func (m *matcher) first(w walk, r *Request, service, method string) *Entry {
	for cd, ok := w.next(); ok; cd, ok = w.next() {
		c := cd.entry.cond
		if c.takesHeaders(r.Headers) && c.takesPath(r.Path, service, method) {
			return cd.entry
		}
	}
	return nil
}
