package lint

import (
	"time"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Pass is what a rule works with. Everything in it is read-only and shared:
// rules run at the same time.
type Pass struct {
	Rule      *Rule
	Set       *manifest.Set
	Admission *Admission
	Topology  *topology.Topology // nil for a rule that is PerSet
	Table     *routing.Table     // nil for a rule that is PerSet
	Profile   *profile.Profile   // nil for a rule that is PerSet
	Options   *Options
	// Verdicts says of each match of Table whether it can ever take a call; the
	// proof is made once for all rules, and keeps no witness of what is reachable.
	// nil for a rule that is PerSet.
	Verdicts func() []*prove.Verdict
	// RuleVerdicts are Verdicts by the rule that they speak of, in the order of the
	// first of each.
	RuleVerdicts func() [][]*prove.Verdict
	Views        *prove.Views // of Table, for [prove.Options]; nil for a rule that is PerSet
	// Conversions is what comes of converting the HTTPRoutes of the set that carry
	// gRPC calls; nil for a rule that is PerSet.
	Conversions func() *convert.Result
	found       []finding
	cleared     []about
}

// timePerRoute is what a proof over many routes may take longer: much more than
// it needs, for machines that are busy.
const timePerRoute = 500 * time.Microsecond

// Proof returns the options of proofs over Table. A large input gets more time.
func (p *Pass) Proof() prove.Options {
	o := prove.Options{Views: p.Views}
	o.Budget.Time = prove.DefaultBudget.Time + time.Duration(len(p.Topology.Routes))*timePerRoute
	return o
}

// byRule groups verdicts by their rule.
func byRule(all []*prove.Verdict) [][]*prove.Verdict {
	at := make(map[*topology.Rule]int, len(all))
	var out [][]*prove.Verdict
	for i, v := range all {
		n, ok := at[v.Rule]
		if !ok {
			at[v.Rule] = len(out)
			out = append(out, all[i:i+1:i+1])
			continue
		}
		out[n] = append(out[n], v)
	}
	return out
}

// finding is a diagnostic whose position is not looked up yet: most positions
// cost a second parse of their document, and a finding may still be dropped.
type finding struct {
	diag.Diagnostic
	doc        *manifest.Document
	path       manifest.Path
	onKey      bool
	explains   []*admission.Failure
	suggestion *Suggestion
	once       *once // see [Pass.Once]
}

// Report adds a finding at a field of a document. Rule, severity, source,
// object, profile, field and range are filled in where d leaves them zero;
// severity zero means the rule's own (see [Pass.ReportAs] for info).
func (p *Pass) Report(doc *manifest.Document, path manifest.Path, d diag.Diagnostic) {
	if d.Severity == 0 {
		d.Severity = p.Rule.Severity
	}
	p.ReportAs(d.Severity, doc, path, d)
}

// ReportKey is [Pass.Report] followed by [Pass.OnKey].
func (p *Pass) ReportKey(doc *manifest.Document, path manifest.Path, d diag.Diagnostic) {
	p.Report(doc, path, d)
	p.OnKey()
}

// OnKey moves the finding reported last to the key of its field, as for a field
// that should not be there at all.
func (p *Pass) OnKey() {
	if n := len(p.found); n > 0 {
		p.found[n-1].onKey = true
	}
}

// ReportAs is [Pass.Report] with a severity that may be [diag.Info].
func (p *Pass) ReportAs(s diag.Severity, doc *manifest.Document, path manifest.Path, d diag.Diagnostic) {
	d.Severity = s
	d.Rule = p.Rule.ID
	if d.Source == "" {
		d.Source = diag.Semantic
	}
	if d.Profile == "" && p.Profile != nil {
		d.Profile = p.Profile.Name
	}
	p.found = append(p.found, finding{Diagnostic: d, doc: doc, path: path})
}

// ReportFailure is [Pass.Report] for a finding that explains an admission
// failure. The failure is then not reported by a rule that is General, so that
// one mistake is one finding. Source, Admission and the path, when nil, are
// taken from the failure; what the server refuses is an error.
func (p *Pass) ReportFailure(doc *manifest.Document, f *admission.Failure, path manifest.Path, d diag.Diagnostic) {
	if path == nil {
		path = f.Path
	}
	if d.Source == "" {
		d.Source = f.Source
	}
	if d.Admission == "" {
		d.Admission = f.Server
	}
	if f.Refuses {
		d.Severity = diag.Error
	}
	p.Report(doc, path, d)
	last := &p.found[len(p.found)-1]
	last.explains = append(last.explains, f)
}

// Explains says that the finding reported last explains a further failure, too.
func (p *Pass) Explains(f *admission.Failure) {
	if n := len(p.found); n > 0 {
		p.found[n-1].explains = append(p.found[n-1].explains, f)
	}
}

// ReportRefusal adds a finding for an edge that does not hold, where the refusal
// stands. What d leaves zero is taken from the refusal. It says nothing when the
// input does not show whether the edge holds.
func (p *Pass) ReportRefusal(r *topology.Refusal, d diag.Diagnostic) {
	if r == nil || r.Certainty == diag.Unknown {
		return
	}
	if d.Message == "" {
		d.Message = r.Message
	}
	if d.Certainty == 0 {
		d.Certainty = r.Certainty
	}
	if d.Related == nil {
		d.Related = r.Related()
	}
	p.Report(r.Doc, r.Path, d)
}

// Failures returns what the API server says against a document. The elements
// are shared: take their addresses for [Pass.ReportFailure].
func (p *Pass) Failures(doc *manifest.Document) []admission.Failure {
	return p.Admission.Failures[doc]
}

// complete fills in what depends on the document.
func (f *finding) complete() {
	if f.doc == nil {
		return
	}
	if f.Object == (diag.Ref{}) {
		f.Object = f.doc.Ref
	}
	if f.path != nil {
		f.NamedField = f.doc.NamedPath(f.path)
	}
	if f.Range != (diag.Range{}) {
		return
	}
	if f.onKey {
		f.Range = f.doc.KeyRange(f.path...)
		return
	}
	f.Range = f.doc.Range(f.path...)
}
