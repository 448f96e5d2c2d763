package simulate

import (
	"strings"
	"unicode"

	"github.com/grpcroute/grpcroute/diag"
)

// likeness says how a name that was given resembles the one that was wanted.
type likeness int

const (
	equal   likeness = iota
	letters          // differs only in case
	prefix           // lacks leading parts, or has too many
	typo             // a few edits away, in a way people mistype
	variant          // a few edits away, but in a version or a plural: may well be meant
	other
)

// compare says how a name resembles the wanted one. Parts are separated by sep:
// a service without its package is a frequent slip.
func compare(got, want, sep string) (likeness, int) {
	if got == want {
		return equal, 0
	}
	if strings.EqualFold(got, want) {
		return letters, 0
	}
	if sep != "" && (hasTail(want, got, sep) || hasTail(got, want, sep)) {
		return prefix, 0
	}
	low, high := strings.ToLower(got), strings.ToLower(want)
	d, length := diag.Distance(low, high), min(len(got), len(want))
	// A letter too many or too few is a slip in a short name as well.
	slip := d == 1 && len(got) != len(want) && length > 1
	switch {
	case d > allowance(length) && !slip:
		return other, d
	case withoutDigits(low) == withoutDigits(high), low+"s" == high, high+"s" == low, strings.HasPrefix(low, high), strings.HasPrefix(high, low):
		return variant, d
	}
	return typo, d
}

// hasTail reports whether short is the trailing parts of long.
func hasTail(long, short, sep string) bool {
	return short != "" && strings.HasSuffix(strings.ToLower(long), sep+strings.ToLower(short))
}

// allowance is how many edits a name of that length may be away to count as
// near: short names resemble one another by chance.
func allowance(length int) int {
	switch {
	case length < 4:
		return 0
	case length < 8:
		return 1
	}
	return 2
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
}
