package manifest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
)

// maxProblemsPerFile keeps one broken file from drowning the others.
const maxProblemsPerFile = 1000

// part is what was read from a file, or from some of its documents.
type part struct {
	file     *File
	err      error
	entries  []entry
	shelf    []Shelved
	helm     []*Document
	ignored  map[string]int
	others   []*Document
	unknown  []*Document
	seen     []identity
	problems diag.List
	dropped  int // problems beyond the limit
}

// entry is an object of a kind we know. Value is nil when it does not fit.
type entry struct {
	doc   *Document
	kind  *kind
	value any
}

func (p *part) append(q *part) {
	p.entries = append(p.entries, q.entries...)
	p.shelf = append(p.shelf, q.shelf...)
	p.helm = append(p.helm, q.helm...)
	p.others = append(p.others, q.others...)
	p.unknown = append(p.unknown, q.unknown...)
	p.seen = append(p.seen, q.seen...)
	for name, n := range q.ignored {
		p.ignore(name, n)
	}
	for _, d := range q.problems {
		p.report(d)
	}
	p.dropped += q.dropped
}

func (p *part) ignore(name string, n int) {
	if p.ignored == nil {
		p.ignored = map[string]int{}
	}
	p.ignored[name] += n
}

func (p *part) report(d diag.Diagnostic) {
	if p.full() {
		p.dropped++
		return
	}
	p.problems = append(p.problems, d)
}

// full reports whether further problems would not be listed. Explaining one costs
// more than reading a document.
func (p *part) full() bool { return len(p.problems) >= maxProblemsPerFile }

// finish completes the part of a whole file.
func (p *part) finish() {
	slices.SortStableFunc(p.problems, func(a, b diag.Diagnostic) int {
		return cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte)
	})
	if p.dropped > 0 {
		last := p.problems[len(p.problems)-1]
		p.problems = append(p.problems, diag.Diagnostic{
			Rule: last.Rule, Severity: last.Severity, Source: diag.Strict,
			Message: fmt.Sprintf("the file has %d more findings of this sort, which are not listed", p.dropped),
			Range:   last.Range,
		})
	}
	if len(p.entries) == 0 && len(p.shelf) == 0 && len(p.helm) == 0 && len(p.others) == 0 && len(p.unknown) == 0 && len(p.problems) == 0 {
		p.file.Data = nil
	}
}

// assemble puts the parts of all files together, in their order.
func (l *loader) assemble(parts []*part) *Set {
	s := &Set{Ignored: map[string]int{}, seen: map[identity]bool{}, presence: &presence{}, shelfOf: &shelf{loader: l}}
	var entries []entry
	for _, p := range parts {
		if p.file == nil {
			continue
		}
		p.file.order = len(s.Files)
		s.Files = append(s.Files, p.file)
		s.HelmValues = append(s.HelmValues, p.helm...)
		s.Others = append(s.Others, p.others...)
		s.Unread = append(s.Unread, p.unknown...)
		for _, id := range p.seen {
			s.seen[id] = true
		}
		s.Problems = append(s.Problems, p.problems...)
		for name, n := range p.ignored {
			s.Ignored[name] += n
		}
		entries = append(entries, p.entries...)
		s.shelve(p)
	}
	s.index(entries)
	return s
}

// index adds objects to the set and takes out those that a later one of the same
// identity replaces.
func (s *Set) index(entries []entry) {
	replaced := map[*Document]bool{}
	for _, e := range entries {
		s.Documents = append(s.Documents, e.doc)
		if e.value == nil {
			s.Broken = append(s.Broken, e.doc)
		} else if old := e.kind.add(s, e.doc, e.value); old != nil {
			replaced[old] = true
		}
	}
	if len(replaced) == 0 {
		return
	}
	for _, e := range entries {
		if replaced[e.doc] {
			s.Replaced = append(s.Replaced, e.doc)
		}
	}
	for _, k := range kinds {
		k.drop(s, replaced)
	}
}
