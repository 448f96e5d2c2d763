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
	reason  string
}

// Error describes the pattern and the fault.
func (e *PatternError) Error() string {
	return fmt.Sprintf("%q is not a valid regular expression: %s", e.Pattern, e.reason)
}

// foreignSyntax finds what RE2 leaves out on purpose.
var foreignSyntax = regexp.MustCompile(`\(\?(?:=|!|<=|<!|>|#|\(|R|&|P>|P=)|\\(?:[1-9]|g\{?-?\d|k[<{'])|[*+?}]\+`)

// CheckPattern returns what keeps a pattern from being RE2, the dialect of all
// the implementations that name one, nil when nothing does.
func CheckPattern(pattern string) *PatternError {
	_, err := syntax.Parse(pattern, syntax.Perl)
	if err == nil {
		return nil
	}
	e := &PatternError{Pattern: pattern, Foreign: foreignSyntax.MatchString(pattern), reason: err.Error()}
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
