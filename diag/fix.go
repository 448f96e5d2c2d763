package diag

import (
	"cmp"
	"errors"
	"slices"
)

// Edit replaces a part of a file's text. An empty New deletes it; an empty Range
// inserts before its start.
type Edit struct {
	Range Range
	New   string
}

// Fix is how a finding can be edited away.
type Fix struct {
	Title string // what it does, in the imperative, lower case: "delete the selector"
	Offer bool   // it changes meaning and needs consent
	Edits []Edit // in the order of the text; empty with Refused, and for a new object
	Add   string // a new object as a YAML document, which goes where its author wants it
	// Refused says why there is no safe edit; "" when there is one.
	Refused string
}

// ErrOverlap tells that two edits touch the same bytes.
var ErrOverlap = errors.New("two edits touch the same text")

// Apply returns a text with edits made. They may come in any order and are all
// about the text as it is; the error is [ErrOverlap], or about a range outside of
// it. Two insertions at one place are made in the order given.
func Apply(text []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte), cmp.Compare(a.Range.End.Byte, b.Range.End.Byte))
	})
	out := make([]byte, 0, len(text)+64)
	at := 0
	for _, e := range sorted {
		start, end := e.Range.Start.Byte, e.Range.End.Byte
		if start < at {
			return nil, ErrOverlap
		}
		if end < start || end > len(text) {
			return nil, errors.New("an edit lies outside of the text")
		}
		out = append(append(out, text[at:start]...), e.New...)
		at = end
	}
	return append(out, text[at:]...), nil
}
