package convert

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// edition is a set after some plans were carried out.
type edition struct {
	set  *manifest.Set
	text map[string][]byte // of the files that were edited
}

// failure is a plan that cannot be carried out.
type failure struct {
	plan *plan
	why  error
}

func (f *failure) Error() string { return f.why.Error() }

// carry makes the edits of plans. The error is a *failure where one plan stands in
// the way.
func (w *work) carry(plans []*plan) (*edition, error) {
	e := &edition{set: w.set, text: map[string][]byte{}}
	pending := map[*plan][]manifest.Change{}
	for _, p := range plans {
		e.text[p.doc.File.Name] = p.doc.File.Data
		// From the end, so that indexes of what is to come stay.
		pending[p] = slices.Clone(p.cuts)
		slices.Reverse(pending[p])
	}
	docs := func(p *plan) *manifest.Document { return w.same(e.set, p.doc) }
	adds, writes := map[*plan][]manifest.Change{}, map[*plan][]manifest.Change{}
	for _, p := range plans {
		adds[p], writes[p] = slices.Clone(p.adds), slices.Clone(p.writes)
	}
	for _, pending := range []map[*plan][]manifest.Change{adds, pending, writes} {
		for {
			edits, err := w.pass(plans, docs, pending)
			if err != nil {
				return nil, err
			}
			if len(edits) == 0 {
				break
			}
			if err := w.edit(e, edits); err != nil {
				return nil, err
			}
		}
	}
	return e, w.check(e, plans)
}

// pass gathers the edits of one round by file, and takes their changes off those
// that are pending.
func (w *work) pass(plans []*plan, docs func(*plan) *manifest.Document, pending map[*plan][]manifest.Change) (map[string][]diag.Edit, error) {
	byFile := map[string][]diag.Edit{}
	for _, p := range plans {
		if len(pending[p]) == 0 {
			continue
		}
		doc := docs(p)
		if doc == nil {
			return nil, &failure{p, errors.New("the edited text does not read as it should")}
		}
		edits, err := doc.Edits(pending[p])
		if err != nil {
			return nil, &failure{p, fmt.Errorf("its text cannot be edited: %w", err)}
		}
		n := apart(edits)
		pending[p] = pending[p][n:]
		byFile[p.doc.File.Name] = append(byFile[p.doc.File.Name], edits[:n]...)
	}
	return byFile, nil
}

// apart counts the edits that touch nothing which an earlier one touches; there is
// always one.
func apart(edits []diag.Edit) int {
	for i := range edits {
		for _, o := range edits[:i] {
			if edits[i].Range.Start.Byte <= o.Range.End.Byte && o.Range.Start.Byte <= edits[i].Range.End.Byte {
				return i
			}
		}
	}
	return len(edits)
}

// edit applies edits and reads the result.
func (w *work) edit(e *edition, edits map[string][]diag.Edit) error {
	for name, list := range edits {
		text, err := diag.Apply(e.text[name], list)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.text[name] = text
	}
	e.set = w.reread(e.text)
	if len(e.set.Documents) != len(w.set.Documents) {
		return errors.New("the edited text does not read as it should")
	}
	return nil
}

// reread reads the input with other text of some files.
func (w *work) reread(text map[string][]byte) *manifest.Set {
	files := make([]*manifest.File, len(w.set.Files))
	for i, f := range w.set.Files {
		data, ok := text[f.Name]
		if !ok {
			data = f.Data
		}
		files[i] = f.With(data)
	}
	return manifest.Read(files, w.read)
}

// same returns the document of another edition: edits neither add nor remove any.
func (w *work) same(set *manifest.Set, doc *manifest.Document) *manifest.Document {
	if w.index == nil {
		w.index = map[*manifest.Document]int{}
		for i, d := range w.set.Documents {
			w.index[d] = i
		}
	}
	i, ok := w.index[doc]
	if !ok || i >= len(set.Documents) {
		return nil
	}
	return set.Documents[i]
}

// check compares every object with what it should be after the plans, and asks the
// API server about those that were edited.
func (w *work) check(e *edition, plans []*plan) error {
	byDoc := map[*manifest.Document]*plan{}
	for _, p := range plans {
		byDoc[p.doc] = p
	}
	for i, doc := range w.set.Documents {
		now, p := e.set.Documents[i], byDoc[doc]
		if p == nil {
			if !reflect.DeepEqual(now.Object(), doc.Object()) {
				return fmt.Errorf("the edited text of %s does not read as it should", doc.Ref)
			}
			continue
		}
		if err := w.holds(p, now); err != nil {
			return &failure{p, err}
		}
	}
	if !maps.Equal(e.set.Ignored, w.ignored) || len(e.set.Problems) > len(w.set.Problems) {
		return errors.New("the edited text does not read as it should")
	}
	return nil
}

func (w *work) holds(p *plan, now *manifest.Document) error {
	cut := slices.Clone(p.cuts)
	slices.Reverse(cut)
	between := *p.doc
	for _, changes := range [][]manifest.Change{p.adds, cut, p.writes} {
		value, err := between.Changed(changes)
		if err != nil {
			return err
		}
		between.Value = value
	}
	if !reflect.DeepEqual(now.Value, between.Value) {
		return errors.New("the edited text does not read as it should")
	}
	if w.o.Server == nil {
		return nil
	}
	old := map[string]bool{}
	for _, f := range w.o.Server.Check(p.doc) {
		old[f.Server] = true
	}
	for _, f := range w.o.Server.Check(now) {
		if f.Refuses && !old[f.Server] {
			return fmt.Errorf("the API server would not take the GRPCRoute: %s", f.Message)
		}
	}
	return nil
}
