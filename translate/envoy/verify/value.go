package verify

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/grpcroute/grpcroute/routing"
)

func literal(text string) routing.Pattern {
	return routing.Pattern{Kind: routing.LiteralText, Text: text}
}

// found is the pattern of the texts in which an expression is found.
func found(text, source string) routing.Pattern {
	return routing.Pattern{Kind: routing.RegexText, Text: text, Source: source}
}

// wholly is the pattern of an expression that whole texts match, as Envoy's do.
func wholly(expression string) (routing.Pattern, error) {
	if _, err := syntax.Parse(expression, syntax.Perl); err != nil {
		return routing.Pattern{}, fmt.Errorf("its expression %q cannot be read: %w", expression, err)
	}
	return found("^(?:"+expression+")$", expression), nil
}

// folded makes a pattern of a plain text that ASCII's capital letters do not matter to.
func folded(before, text, after string, fold bool) routing.Pattern {
	flag := ""
	if fold {
		flag = "(?i)"
	}
	source := flag + text
	if before == "" {
		source = flag + "..." + text
	}
	if after == "" {
		source += "..."
	}
	return found(flag+before+regexp.QuoteMeta(text)+after, source)
}

// stringPattern reads a string matcher.
func stringPattern(m *matcherv3.StringMatcher) (routing.Pattern, error) {
	fold := m.GetIgnoreCase()
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		if fold {
			return folded("^", p.Exact, "$", true), nil
		}
		return literal(p.Exact), nil
	case *matcherv3.StringMatcher_Prefix:
		return folded("^", p.Prefix, "", fold), nil
	case *matcherv3.StringMatcher_Suffix:
		return folded("", p.Suffix, "$", fold), nil
	case *matcherv3.StringMatcher_Contains:
		return folded("", p.Contains, "", fold), nil
	case *matcherv3.StringMatcher_SafeRegex:
		return wholly(p.SafeRegex.GetRegex())
	}
	return routing.Pattern{}, fmt.Errorf("its string matcher is of a kind that is not read (%T)", m.GetMatchPattern())
}

// valueTest is what a header matcher asks of one header.
type valueTest struct {
	pattern routing.Pattern
	not     bool
	// presence: only that asks; not is then that it is absent.
	presence bool
	// empty: a header that is absent is read as an empty value.
	empty bool
}

// testOf reads a header matcher.
func testOf(h *routev3.HeaderMatcher) (valueTest, error) {
	t := valueTest{not: h.GetInvertMatch(), empty: h.GetTreatMissingHeaderAsEmpty()}
	var err error
	switch s := h.GetHeaderMatchSpecifier().(type) {
	case nil:
		t.presence = true
	case *routev3.HeaderMatcher_PresentMatch:
		t.presence = true
		t.not = t.not == s.PresentMatch
	case *routev3.HeaderMatcher_StringMatch:
		t.pattern, err = stringPattern(s.StringMatch)
	case *routev3.HeaderMatcher_RangeMatch:
		t.pattern = integers(s.RangeMatch.GetStart(), s.RangeMatch.GetEnd())
	default:
		t.pattern, err = olderPattern(h)
	}
	return t, err
}

// takes reports whether a value satisfies the test; there says whether the header is
// there.
func (t *valueTest) takes(value string, there bool) bool {
	switch {
	case t.presence:
		return (there || t.empty) != t.not
	case !there && !t.empty:
		return false
	}
	return takes(t.pattern, value) != t.not
}

// takes asks a pattern with package regexp.
func takes(p routing.Pattern, value string) bool {
	switch p.Kind {
	case routing.AnyText:
		return true
	case routing.LiteralText:
		return p.Text == value
	case routing.RegexText:
		re, err := regexp.Compile(p.Text)
		return err == nil && re.MatchString(value)
	}
	return false
}

// integers is the pattern of the decimal numbers from start up to, and without, end,
// as Envoy reads them: with blanks around, a sign and zeros in front.
func integers(start, end int64) routing.Pattern {
	if start >= end {
		return routing.Pattern{Kind: routing.NoText}
	}
	last := end - 1
	var parts []string
	if start < 0 {
		low, high := magnitude(start), uint64(0)
		if last < 0 {
			high = magnitude(last)
		}
		parts = append(parts, "-0*(?:"+between(high, low)+")")
	}
	if last >= 0 {
		parts = append(parts, `\+?0*(?:`+between(uint64(max(start, 0)), uint64(last))+")")
		if start <= 0 {
			parts = append(parts, "-0+")
		}
	}
	text := `[\t-\r ]*(?:` + strings.Join(parts, "|") + `)[\t-\r ]*`
	return found("^"+text+"$", fmt.Sprintf("numbers from %d to %d", start, last))
}

func magnitude(n int64) uint64 { return uint64(-(n + 1)) + 1 }

// between is an expression for the numbers from lo to hi without zeros in front; 0 is
// a zero that the expression in front of it may have taken, so that it may be empty
// only there.
func between(lo, hi uint64) string {
	a, b := strconv.FormatUint(lo, 10), strconv.FormatUint(hi, 10)
	var parts []string
	for len(a) < len(b) {
		parts = append(parts, sameLength(a, strings.Repeat("9", len(a))))
		a = "1" + strings.Repeat("0", len(a))
	}
	return strings.Join(append(parts, sameLength(a, b)), "|")
}

// sameLength is an expression for the numbers between two of one length.
func sameLength(a, b string) string {
	switch {
	case a == b:
		return a
	case strings.Trim(a, "0") == "" && strings.Trim(b, "9") == "":
		return fmt.Sprintf("[0-9]{%d}", len(a)) // which keeps the expression short
	case len(a) == 1:
		return "[" + a + "-" + b + "]"
	case a[0] == b[0]:
		return a[:1] + "(?:" + sameLength(a[1:], b[1:]) + ")"
	}
	n := len(a) - 1
	zeros, nines := strings.Repeat("0", n), strings.Repeat("9", n)
	parts := []string{
		a[:1] + "(?:" + sameLength(a[1:], nines) + ")",
		b[:1] + "(?:" + sameLength(zeros, b[1:]) + ")",
	}
	if lo, hi := a[0]+1, b[0]-1; lo <= hi && a[0] < 255 {
		parts = append(parts, fmt.Sprintf("[%c-%c][0-9]{%d}", lo, hi, n))
	}
	return strings.Join(parts, "|")
}
