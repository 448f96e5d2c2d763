package admission

import (
	"fmt"
	"math"
	"net"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// trial is the outcome of one schema of a oneOf, anyOf or not.
type trial struct {
	matched  int
	failures []Failure
	texts    []string
	blocked  bool
}

// try validates apart, without touching what has been found so far.
func (c *checker) try(n *node, v any) trial {
	apart := checker{path: c.path}
	t := trial{matched: apart.validate(n, v)}
	t.failures, t.texts, t.blocked = apart.failures, apart.texts, apart.blocked
	return t
}

// merge takes over what a trial has found.
func (c *checker) merge(t *trial) {
	for i := range t.failures {
		if !slices.Contains(c.texts, t.texts[i]) {
			c.failures = append(c.failures, t.failures[i])
			c.texts = append(c.texts, t.texts[i])
		}
	}
	c.blocked = c.blocked || t.blocked
}

// checkCombined checks anyOf, oneOf and not. When none of several schemas fits,
// the failures of the one that came closest are reported too.
func (c *checker) checkCombined(n *node, v any) int {
	matched := 0
	if len(n.anyOf) > 0 {
		matched += c.checkAnyOf(n.anyOf, v)
	}
	if len(n.oneOf) > 0 {
		matched += c.checkOneOf(n.oneOf, v)
	}
	if n.not != nil && len(c.try(n.not, v).failures) == 0 {
		c.failCombined("%q must not validate the schema (not)", v)
	}
	return matched
}

func (c *checker) checkAnyOf(list []*node, v any) int {
	var best *trial
	for _, n := range list {
		t := c.try(n, v)
		if len(t.failures) == 0 {
			return t.matched
		}
		if best == nil || t.matched > best.matched {
			best = &t
		}
	}
	c.failCombined("%q must validate at least one schema (anyOf)", v)
	c.merge(best)
	return best.matched
}

func (c *checker) checkOneOf(list []*node, v any) int {
	var best, first *trial
	valid := 0
	for _, n := range list {
		t := c.try(n, v)
		switch {
		case len(t.failures) == 0:
			valid++
			best = nil
			if first == nil {
				first = &t
			}
		case valid == 0 && (best == nil || t.matched > best.matched):
			best = &t
		}
	}
	switch {
	case valid == 1:
		return first.matched
	case valid == 0:
		c.failCombined("%q must validate one and only one schema (oneOf). Found none valid", v)
		c.merge(best)
		return best.matched
	}
	c.failCombined(fmt.Sprintf("%%q must validate one and only one schema (oneOf). Found %d valid alternatives", valid), v)
	return 0
}

// failCombined reports at no field, as the server does.
func (c *checker) failCombined(format string, v any) {
	text := fmt.Sprintf(format, c.name())
	c.fail(text, field.Invalid(nil, "", text), c.explainCombined(v))
}

// isTextFormat tells formats of texts from those of numbers.
func isTextFormat(format string) bool { return format == "ipv4" || format == "ipv6" }

func (c *checker) checkFormat(n *node, s string) {
	ok := false
	switch n.format {
	case "ipv4":
		// The server tolerates leading zeros, and takes ::ffff:1.2.3.4 too.
		ok = netutils.ParseIPSloppy(s) != nil && strings.Contains(s, ".")
	case "ipv6":
		ok = net.ParseIP(s) != nil && strings.Contains(s, ":")
	}
	if !ok {
		text := fmt.Sprintf("%s in body must be of type %s: %q", c.name(), n.format, s)
		c.fail(text, field.TypeInvalid(fieldPath(c.name()), s, text), c.explainFormat(s))
	}
}

// isWhole tells whether a float passes for an integer: within 2^53, and whole up
// to a relative error of 1e-9, as the server has it (swag.IsFloat64AJSONInteger).
func isWhole(f float64) bool {
	const limit = 1<<53 - 1
	if math.IsNaN(f) || math.Abs(f) > limit {
		return false
	}
	whole := math.Round(f)
	return f == whole || math.Abs(f-whole) < 1e-9*math.Abs(whole)
}
