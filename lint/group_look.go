package lint

import (
	"errors"
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// lookInGroups looks at the routes on the shelf, a group at a time, and lets go of
// each again. It returns how many groups there are and the suppressions of all.
func (w *work) lookInGroups(all *outcome, reading *Reading, said []*suppression) (int, []*suppression, error) {
	if len(reading.groups.links) < len(w.set.Shelf) {
		return 0, nil, errors.New("routes of the set are not held, and it was not watched while it was read")
	}
	origins(w.set, all.diagnostics())
	if reading.groups.converts {
		if err := w.set.HoldNamed(); err != nil {
			return 0, nil, &ReadError{err}
		}
	}
	least := w.options.GroupRoutes
	if least == 0 {
		least = min(max(groupRoutes, len(w.set.Documents)/4), 4*groupRoutes)
	}
	groups := reading.groups.split(w.set, w.selected, w.profiles, least)
	if err := w.set.Err(); err != nil {
		return 0, nil, &ReadError{err}
	}
	failing := reading.groups.failing
	reading.groups = nil // no longer needed
	results := make([]looked, len(groups))
	progress := w.progress(len(w.set.Shelf))
	each(len(groups), 1, func(i int) {
		results[i] = w.lookAt(groups[i], reading.Admission, failing)
		progress(len(groups[i]))
	})
	for i := range results {
		if err := results[i].err; err != nil {
			return 0, nil, &ReadError{err}
		}
		all.join(&results[i].outcome)
		said = append(said, results[i].said...)
	}
	slices.SortStableFunc(said, func(a, b *suppression) int { return a.compare(b) })
	return len(groups), said, nil
}

// ReadError is about a file that could not be read again.
type ReadError struct{ Err error }

// Error says what the error is that it is made of.
func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns that error.
func (e *ReadError) Unwrap() error { return e.Err }

// looked is what comes of one group.
type looked struct {
	outcome
	said []*suppression
	err  error
}

// lookAt reads a group of routes again and looks at it. The API server is asked
// again about those that failed it.
func (w *work) lookAt(group []int, verdict *Admission, failing map[int]bool) (r looked) {
	set, read, err := w.set.With(group)
	if err != nil {
		return looked{err: err}
	}
	var again []*manifest.Document
	for i, doc := range read {
		if failing[w.set.Shelf[group[i]].Tag] {
			again = append(again, doc)
		}
	}
	r.outcome = w.look(set, verdict.with(again))
	w.close(&r.outcome, set)
	r.said, r.err = annotated(read), set.Err()
	return r
}

// progress returns what is to be told how many more routes were looked at.
func (w *work) progress(total int) func(more int) {
	if w.options.Progress == nil {
		return func(int) {}
	}
	var mu sync.Mutex
	done := 0
	return func(more int) {
		mu.Lock()
		defer mu.Unlock()
		done += more
		w.options.Progress(done, total)
	}
}

// close completes the findings of a group: nothing in them refers to its documents
// any more.
func (w *work) close(o *outcome, set *manifest.Set) {
	o.found = merge(dropExplained(o.found, w.rules), true)
	complete(o.found)
	suggest(o.found, w.rules, nil)
	origins(set, o.diagnostics())
	for i := range o.found {
		f := &o.found[i]
		f.doc, f.path, f.explains, f.suggestion = nil, nil, nil, nil
	}
	o.found = slices.Clip(o.found)
}

// diagnostics are the findings for functions that amend them.
func (o *outcome) diagnostics() []*diag.Diagnostic {
	out := make([]*diag.Diagnostic, len(o.found))
	for i := range o.found {
		out[i] = &o.found[i].Diagnostic
	}
	return out
}

// join adds what another group found.
func (o *outcome) join(other *outcome) {
	o.found = append(o.found, other.found...)
	if o.cleared == nil {
		o.cleared = map[about]bool{}
	}
	for a := range other.cleared {
		o.cleared[a] = true
	}
}
