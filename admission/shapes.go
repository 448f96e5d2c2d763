package admission

import (
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// shapes says in words what the patterns of the definitions ask for. A test fails
// when a pattern is in use that has no words.
var shapes = map[string]string{
	`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`:                                                                         "lower-case letters, digits and '-', with a letter or digit at both ends",
	`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`:                                       dnsName,
	`^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`:                                    "an API group without version: a DNS name, or empty for the core group",
	`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`:                                dnsName + `, which may begin with "*."`,
	`^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`:                                                                   "a kind: letters, digits and '-', with a letter first",
	"^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$":                                                                     "a header name: letters, digits and !#$%&'*+-.^_`|~",
	`^[!-~]+([\t ]?[!-~]+)*$`:                                                                                 "a header value: visible ASCII characters, with single blanks between them",
	`^([0-9]{1,5}(h|m|s|ms)){1,4}$`:                                                                           `a duration such as "10s" or "1m30s"`,
	`^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$`:                                                  "the characters of a URL path",
	`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`:                                                           "a label value: letters, digits, '-', '_' and '.', with a letter or digit at both ends",
	`^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?`:                                                 `a URI such as "spiffe://example.com/name"`,
	`^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|` + domainPath + `[A-Za-z0-9]+$`:                                protocol,
	`^[a-zA-Z0-9]([-a-zSA-Z0-9]*[a-zA-Z0-9])?$|` + domainPath + `[A-Za-z0-9]+$`:                               protocol,
	`^` + domainPath + `[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$`:                                                    `a domain and a path, as "example.com/name"`,
	`^Hostname|IPAddress|NamedAddress|` + domainPath + `[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$`:                    `Hostname, IPAddress, NamedAddress, or a type of your own as "example.com/name"`,
	`^(System|(` + strings.TrimSuffix(domainPath, `\/`) + `/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$`: `System, or a set of your own as "example.com/name"`,
	`(^\*$)|(^([a-zA-Z][a-zA-Z0-9+\-.]+):\/\/([^:/?#]+)(:([0-9]{1,5}))?$)`:                                    origin,
	`(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)`:                origin,
}

const (
	dnsName    = "a DNS name in lower case: letters, digits, '-' and '.'"
	protocol   = `HTTP, HTTPS, TLS, TCP, UDP, or a protocol of your own as "example.com/name"`
	origin     = `"*", or an origin such as "https://example.com:8443"`
	domainPath = `[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/`
)

// nearest returns the candidate that a name was probably meant to be: the one
// that differs only in case, else the closest of few edits.
func nearest(name string, candidates []string) string {
	best, bestCost := "", 1+len(name)/3
	for _, c := range candidates {
		if strings.EqualFold(name, c) {
			return c
		}
		if cost := diag.Distance(strings.ToLower(name), strings.ToLower(c)); cost < bestCost || cost == bestCost && best == "" {
			best, bestCost = c, cost
		}
	}
	return best
}
