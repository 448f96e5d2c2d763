package routing

import "strings"

// hostName returns the host of an :authority or SNI as hostnames are compared:
// without port and one trailing dot, in lower case. It returns "" for IP
// addresses, which no hostname matches (RFC 6125, Gateway API Hostname): only
// tables for any host take them. It allocates only when there are capitals.
func hostName(authority string) string {
	end, capital := len(authority), false
	for i := range len(authority) {
		switch c := authority[i]; {
		case c == ':' || c == '[':
			return hostBeforePort(authority, i)
		case 'A' <= c && c <= 'Z':
			capital = true
		}
	}
	if end > 0 && authority[end-1] == '.' {
		end--
	}
	if end == 0 || isDigit(authority[end-1]) && isIPv4(authority[:end]) {
		return ""
	}
	if capital {
		return strings.ToLower(authority[:end])
	}
	return authority[:end]
}

// hostBeforePort is hostName for an authority whose first colon or bracket is at
// i.
func hostBeforePort(authority string, i int) string {
	if authority[i] == '[' || strings.IndexByte(authority[i+1:], ':') >= 0 {
		return "" // IPv6
	}
	if !isDigits(authority[i+1:]) {
		return strings.ToLower(authority)
	}
	return hostName(authority[:i])
}

// withoutPort drops a port of digits.
func withoutPort(authority string) string {
	i := len(authority)
	for i > 0 && isDigit(authority[i-1]) {
		i--
	}
	if i > 0 && authority[i-1] == ':' {
		return authority[:i-1]
	}
	return authority
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isIPv4 reports whether s is four groups of digits. No public top-level label
// is all digits, so that no range check is needed.
func isIPv4(s string) bool {
	dots, digits := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c == '.' && digits > 0:
			dots, digits = dots+1, 0
		default:
			return false
		}
	}
	return dots == 3 && digits > 0
}
