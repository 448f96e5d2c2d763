package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint/fix"
)

// fixJSON is how a finding can be edited away, or why it cannot.
type fixJSON struct {
	Title   string     `json:"title,omitempty"`
	Kind    string     `json:"kind"` // "auto" or "offer"
	Edits   []editJSON `json:"edits,omitempty"`
	Add     string     `json:"add,omitempty"` // a new object, as YAML
	Refused string     `json:"refused,omitempty"`
}

// editJSON replaces the bytes of a file from start to end, both counted from 0.
type editJSON struct {
	File  string `json:"file"`
	Start int    `json:"startByte"`
	End   int    `json:"endByte"`
	New   string `json:"new"`
}

// fixedJSON is what lint --fix did.
type fixedJSON struct {
	Findings int           `json:"findings"` // edited away
	Of       int           `json:"of"`
	Files    []string      `json:"files"`
	Offered  int           `json:"offered"` // need --fix=offer
	Missing  int           `json:"missing"` // need --grants
	Applied  []appliedJSON `json:"applied"`
	Refused  []refusedJSON `json:"refused"`
}

type appliedJSON struct {
	Rule string `json:"rule"`
	span
	Title   string   `json:"title"`
	Changes []string `json:"changes,omitempty"` // what happens to calls now
}

type refusedJSON struct {
	Rule string `json:"rule"`
	span
	Why string `json:"why"`
}

func fixOf(f *diag.Fix) *fixJSON {
	if f == nil {
		return nil
	}
	out := &fixJSON{Title: f.Title, Kind: "auto", Add: f.Add, Refused: f.Refused}
	if f.Offer {
		out.Kind = "offer"
	}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, editJSON{validText(e.Range.File), e.Range.Start.Byte, e.Range.End.Byte, e.New})
	}
	return out
}

// FixJSON writes what is left after lint --fix as grpcroute.lint/v1, and what was
// done in "fixed".
func FixJSON(w io.Writer, out *fix.Outcome) error {
	r := lintReportOf(out.Set, out.Result)
	r.Fixed = &fixedJSON{
		Findings: len(out.Applied), Of: out.Found, Files: []string{}, Offered: out.Offered, Missing: out.Missing,
		Applied: []appliedJSON{}, Refused: []refusedJSON{},
	}
	for _, c := range out.Files {
		r.Fixed.Files = append(r.Fixed.Files, validText(c.Name))
	}
	for _, a := range out.Applied {
		r.Fixed.Applied = append(r.Fixed.Applied, appliedJSON{a.Finding.Rule, spanOf(a.Finding.Range), a.Finding.Fix.Title, a.Changes})
	}
	for _, x := range out.Refused {
		r.Fixed.Refused = append(r.Fixed.Refused, refusedJSON{x.Finding.Rule, spanOf(x.Finding.Range), x.Why})
	}
	return encode(w, r)
}

// FixText writes what lint --fix did: the edits that change what happens to calls
// (all of them when verbose), those that were not made, and a line that counts.
// Tried is true when nothing was written. It says nothing when quiet.
func FixText(w io.Writer, out *fix.Outcome, tried bool, o Options) error {
	if o.Quiet {
		return nil
	}
	s := o.style()
	var b strings.Builder
	verb := "fixed"
	if tried {
		verb = "would fix"
	}
	for _, a := range out.Applied {
		if len(a.Changes) == 0 && !o.Verbose {
			continue
		}
		fmt.Fprintf(&b, "%s: %s: %s %s\n", plain(a.Finding.Range.String()), s.good(verb), plain(a.Finding.Fix.Title), s.dim("["+a.Finding.Rule+"]"))
		for _, change := range a.Changes {
			fmt.Fprintf(&b, "  %s%s\n", s.label("changes: "), plain(change))
		}
	}
	for _, x := range out.Refused {
		fmt.Fprintf(&b, "%s: %s: %s %s\n", plain(x.Finding.Range.String()), s.doubt("not fixed"), plain(x.Why), s.dim("["+x.Finding.Rule+"]"))
	}
	if out.Found > 0 {
		b.WriteString(fixCount(out, verb) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fixCount is "fixed 3 of 5 findings in 2 files; 2 need --fix=offer".
func fixCount(out *fix.Outcome, verb string) string {
	text := fmt.Sprintf("%s %d of %s", verb, len(out.Applied), count(out.Found, "finding"))
	if len(out.Files) > 0 {
		text += " in " + count(len(out.Files), "file")
	}
	for _, part := range []struct {
		n    int
		flag string
	}{{out.Offered, "--fix=offer"}, {out.Missing, "--grants FILE"}} {
		if part.n > 0 {
			verb := "need"
			if part.n == 1 {
				verb = "needs"
			}
			text += fmt.Sprintf("; %d %s %s", part.n, verb, part.flag)
		}
	}
	return text
}
