package manifest

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// A value takes several times the memory of its text, and is rarely needed once
// the object is typed and checked. With [Options.Check] it lives no longer than
// that, and what it was made of serves the next document.

// Object returns the JSON value of the document: Value, or where that was dropped
// the same value, read again from the text. It is not to be changed.
func (d *Document) Object() map[string]any {
	if d.Value != nil || !d.dropped {
		return d.Value
	}
	return d.src.object()
}

// NamesNamespace reports whether the object says itself which namespace it is in.
// Ref.Namespace is that of [Options] where it does not.
func (d *Document) NamesNamespace() bool { return d.placed }

// Annotation returns an annotation of the object, and whether it has one that is
// a text.
func (d *Document) Annotation(name string) (text string, ok bool) {
	if d.Value == nil && d.dropped {
		text, ok = d.annotations[name]
		return text, ok
	}
	meta, _ := d.Value["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	text, ok = annotations[name].(string)
	return text, ok
}

// object reads the value of the document again. Who asks once asks often, so it
// is kept.
func (s *source) object() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == nil {
		text := s.file.Data[s.start:s.end]
		var v any
		var err error
		if r := new(reader); s.json {
			v, err = r.jsonValue(text)
		} else {
			v, err = r.yamlValue(text)
		}
		if err == nil { // it was read before
			s.value, _ = v.(map[string]any)
		}
	}
	return s.value
}

// check shows an object to [Options.Check] and drops its value. The value of an
// object that does not fit its type is kept, and so is that of an item of a List,
// which could not be read again alone.
func (d *documents) check(doc *Document, typed any) {
	if d.l.check == nil {
		return
	}
	object, ok := typed.(metav1.Object)
	lent := ok && doc.base == nil
	d.l.check(doc, lent)
	if lent {
		doc.Value, doc.dropped, doc.annotations = nil, true, object.GetAnnotations()
	}
}

// arena holds the maps of the value that was read last, and those that the next
// one may be made of.
type arena struct{ used, free []map[string]any }

// maxReused is the number of fields up to which a map is worth clearing.
const maxReused = 32

func (a *arena) mapping() map[string]any {
	var m map[string]any
	if n := len(a.free); n > 0 {
		m, a.free = a.free[n-1], a.free[:n-1]
	} else {
		m = make(map[string]any)
	}
	a.used = append(a.used, m)
	return m
}

// keep leaves the maps of the last value to whoever holds it.
func (a *arena) keep() {
	clear(a.used)
	a.used = a.used[:0]
}

// recycle takes back the maps of the last value: nobody holds it any more.
func (a *arena) recycle() {
	for _, m := range a.used {
		if len(m) <= maxReused {
			clear(m)
			a.free = append(a.free, m)
		}
	}
	a.keep()
}
