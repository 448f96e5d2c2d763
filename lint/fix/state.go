package fix

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// state is the input as edited so far.
type state struct {
	ctx      context.Context
	o        Options
	set      *manifest.Set
	result   *lint.Result
	refused  map[string]bool
	text     map[string][]byte // of each file that an edit could touch
	tables   tables            // of set
	server   *admission.Server
	resource map[string]bool // files that are read for resolution only
	ignored  map[string]int  // objects of other kinds in the files that may be written
}

// admission finds the API server whose schemas count, as [lint.Run] does.
func (s *state) admission() (err error) {
	version, channel := s.o.Lint.GatewayAPI, cmp.Or(s.o.Lint.Channel, "standard")
	if all := admission.Versions(); version == "" && len(all) > 0 {
		version = all[len(all)-1]
	}
	s.server, err = admission.New(version, channel)
	return err
}

// read keeps the text of the files that hold something of ours, and notes what else
// is in those that may be written.
func (s *state) read() {
	s.text, s.resource = map[string][]byte{}, map[string]bool{}
	var files []*manifest.File
	for _, f := range s.set.Files {
		if f.Resource {
			s.resource[f.Name] = true
		}
		if f.Data != nil {
			s.text[f.Name] = f.Data
			files = append(files, f.With(f.Data))
		}
	}
	if s.text[s.o.Grants] == nil && s.o.GrantsText != nil {
		s.text[s.o.Grants] = s.o.GrantsText
		files = append(files, &manifest.File{Name: s.o.Grants, Data: s.o.GrantsText})
	}
	s.ignored = manifest.Read(files, s.o.Read).Ignored
}

// candidates returns the findings whose edits are allowed and were not refused,
// each edit once.
func (s *state) candidates(out *Outcome) []*candidate {
	var list []*candidate
	byEdits := map[string]*candidate{}
	for _, d := range s.result.Diagnostics {
		g := s.result.Suggestions[d.Fix]
		if g == nil || s.refused[fingerprint(&d)] || !s.allowed(g, d.Fix) {
			continue
		}
		c := &candidate{Diagnostic: d, suggestion: g}
		if d.Fix.Refused != "" {
			s.refuse(out, c, d.Fix.Refused)
			continue
		}
		if i := slices.IndexFunc(d.Fix.Edits, func(e diag.Edit) bool { return s.resource[e.Range.File] }); i >= 0 {
			s.refuse(out, c, d.Fix.Edits[i].Range.File+" is read for what others refer to, and not edited")
			continue
		}
		key := fmt.Sprint(d.Fix.Edits, g.Add)
		if same := byEdits[key]; same != nil {
			same.also = append(same.also, d)
			same.suggestion = weaker(same.suggestion, g)
			continue
		}
		byEdits[key] = c
		list = append(list, c)
	}
	return list
}

// weaker returns the suggestion that claims less: one edit for two findings may do
// what either of them says.
func weaker(a, b *lint.Suggestion) *lint.Suggestion {
	if b.Claim > a.Claim {
		return b
	}
	return a
}

func (s *state) allowed(g *lint.Suggestion, fix *diag.Fix) bool {
	if g.Add != nil {
		return s.o.Grants != ""
	}
	return s.o.Edit && (s.o.Offer || !fix.Offer)
}

// try makes the edits of a batch, halving it until what remains holds together.
// Those that were left out come again in the next round.
func (s *state) try(batch []*candidate) []*candidate {
	for len(batch) > 0 {
		batch = apart(batch)
		set, text, err := s.with(batch)
		if err == nil {
			err = s.prove(set, batch, false)
		}
		if err == nil {
			s.set, s.text, s.tables = set, text, nil
			return batch
		}
		// One alone was proven before it came here.
		batch = batch[:len(batch)/2]
	}
	return nil
}

// apart leaves out the edits that touch what an earlier one touches.
func apart(batch []*candidate) []*candidate {
	taken := map[string][]diag.Edit{}
	var out []*candidate
	for _, c := range batch {
		if slices.ContainsFunc(c.Fix.Edits, func(e diag.Edit) bool {
			return slices.ContainsFunc(taken[e.Range.File], func(o diag.Edit) bool { return meet(e, o) })
		}) {
			continue
		}
		for _, e := range c.Fix.Edits {
			taken[e.Range.File] = append(taken[e.Range.File], e)
		}
		out = append(out, c)
	}
	return out
}

