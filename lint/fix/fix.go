// Package fix edits findings away. It takes the edits that rules suggest, makes
// those that do not touch one another, and keeps them only when the result reads
// as the objects with just the suggested fields changed, and when exact
// comparison shows that routing changes no more than each suggestion says. What
// does not hold is refused alone, with the reason. Files are written in package
// cmd; here they are in memory.
package fix

import (
	"context"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// maxRounds bounds how often edits are made and the result is checked again: an
// edit may uncover another finding, and edits of neighbours wait for one another.
const maxRounds = 100

// Options steer [Run].
type Options struct {
	Rules []*lint.Rule
	Lint  lint.Options
	Read  manifest.Options // as the input was read
	// Hide, if it is set, takes out of each result what is not to be shown. What it
	// takes out is not edited. The result that [Run] is given is taken as it is.
	Hide func(*manifest.Set, *lint.Result)
	// Edit: edits that change no more than what their author must have meant are
	// made. Offer: those that need consent, too.
	Edit, Offer bool
	// Grants is the file that missing objects are written to; "" leaves them out.
	// It may be a file of the input. GrantsText is what it holds already.
	Grants     string
	GrantsText []byte
}

// Outcome is what [Run] did.
type Outcome struct {
	Set     *manifest.Set // after the edits
	Result  *lint.Result  // what is left
	Files   []Changed     // in the order of the input; a new file of grants is the last
	Applied []Applied
	Refused []Refused
	Found   int // findings edited away and left; an edit may uncover further ones
	Offered int // findings left that only consent is missing for
	Missing int // findings left that a file of grants would answer
}

// Changed is a file with other text than before. Old is nil for a new file.
type Changed struct {
	Name     string
	Old, New []byte
}

// Applied is a finding that was edited away.
type Applied struct {
	Finding diag.Diagnostic
	Changes []string // what it changed for calls, when it was allowed to
}

// Refused is a finding whose edit was not made.
type Refused struct {
	Finding diag.Diagnostic
	Why     string
}

// candidate is a finding that may be edited away.
type candidate struct {
	diag.Diagnostic
	suggestion *lint.Suggestion
	also       []diag.Diagnostic // findings with the same edits
	changes    []string
}

// Run edits the findings of a result away, as far as the options allow. The set
// and the result are not touched. The error is that of [lint.Run], or of a context
// that ended.
func Run(ctx context.Context, set *manifest.Set, result *lint.Result, o Options) (*Outcome, error) {
	s := &state{ctx: ctx, o: o, set: set, result: result, refused: map[string]bool{}}
	if err := s.admission(); err != nil {
		return nil, err
	}
	s.read()
	out := &Outcome{}
	progress := false // since refusals were last forgotten
	for range maxRounds {
		before := *s
		accepted, err := s.round(out)
		if err != nil {
			return nil, err
		}
		if len(accepted) == 0 && !progress {
			break
		}
		if len(accepted) == 0 { // what was refused may be possible now
			clear(s.refused)
			out.Refused, progress = nil, false
			continue
		}
		if err := s.lint(); err != nil {
			return nil, err
		}
		if left := unanswered(accepted, before.result, s.result); len(left) > 0 {
			*s = before // the others come again
			for _, c := range left {
				s.refuse(out, c, "the edit does not answer the finding")
			}
			continue
		}
		out.add(accepted)
		progress = true
	}
	out.Set, out.Result = s.set, s.result
	out.Files = s.changed(set)
	out.Found = len(out.Applied) + len(out.Result.Diagnostics)
	out.count(s)
	return out, ctx.Err()
}

// round makes as many edits as go together.
func (s *state) round(out *Outcome) ([]*candidate, error) {
	for {
		batch := s.candidates(out)
		if len(batch) == 0 || s.ctx.Err() != nil {
			return nil, s.ctx.Err()
		}
		// Without any, each of them is refused now: there are fewer next time.
		if accepted := s.try(s.proven(batch, out)); len(accepted) > 0 {
			return accepted, nil
		}
	}
}

// lint finds what there is in the set now.
func (s *state) lint() (err error) {
	s.result, err = lint.Run(s.set, s.o.Rules, s.o.Lint)
	if err == nil && s.o.Hide != nil {
		s.o.Hide(s.set, s.result)
	}
	return err
}

// unanswered returns the edits after which their rule finds the same again in
// their object. A field's index may have moved there from another finding, so that
// the number of findings counts, too.
func unanswered(accepted []*candidate, before, after *lint.Result) []*candidate {
	type place struct {
		rule   string
		object diag.Ref
	}
	more := map[place]int{} // findings beyond what the edits should have left
	for _, d := range after.Diagnostics {
		more[place{d.Rule, d.Object}]++
	}
	for _, d := range before.Diagnostics {
		more[place{d.Rule, d.Object}]--
	}
	for _, c := range accepted {
		more[place{c.Rule, c.Object}] += 1 + len(c.also)
	}
	still := map[string]bool{}
	for i := range after.Diagnostics {
		still[fingerprint(&after.Diagnostics[i])] = true
	}
	var out []*candidate
	for _, c := range accepted {
		if still[fingerprint(&c.Diagnostic)] && more[place{c.Rule, c.Object}] > 0 {
			out = append(out, c)
		}
	}
	return out
}

// add notes findings that were edited away.
func (out *Outcome) add(accepted []*candidate) {
	for _, c := range accepted {
		out.Applied = append(out.Applied, Applied{c.Diagnostic, c.changes})
		for _, d := range c.also {
			out.Applied = append(out.Applied, Applied{d, nil})
		}
	}
}

// refuse keeps a finding out of all further rounds.
func (s *state) refuse(out *Outcome, c *candidate, why string) {
	for _, d := range append([]diag.Diagnostic{c.Diagnostic}, c.also...) {
		if s.refused[fingerprint(&d)] {
			continue
		}
		s.refused[fingerprint(&d)] = true
		out.Refused = append(out.Refused, Refused{d, why})
	}
}

// fingerprint is what a finding is known by in another round.
func fingerprint(d *diag.Diagnostic) string {
	return fmt.Sprintf("%s %s %s %s %s", d.Rule, d.Range.File, d.Object, d.Field, d.Message)
}

// count says what is left to do.
func (out *Outcome) count(s *state) {
	for i := range out.Result.Diagnostics {
		d := &out.Result.Diagnostics[i]
		g := out.Result.Suggestions[d.Fix]
		switch {
		case d.Fix == nil || d.Fix.Refused != "" || s.refused[fingerprint(d)]:
		case g != nil && g.Add != nil && s.o.Grants == "":
			out.Missing++
		case d.Fix.Offer && !s.o.Offer:
			out.Offered++
		}
	}
	kept := out.Refused[:0]
	for _, r := range out.Refused { // a later edit may have answered it
		for i := range out.Result.Diagnostics {
			if fingerprint(&out.Result.Diagnostics[i]) == fingerprint(&r.Finding) {
				kept = append(kept, r)
				break
			}
		}
	}
	out.Refused = kept
}
