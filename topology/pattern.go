package topology

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// PatternError says why a regular expression is not RE2.
type PatternError struct {
	Pattern string
	// Foreign: the pattern is valid in dialects that backtrack (PCRE), as one with
	// a look-around, a back-reference or a possessive quantifier.
	Foreign bool
	Syntax  string // what it is that RE2 lacks, as "a look-around"; "" unless Foreign
	reason  string
}

// Error describes the pattern and the fault.
func (e *PatternError) Error() string {
	return fmt.Sprintf("%q is not a valid regular expression: %s", e.Pattern, e.reason)
}

// foreign is what dialects that backtrack have and RE2 leaves out on purpose,
// each with something of RE2 that may stand in the same place, and what it is
// called.
var foreign = []struct {
	syntax *regexp.Regexp
	stand  string
	name   string
}{
	{regexp.MustCompile(`\(\?\(\?<?[=!]`), "(?:(?:", "a condition"},
	{regexp.MustCompile(`\(\?\([^()?][^()]*\)`), "(?:", "a condition"},
	{regexp.MustCompile(`\(\?<?[=!]`), "(?:", "a look-around"},
	{regexp.MustCompile(`\(\?>`), "(?:", "an atomic group"},
	{regexp.MustCompile(`\(\?#[^)]*\)`), "", "a comment"},
	{regexp.MustCompile(`\(\?\|`), "(?:", "a branch reset"},
	{regexp.MustCompile(`\(\?(?:R|&\w+|P>\w+|[+-]?\d+)\)`), "a", "a recursion"},
	{regexp.MustCompile(`\(\?P=\w+\)|\\(?:[1-9]\d?|g\{?-?\w+\}?|k[<{']\w+[>}'])`), "a", "a back-reference"},
	{regexp.MustCompile(`([*+?}])\+`), "$1", "a possessive quantifier"},
	{regexp.MustCompile(`\\[ZGK]`), "", "an assertion of PCRE"},
	{regexp.MustCompile(`\\[hHRXN]`), "a", "a class of PCRE"},
}

// foreignSyntax names what keeps a pattern from being RE2 although a dialect that
// backtracks would take it: with all of it replaced the pattern is RE2. It is "" for
// a pattern that is wrong everywhere.
func foreignSyntax(pattern string) string {
	name := ""
	for _, f := range foreign {
		if replaced := f.syntax.ReplaceAllString(pattern, f.stand); replaced != pattern {
			pattern = replaced
			if name == "" {
				name = f.name
			}
		}
	}
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return ""
	}
	return name
}

// CheckPattern returns what keeps a pattern from being RE2, the dialect of all
// the implementations that name one, nil when nothing does.
func CheckPattern(pattern string) *PatternError {
	_, err := syntax.Parse(pattern, syntax.Perl)
	if err == nil {
		return nil
	}
	e := &PatternError{Pattern: pattern, Syntax: foreignSyntax(pattern), reason: err.Error()}
	e.Foreign = e.Syntax != ""
	var fault *syntax.Error
	if errors.As(err, &fault) {
		e.reason = fmt.Sprintf("%s: %q", fault.Code, fault.Expr)
	}
	return e
}

// checkPattern is CheckPattern with a memory: routes repeat their patterns.
func (x *resolver) checkPattern(pattern string) *PatternError {
	e, known := x.patterns[pattern]
	if !known {
		e = CheckPattern(pattern)
		x.patterns[pattern] = e
	}
	return e
}