// meet reports whether two edits touch the same text. Insertions at one place
// would depend on their order, so they meet, too.
func meet(a, b diag.Edit) bool {
	return a.Range.Start.Byte <= b.Range.End.Byte && b.Range.Start.Byte <= a.Range.End.Byte &&
		(a.Range.Start.Byte != b.Range.End.Byte && b.Range.Start.Byte != a.Range.End.Byte ||
			a.Range.Start == a.Range.End || b.Range.Start == b.Range.End)
}

// with returns the set with the edits of a batch and the text of its files, or why
// it is not what they say. A set does not keep the text of a file in which nothing
// is ours any more.
func (s *state) with(batch []*candidate) (*manifest.Set, map[string][]byte, error) {
	edits := map[string][]diag.Edit{}
	changes := map[*manifest.Document][]manifest.Change{}
	added := 0
	for _, c := range batch {
		for _, e := range c.Fix.Edits {
			edits[e.Range.File] = append(edits[e.Range.File], e)
		}
		for _, ch := range c.suggestion.Changes {
			changes[ch.Doc] = append(changes[ch.Doc], ch.Change)
		}
		if c.suggestion.Add != nil {
			added++
		}
	}
	grants := s.grants(batch)
	text := maps.Clone(s.text)
	var files []*manifest.File
	all := s.set.Files
	_, held := s.text[s.o.Grants]
	if (held || grants != nil) && !slices.ContainsFunc(all, func(f *manifest.File) bool { return f.Name == s.o.Grants }) {
		all = append(all[:len(all):len(all)], &manifest.File{Name: s.o.Grants})
	}
	for _, f := range all {
		data := s.text[f.Name]
		if es := edits[f.Name]; es != nil {
			edited, err := diag.Apply(data, es)
			if err != nil {
				return nil, nil, err
			}
			data = edited
		}
		if f.Name == s.o.Grants && grants != nil {
			data = append(data[:len(data):len(data)], grants...)
		}
		if data != nil {
			text[f.Name] = data
		}
		files = append(files, f.With(data))
	}
	set := manifest.Read(files, s.o.Read)
	return set, text, s.compare(set, changes, added)
}

// compare checks that the objects are what they were with just the changes made,
// that nothing reads worse, and that the API server has nothing more against them.
func (s *state) compare(after *manifest.Set, changes map[*manifest.Document][]manifest.Change, added int) error {
	rest := after.Documents
	for _, doc := range s.set.Documents {
		want := doc.Object()
		if cs := changes[doc]; cs != nil {
			var err error
			if want, err = doc.Changed(cs); err != nil {
				return err
			}
			if want == nil {
				continue
			}
		}
		if len(rest) == 0 || !reflect.DeepEqual(rest[0].Value, want) {
			return fmt.Errorf("the edited text of %s does not read as it should", doc.Ref)
		}
		if changes[doc] != nil {
			if err := s.worse(doc, rest[0]); err != nil {
				return err
			}
		}
		rest = rest[1:]
		for _, object := range manifest.Added(changes[doc]) {
			if len(rest) == 0 || !reflect.DeepEqual(any(rest[0].Value), object) {
				return fmt.Errorf("an object added behind %s does not read as it should", doc.Ref)
			}
			rest = rest[1:]
		}
	}
	if len(rest) != added || !maps.Equal(after.Ignored, s.ignored) || len(after.Problems) > len(s.set.Problems) {
		return errors.New("the edited text does not read as it should")
	}
	return nil
}

// worse returns an error when the API server has more against an object after an
// edit than before.
func (s *state) worse(before, after *manifest.Document) error {
	old := map[string]bool{}
	failures := s.server.Check(before)
	for _, f := range failures {
		old[f.Server] = true
	}
	now := s.server.Check(after)
	if len(now) <= len(failures) {
		return nil
	}
	for _, f := range now {
		if !old[f.Server] {
			return fmt.Errorf("the API server would then say: %s", f.Message)
		}
	}
	return nil
}

// changed lists the files whose text is another one than in the input.
func (s *state) changed(input *manifest.Set) []Changed {
	old := map[string][]byte{}
	for _, f := range input.Files {
		old[f.Name] = f.Data
	}
	var out []Changed
	for _, f := range s.set.Files {
		before := old[f.Name]
		if f.Name == s.o.Grants && before == nil {
			before = s.o.GrantsText
		}
		if now := s.text[f.Name]; !bytes.Equal(before, now) {
			out = append(out, Changed{f.Name, before, now})
		}
	}
	return out
}
