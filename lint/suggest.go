package lint

import (
	"cmp"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Claim is what a suggestion says that it does to routing. It is proven before
// the edit is made (package lint/fix), and an edit that does more is refused.
type Claim int

// The claims, from the strongest.
const (
	SameRouting  Claim = iota // no call is treated in another way
	RepairsCalls              // only calls that fail, or of which a share fails, are treated in another way
	OwnCalls                  // only calls that a changed route takes before or after are
	AnyCalls                  // what changes is for its author to judge; it is listed
)

// String says the claim in words that follow "it changes".
func (c Claim) String() string {
	return [...]string{
		"no call", "only calls that fail today", "only calls of the route that is edited", "what calls it says",
	}[c]
}

// Suggestion is how a finding can be edited away, in terms of values. Where the
// text is edited follows from it.
type Suggestion struct {
	Title   string // see diag.Fix
	Claim   Claim
	Offer   bool // needs consent even if the rule's other fixes do not
	Changes []Change
	// Add is a new object, for a finding that something is missing. It is written
	// where the user asks for it, with the comment that says why.
	Add     manifest.Fields
	AddNote string
	// Refused says why this finding has no edit.
	Refused string
}

// Change is a change of one object.
type Change struct {
	Doc *manifest.Document
	manifest.Change
}

// In makes changes of one object.
func In(doc *manifest.Document, changes ...manifest.Change) []Change {
	out := make([]Change, len(changes))
	for i, c := range changes {
		out[i] = Change{doc, c}
	}
	return out
}

// Suggest gives the finding reported last a way to edit it away. It must not be
// called by a rule that has no Fix, nor when nothing was reported.
func (p *Pass) Suggest(s Suggestion) {
	if n := len(p.found); n > 0 {
		p.found[n-1].suggestion = &s
	}
}

// Refuse says why the finding reported last has no edit, although others of the
// rule have one.
func (p *Pass) Refuse(why string) { p.Suggest(Suggestion{Refused: why}) }

// fixOf finds the edits of a suggestion.
func fixOf(s *Suggestion, rule *Rule) *diag.Fix {
	fix := &diag.Fix{Title: s.Title, Offer: s.Offer || rule != nil && rule.Fix == OfferFix, Refused: s.Refused}
	if s.Refused != "" {
		return fix
	}
	if s.Add != nil {
		fix.Add = manifest.Text(s.Add)
	}
	var order []*manifest.Document
	byDoc := map[*manifest.Document][]manifest.Change{}
	for _, c := range s.Changes {
		if byDoc[c.Doc] == nil {
			order = append(order, c.Doc)
		}
		byDoc[c.Doc] = append(byDoc[c.Doc], c.Change)
	}
	for _, doc := range order {
		edits, err := doc.Edits(byDoc[doc])
		if err != nil {
			return &diag.Fix{Title: s.Title, Offer: fix.Offer, Refused: err.Error()}
		}
		fix.Edits = append(fix.Edits, edits...)
	}
	slices.SortStableFunc(fix.Edits, func(a, b diag.Edit) int {
		return cmp.Or(cmp.Compare(a.Range.File, b.Range.File), cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte), cmp.Compare(a.Range.End.Byte, b.Range.End.Byte))
	})
	return fix
}
