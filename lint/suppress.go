package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// How the input says that a finding is not to be shown.
const (
	// IgnoreComment begins a comment "# grpcroute:ignore RULE[,RULE] REASON", see
	// [manifest.File.Directives] for what it speaks of.
	IgnoreComment = "grpcroute:ignore"
	// IgnoreAnnotation is an annotation "RULE[,RULE] REASON" for a whole object.
	IgnoreAnnotation = "grpcroute.io/ignore"
)

// The ids of the rules about suppressions, which [Run] itself reports.
const (
	unusedRule  = "suppression-unused"
	unknownRule = "suppression-unknown-rule"
	reasonRule  = "suppression-without-reason"
)

// Suppressed is a finding that a comment or an annotation says not to show.
type Suppressed struct {
	diag.Diagnostic
	Reason string     // as written; "" when none is given
	By     diag.Range // of the comment or annotation
}

// suppression is a comment or an annotation that names rules.
type suppression struct {
	rules    []string
	reason   string
	at       diag.Range
	object   diag.Ref // of an annotation
	from, to int      // lines, of a comment
	used     map[string]bool
}

// covers reports whether a suppression speaks of the place of a finding.
func (s *suppression) covers(d *diag.Diagnostic) bool {
	if d.Range.File != s.at.File {
		return false
	}
	if s.object != (diag.Ref{}) {
		return d.Object == s.object
	}
	return s.from <= d.Range.Start.Line && d.Range.Start.Line <= s.to
}

// compare brings the suppressions of one file into order: comments, then annotations
// as they stand.
func (s *suppression) compare(other *suppression) int {
	rank := func(s *suppression) int {
		if s.object == (diag.Ref{}) {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(s), rank(other)), cmp.Compare(s.at.File, other.at.File), cmp.Compare(s.at.Start.Byte, other.at.Start.Byte))
}

// suppress divides findings into those that are shown and those that are not.
func suppress(found diag.List, all []*suppression) (shown diag.List, hidden []Suppressed) {
	if len(all) == 0 {
		return found, nil
	}
	byFile := map[string][]*suppression{}
	for _, s := range all {
		byFile[s.at.File] = append(byFile[s.at.File], s)
	}
	shown = found[:0:0]
	for i := range found {
		d := &found[i]
		var by *suppression
		for _, s := range byFile[d.Range.File] {
			if slices.Contains(s.rules, d.Rule) && s.covers(d) {
				s.used[d.Rule] = true
				if by == nil {
					by = s
				}
			}
		}
		if by == nil {
			shown = append(shown, *d)
			continue
		}
		hidden = append(hidden, Suppressed{Diagnostic: *d, Reason: by.reason, By: by.at})
	}
	return shown, hidden
}

// suppressions reads the comments and annotations of a set, in input order.
func suppressions(set *manifest.Set) []*suppression {
	var out []*suppression
	for _, f := range set.Files {
		for _, d := range f.Directives(IgnoreComment) {
			s := parseSuppression(d.Text, d.Range)
			s.from, s.to = d.From, d.To
			out = append(out, s)
		}
	}
	return append(out, annotated(set.Documents)...)
}

// annotated reads the annotations of documents.
func annotated(docs []*manifest.Document) []*suppression {
	var out []*suppression
	for _, doc := range docs {
		if text, ok := doc.Annotation(IgnoreAnnotation); ok {
			s := parseSuppression(text, doc.KeyRange("metadata", "annotations", IgnoreAnnotation))
			s.object = doc.Ref
			out = append(out, s)
		}
	}
	return out
}

// parseSuppression reads "RULE[,RULE] REASON". Blanks may follow a comma, and a
// semicolon, a colon or dashes stand before the reason.
func parseSuppression(text string, at diag.Range) *suppression {
	s := &suppression{at: at, used: map[string]bool{}}
	rest := strings.TrimSpace(text)
	for more := rest != ""; more; {
		end := strings.IndexAny(rest, ", \t;:\n")
		if end < 0 {
			end = len(rest)
		}
		if id := rest[:end]; id != "" && !slices.Contains(s.rules, id) {
			s.rules = append(s.rules, id)
		}
		rest = strings.TrimSpace(rest[end:])
		if rest, more = strings.CutPrefix(rest, ","); more {
			rest = strings.TrimSpace(rest)
		}
	}
	s.reason = strings.TrimSpace(strings.TrimLeft(rest, ";:-— \t"))
	return s
}

// judge is what is known of the rules that suppressions name.
type judge struct {
	ids        []string // of all rules
	ran        func(rule, file string) bool
	sure       func(rule string) bool // whether more input would change nothing
	needReason bool
}

// judge reports what is wrong with suppressions themselves: rules that do not
// exist, rules that ran and found nothing there, and a reason that is missing.
func (j *judge) judge(all []*suppression) diag.List {
	var out diag.List
	report := func(s *suppression, rule string, d diag.Diagnostic) {
		if !j.ran(rule, s.at.File) {
			return
		}
		if d.Rule, d.Source, d.Range = rule, diag.Semantic, s.at; d.Certainty == diag.Certain {
			d.Severity = diag.Warning
		}
		if s.object != (diag.Ref{}) {
			d.Object, d.Field = s.object, "metadata.annotations["+IgnoreAnnotation+"]"
		}
		out = append(out, d)
	}
	for _, s := range all {
		if len(s.rules) == 0 {
			report(s, unknownRule, diag.Diagnostic{
				Message: "a suppression that names no rule suppresses nothing",
				Hint:    "write the ids of the rules, separated by commas, and then the reason",
			})
		}
		for _, id := range s.rules {
			switch {
			case !slices.Contains(j.ids, id):
				report(s, unknownRule, diag.Diagnostic{Message: UnknownRule(id, j.ids).Error()})
			case id == unusedRule || id == unknownRule || id == reasonRule:
				report(s, unusedRule, diag.Diagnostic{
					Message: fmt.Sprintf("rule %q speaks of suppressions, and those cannot be suppressed", id),
					Hint:    "repair the suppression, or turn the rule off with --skip or in the configuration",
				})
			case s.used[id] || !j.ran(id, s.at.File):
			case j.sure(id):
				report(s, unusedRule, diag.Diagnostic{Message: fmt.Sprintf("nothing is suppressed: rule %q finds nothing here", id), Hint: "remove it"})
			default:
				report(s, unusedRule, diag.Diagnostic{
					Message:   fmt.Sprintf("nothing is suppressed: rule %q finds nothing here, as far as the input shows", id),
					Hint:      "remove it, if the input holds all that the rule needs; --assume absent says so",
					Certainty: diag.Unknown,
				})
			}
		}
		if j.needReason && s.reason == "" && len(s.rules) > 0 {
			report(s, reasonRule, diag.Diagnostic{
				Message: "the suppression gives no reason, and the configuration asks for one",
				Hint:    "write it behind the rules: " + IgnoreComment + " " + strings.Join(s.rules, ",") + " why this is all right",
			})
		}
	}
	return out
}
