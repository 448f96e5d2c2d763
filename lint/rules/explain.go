package rules

import (
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// reportExplaining reports a finding at a field. The admission failures of the
// document that match are explained by it, so that one mistake is one finding;
// the first of them lends its source and the server's text. It returns whether
// there was one.
func reportExplaining(p *lint.Pass, doc *manifest.Document, path manifest.Path, d diag.Diagnostic, match func(*admission.Failure) bool) bool {
	failures, explained := p.Failures(doc), false
	for i := range failures {
		switch f := &failures[i]; {
		case !match(f):
		case explained:
			p.Explains(f)
		default:
			p.ReportFailure(doc, f, path, d)
			explained = true
		}
	}
	if !explained {
		p.Report(doc, path, d)
	}
	return explained
}

// eachFailure calls f for everything the API server says, in input order.
func eachFailure(p *lint.Pass, f func(*manifest.Document, *admission.Failure)) {
	if len(p.Admission.Failures) == 0 {
		return
	}
	for _, doc := range p.Set.Documents {
		failures := p.Failures(doc)
		for i := range failures {
			f(doc, &failures[i])
		}
	}
}

// within matches the failures of a field and of everything in it. A field the
// server would prune is another mistake.
func within(path manifest.Path) func(*admission.Failure) bool {
	return func(f *admission.Failure) bool {
		return f.Source != diag.UnknownField && hasPrefix(f.Path, path)
	}
}

// ofName matches the failures of one name of a method match. The server's CEL
// rules stand on the match as a whole, so their text decides.
func ofName(method manifest.Path, key string) func(*admission.Failure) bool {
	return func(f *admission.Failure) bool {
		if f.Source == diag.UnknownField || !hasPrefix(f.Path, method) {
			return false
		}
		return len(f.Path) > len(method) && f.Path[len(method)] == key ||
			len(f.Path) == len(method) && strings.Contains(f.Server, key+" must only contain")
	}
}

func hasPrefix(path, prefix manifest.Path) bool {
	if len(path) < len(prefix) {
		return false
	}
	for i := range prefix {
		if path[i] != prefix[i] {
			return false
		}
	}
	return true
}
