package rules

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var hostnameSyntax = &lint.Rule{
	ID:       "hostname-syntax",
	Summary:  "a hostname with a scheme, port, path, upper case or a misplaced *",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkHostnameSyntax,
	PerSet:   true,
}

// Only what the API server refuses is looked at: its pattern decides, the rule
// says what is wrong in words.
func checkHostnameSyntax(p *lint.Pass) {
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if f.Source != diag.Schema || !leadsToHostname(f.Path) {
			return
		}
		v, _ := valueAt(doc, f.Path)
		host, ok := v.(string)
		if !ok || isAddress(host) {
			return // a type error, or hostname-is-ip
		}
		wrong, right := hostnameFault(host)
		if f.Path[1] == "validation" && strings.HasPrefix(host, "*.") {
			wrong, right = "is a wildcard, and the name that a backend is verified by must be precise", ""
		}
		d := diag.Diagnostic{Message: fmt.Sprintf("hostname %q %s", host, wrong)}
		known := right != "" && right != host && hostnamePattern.MatchString(right)
		if known {
			d.Hint = fmt.Sprintf("write %q", right)
		}
		p.ReportFailure(doc, f, nil, d)
		if known {
			suggestValue(p, routeClaim(doc), doc, f.Path, right)
			return
		}
		offerHostname(p, doc, f.Path, host)
	})
}

// offerHostname offers what a hostname that means more than it may say stands for:
// any host for "*", the subdomains for ".example.com".
func offerHostname(p *lint.Pass, doc *manifest.Document, path manifest.Path, host string) {
	s := lint.Suggestion{Claim: lint.AnyCalls, Offer: true}
	switch list, _ := valueAt(doc, path[:len(path)-1]); {
	case path[1] == "validation":
	case host == "*" && path[1] == "listeners":
		s.Title, s.Changes = "leave it out, to take any host", lint.In(doc, manifest.Remove(path))
	case host == "*":
		if all, ok := list.([]any); ok && len(all) == 1 {
			s.Title, s.Changes = "leave hostnames out, to take any host", lint.In(doc, manifest.Remove(path[:len(path)-1]))
		}
	case strings.HasPrefix(host, ".") && hostnamePattern.MatchString("*"+host):
		s.Title, s.Changes = fmt.Sprintf("write %q, for its subdomains", "*"+host), lint.In(doc, manifest.Put(path, "*"+host))
	}
	if s.Changes == nil {
		p.Refuse("which hostname is meant cannot be told from what is written")
		return
	}
	p.Suggest(s)
}

// hostnamePattern is the pattern of Hostname in GA apis/v1/shared_types.go.
var hostnamePattern = regexp.MustCompile(`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// leadsToHostname reports whether a path is one of those of eachHostname.
func leadsToHostname(path manifest.Path) bool {
	n := len(path)
	if n < 3 || path[0] != "spec" {
		return false
	}
	return path[1] == "hostnames" && n == 3 ||
		path[1] == "listeners" && n == 4 && path[3] == "hostname" ||
		path[1] == "validation" && n == 3 && path[2] == "hostname"
}

// hostnameFault says what is wrong with a hostname that the server refuses, and
// what its author probably means, or "".
func hostnameFault(host string) (wrong, right string) {
	bare := host
	if _, rest, ok := strings.Cut(host, "://"); ok {
		wrong, bare = "has a scheme, and a hostname has none", rest
	}
	if i := strings.IndexByte(bare, '/'); i >= 0 {
		if wrong == "" {
			wrong = "has a path, and a hostname has none"
		}
		bare = bare[:i]
	}
	if i := strings.LastIndexByte(bare, ':'); i >= 0 {
		if wrong == "" {
			wrong = "has a port: hostnames match on any port, listeners choose it"
		}
		bare = bare[:i]
	}
	right = strings.TrimSuffix(strings.ToLower(bare), ".")
	if wrong != "" {
		return wrong, right
	}
	return nameFault(host), right
}

// nameFault says what is wrong with the name itself.
func nameFault(host string) string {
	label := strings.TrimPrefix(host, "*.")
	switch {
	case host == "":
		return "is empty: leave it out to take any host"
	case host == "*":
		return `is not a hostname: leave it out to take any host`
	case strings.HasPrefix(host, "."):
		return `begins with a dot: "*." stands for subdomains`
	case strings.Contains(label, "*"):
		return `has a * inside: only a whole first label can be one, as in "*.example.com"`
	case strings.HasSuffix(host, "."):
		return "ends with a dot"
	case host != strings.ToLower(host):
		return "has upper case: hostnames are written in lower case"
	case strings.Contains(host, "_"):
		return "has an underscore, which no hostname has"
	case !isASCII(host):
		return "has characters beyond ASCII: write the name in its xn-- form"
	case utf8.RuneCountInString(host) > 253:
		return "is longer than 253 characters"
	case strings.ContainsAny(host, " \t"):
		return "has blanks"
	}
	return "is not a DNS name: labels of letters, digits and inner hyphens, separated by dots"
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
