package routing

import "strings"

// hostName returns the host of an :authority or SNI as hostnames are compared:
// without port and one trailing dot, in lower case. It returns "" for IP
// addresses, which no hostname matches (RFC 6125, Gateway API Hostname): only
// tables for any host take them. It allocates only when there are capitals.
func hostName(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i >= 0 {
		if authority[0] == '[' || strings.IndexByte(authority, ':') != i {
			return "" // IPv6
		}
		if isDigits(authority[i+1:]) {
			authority = authority[:i]
		}
	}
	if n := len(authority); n > 0 && authority[n-1] == '.' {
		authority = authority[:n-1]
	}
	if n := len(authority); n == 0 || authority[0] == '[' || isDigit(authority[n-1]) && isIPv4(authority) {
		return ""
	}
	for i := range len(authority) {
		if c := authority[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(authority)
		}
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
