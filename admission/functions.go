package admission

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"k8s.io/apimachinery/pkg/api/validation"
)

// unaries and binaries are the functions of expressions. Operands are never
// errors, and of the types that the generator has checked.
var unaries = map[crdbin.Op]func(any) any{
	crdbin.Not:      func(v any) any { b, _ := v.(bool); return !b },
	crdbin.SizeText: func(v any) any { return onText(v, func(s string) any { return int64(utf8.RuneCountInString(s)) }) },
	crdbin.SizeList: func(v any) any { l, _ := v.([]any); return int64(len(l)) },
	crdbin.SizeMap:  func(v any) any { m, _ := v.(map[string]any); return int64(len(m)) },
	crdbin.Duration: func(v any) any { return onText(v, duration) },
	crdbin.IsIP:     func(v any) any { return onText(v, isIP) },
	crdbin.DNSLabel: func(v any) any { return onText(v, dnsLabel) },
	crdbin.EqNull:   func(v any) any { return v == nil },
}

var binaries = map[crdbin.Op]func(x, y any) any{
	crdbin.Eq:        func(x, y any) any { return x == y },
	crdbin.Ne:        func(x, y any) any { return x != y },
	crdbin.Lt:        func(x, y any) any { return ordinal(x) < ordinal(y) },
	crdbin.Le:        func(x, y any) any { return ordinal(x) <= ordinal(y) },
	crdbin.Gt:        func(x, y any) any { return ordinal(x) > ordinal(y) },
	crdbin.Ge:        func(x, y any) any { return ordinal(x) >= ordinal(y) },
	crdbin.Add:       func(x, y any) any { return ordinal(x) + ordinal(y) },
	crdbin.In:        in,
	crdbin.Index:     index,
	crdbin.HasPrefix: onTexts(func(s, t string) any { return strings.HasPrefix(s, t) }),
	crdbin.HasSuffix: onTexts(func(s, t string) any { return strings.HasSuffix(s, t) }),
	crdbin.Contains:  onTexts(func(s, t string) any { return strings.Contains(s, t) }),
	crdbin.Split:     onTexts(split),
	crdbin.Substring: substring,
}

func onText(v any, f func(string) any) any {
	s, ok := v.(string)
	if !ok {
		return evalError("no such overload")
	}
	return f(s)
}

func onTexts(f func(s, t string) any) func(x, y any) any {
	return func(x, y any) any {
		s, ok := x.(string)
		t, ok2 := y.(string)
		if !ok || !ok2 {
			return evalError("no such overload")
		}
		return f(s, t)
	}
}

// ordinal is the number by which integers and durations are compared. Sums are of
// sizes, which do not overflow.
func ordinal(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case time.Duration:
		return int64(v)
	}
	return 0
}

func in(x, y any) any {
	list, _ := y.([]any)
	for _, v := range list {
		if v == x {
			return true
		}
	}
	return false
}

func index(x, y any) any {
	list, _ := x.([]any)
	i := ordinal(y)
	if i < 0 || i >= int64(len(list)) {
		return evalError(fmt.Sprintf("index out of bounds: %d", i))
	}
	return value(list[i])
}

func split(s, sep string) any {
	var out []any
	for _, part := range strings.Split(s, sep) {
		out = append(out, part)
	}
	return out
}

// substring counts in characters.
func substring(x, y any) any {
	s, _ := x.(string)
	from := ordinal(y)
	runes := []rune(s)
	if from < 0 || from > int64(len(runes)) {
		return evalError(fmt.Sprintf("index out of range: %d", from))
	}
	return string(runes[from:])
}

func duration(s string) any {
	d, err := time.ParseDuration(s)
	if err != nil {
		return evalError("type conversion error from 'string' to 'google.protobuf.Duration'")
	}
	return d
}

// isIP refuses zones and IPv4 addresses written as IPv6.
func isIP(s string) any {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == "" && !a.Is4In6()
}

// dnsLabel is format.dns1123Label().validate(s): the complaints, or nothing. That
// nothing is an optional without value, and no optional equals null: a rule that
// compares the two refuses every text (XBackend of Gateway API 1.6 has one).
func dnsLabel(s string) any {
	return len(validation.NameIsDNSLabel(s, false))
}
