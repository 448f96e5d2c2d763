package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var commentOutOfDate = &lint.Rule{
	ID:       "comment-out-of-date",
	Summary:  "the comment above a rule names a gRPC service that the rule does not match",
	Section:  lint.HygieneSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkCommentOutOfDate,
}

var (
	// serviceName finds full names of services in a text: "shop.v1.Users".
	serviceName = regexp.MustCompile(`\b(?:[a-z_][a-z0-9_]*\.)+[A-Z][A-Za-z0-9_]*\b`)
	// nameBegins finds where a comment names a service.
	nameBegins = regexp.MustCompile(`\b[a-z_][a-z0-9_]*\.[A-Z]`)
	// aboutOthers finds words by which a comment speaks of other services on purpose.
	aboutOthers = regexp.MustCompile(`(?i)\b(not|no|never|except|but|besides?|instead|unlike|like|see|as|than|other|others|others'|was|were|moved|formerly|former|previously|old|legacy|replaces?|replaced|successor|deprecated|before|after|until|once|when|from|to|with|todo|fixme|via|also|unless|without)\b`)
)

// Only a rule that names services is compared, and only with a plain comment that
// names none of them.
func checkCommentOutOfDate(p *lint.Pass) {
	for r := range ownRoutes(p.Topology) {
		if r.GRPC == nil || r.Doc == nil || !commentsName(r.Doc.Source()) {
			continue // positions cost a second parse
		}
		for _, rule := range r.Rules {
			services := exactServices(rule)
			if len(services) == 0 {
				continue
			}
			comment, ok := commentAbove(r, rule)
			if !ok || aboutOthers.MatchString(comment) {
				continue
			}
			named := serviceName.FindAllString(comment, -1)
			if len(named) == 0 || slices.ContainsFunc(named, func(n string) bool { return slices.ContainsFunc(services, related(n)) }) {
				continue
			}
			p.Report(r.Doc, rule.Path(), diag.Diagnostic{
				Message: fmt.Sprintf("the comment above names %s, and the rule matches %s", quotedList(named), quotedList(services)),
				Hint:    "correct the comment, or the match if the comment is right",
			})
		}
	}
}

// commentsName reports whether a line of a text is a comment that names a service.
func commentsName(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '#')
		if at < 0 {
			return false
		}
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i
		}
		before := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]
		if len(bytes.TrimLeft(before, " \t")) == 0 && nameBegins.Match(text[at:end]) {
			return true
		}
		text = text[end:]
	}
}

// exactServices lists the services that a rule names; nil when a match leaves the
// service open, so that a comment may name any.
func exactServices(rule *topology.Rule) []string {
	var out []string
	matches := rule.Route.GRPC.Spec.Rules[rule.Index].Matches
	for i := range matches {
		m := matches[i].Method
		if m == nil || isRegex(m) || deref(m.Service, "") == "" {
			return nil
		}
		if !slices.Contains(out, *m.Service) {
			out = append(out, *m.Service)
		}
	}
	return out
}

// related reports whether a name in a comment is a service, a method of it, or
// what is in its package or around it.
func related(named string) func(service string) bool {
	return func(service string) bool {
		return named == service || strings.HasPrefix(named, service+".") || strings.HasPrefix(service, named+".") ||
			strings.HasSuffix(service, "."+named)
	}
}
