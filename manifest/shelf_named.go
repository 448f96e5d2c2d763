package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/grpcroute/grpcroute/diag"
)

// What others ask for by name, Services above all, is not held in a large input
// either. The set reads it again when it is asked for.

var serviceKind = kinds[groupKind{"", "Service"}]

func nameKey(r diag.Ref) string { return r.Kind + "/" + r.Namespace + "/" + r.Name }

// arrange finds what is on the shelf by name. Objects of one name are held: which of
// them counts, and that there are several, is for others to say.
func (s *Set) arrange() error {
	x := s.shelfOf
	if len(x.named) == 0 {
		return nil
	}
	x.services = sync.OnceValue(s.serviceRefs)
	x.at = make(map[string]int, len(x.named))
	double, held := map[string]bool{}, map[string]bool{}
	for _, d := range s.Documents {
		held[nameKey(d.Ref)] = true
	}
	for i := range x.named {
		key := nameKey(x.named[i].Ref)
		if _, ok := x.at[key]; ok || held[key] {
			double[key] = true
		}
		x.at[key] = i
	}
	if len(double) > 0 {
		if err := s.holdNamed(double); err != nil {
			return err
		}
	}
	s.readLate()
	return nil
}

// HoldNamed reads what is on the shelf by name again and holds it, in Documents as
// well. The error says which file is not what it was.
func (s *Set) HoldNamed() error {
	all := map[string]bool{}
	for i := range s.shelfOf.named {
		all[nameKey(s.shelfOf.named[i].Ref)] = true
	}
	return s.holdNamed(all)
}

// holdNamed holds what has one of some names.
func (s *Set) holdNamed(names map[string]bool) error {
	x := s.shelfOf
	var docs []*Document
	byKind := map[*kind][]entry{}
	var last *Shelved
	for i := range x.named {
		one := &x.named[i]
		if !names[nameKey(one.Ref)] || last != nil && one.SameText(last) {
			continue
		}
		last = one
		f, err := textIn(s.Files, one.file)
		if err != nil {
			return err
		}
		read, err := x.read(f, []*Shelved{one})
		if err != nil {
			return err
		}
		for _, e := range read {
			if names[nameKey(e.doc.Ref)] {
				docs, byKind[e.kind] = append(docs, e.doc), append(byKind[e.kind], e)
			}
		}
	}
	replaced := map[*Document]bool{}
	for k, entries := range byKind {
		entries = append(entries, k.take(s)...)
		slices.SortStableFunc(entries, func(a, b entry) int { return byOrder(a.doc, b.doc) })
		for _, e := range entries {
			if old := k.add(s, e.doc, e.value); old != nil {
				replaced[old] = true
				s.Replaced = append(s.Replaced, old)
			}
		}
		k.drop(s, replaced)
	}
	slices.SortStableFunc(s.Replaced, byOrder)
	s.Documents = inOrder(docs, s.Documents)
	x.named = slices.DeleteFunc(x.named, func(one Shelved) bool { return names[nameKey(one.Ref)] })
	x.at = make(map[string]int, len(x.named))
	for i := range x.named {
		x.at[nameKey(x.named[i].Ref)] = i
	}
	return nil
}

// ServiceRefs lists the Services in input order, on the shelf or not. The list is
// not to be changed.
func (s *Set) ServiceRefs() []diag.Ref {
	if len(s.shelvedByName()) > 0 {
		return s.shelfOf.services()
	}
	return s.serviceRefs()
}

func (s *Set) serviceRefs() []diag.Ref {
	type placed struct {
		ref          diag.Ref
		file, offset int
	}
	all := make([]placed, 0, len(s.Services.All)+len(s.shelvedByName()))
	for _, o := range s.Services.All {
		file, offset := o.Doc.Order()
		all = append(all, placed{o.Doc.Ref, file, offset})
	}
	for _, x := range s.shelvedByName() {
		if x.kind == serviceKind {
			all = append(all, placed{x.Ref, x.file.order, x.start})
		}
	}
	if len(s.shelvedByName()) > 0 {
		slices.SortStableFunc(all, func(a, b placed) int {
			return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
		})
	}
	out := make([]diag.Ref, len(all))
	for i := range all {
		out[i] = all[i].ref
	}
	return out
}

// Err says why something of the shelf could not be read when it was asked for, nil
// if nothing was: what was found in the set then holds.
func (s *Set) Err() error {
	if s.late == nil {
		return nil
	}
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	return s.late.err
}

// late is what somebody asked a set for, from any goroutine.
type late struct {
	shelf *shelf
	mu    sync.Mutex
	err   error
	files []*File
	found map[int]any // objects, by index in shelf.named
}

// readLate makes the set read what is on the shelf when it is asked for by name.
func (s *Set) readLate() {
	l := &late{shelf: s.shelfOf, files: slices.Clone(s.Files), found: map[int]any{}}
	s.late = l
	for gk, k := range kinds {
		if k.named {
			k.late(s, func(namespace, name string, wrap func(*Document, any) any) any {
				return l.find(diag.Ref{Kind: gk.kind, Namespace: namespace, Name: name}, wrap)
			})
		}
	}
}

// find returns an object of the shelf.
func (l *late) find(ref diag.Ref, wrap func(*Document, any) any) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.shelf.at[nameKey(ref)]
	if !ok {
		return nil
	}
	o, ok := l.found[i]
	if !ok {
		o = l.read(&l.shelf.named[i], wrap)
		l.found[i] = o
	}
	return o
}

// read reads one object.
func (l *late) read(one *Shelved, wrap func(*Document, any) any) any {
	f, err := textIn(l.files, one.file)
	var read []entry
	if err == nil {
		read, err = l.shelf.read(f, []*Shelved{one})
	}
	for _, e := range read {
		if e.doc.Ref == one.Ref {
			return wrap(e.doc, e.value)
		}
	}
	l.err = cmp.Or(l.err, err, fmt.Errorf("read %s again: %s is not there", one.file.Name, one.Ref))
	return nil
}
