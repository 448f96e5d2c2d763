package pingora

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// proxyCommit is the version of the proxy that was read.
const proxyCommit = "lexfrei/pingora-proxy 722b44f"

// asBuilt is what stands between every message and a call.
const asBuilt = "the proxy as built (" + proxyCommit + ") stores GRPCRoutes and never asks them, and dials no backend by its DNS name: no call is served until it does"

func (w *writer) note(severity diag.Severity, doc *manifest.Document, path manifest.Path, format string, args ...any) {
	d := diag.Diagnostic{Severity: severity, Message: fmt.Sprintf(format, args...)}
	if doc != nil {
		d.Range, d.Object, d.Field = doc.Range(path...), doc.Ref, path.String()
	}
	w.notes = append(w.notes, d)
}

// lost says what of a field the message does not tell.
func (w *writer) lost(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.note(diag.Warning, doc, path, format, args...)
}

// depends says what the result depends on.
func (w *writer) depends(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.note(diag.Info, doc, path, format, args...)
}

// once warns at the first of the fields for which something is lost that is lost
// for all of them alike.
func (w *writer) once(doc *manifest.Document, path manifest.Path, message string) {
	if w.counts[message]++; w.counts[message] == 1 {
		w.first[message] = len(w.notes)
		w.lost(doc, path, "%s", message)
	}
}

// count says of what was noted once how often it holds.
func (w *writer) count() {
	for message, n := range w.counts {
		if n > 1 {
			w.notes[w.first[message]].Message = fmt.Sprintf("%s (%d references in all)", message, n)
		}
	}
}

// routeNotes says what of a route as a whole is not sent.
func (w *writer) routeNotes(r *topology.Route) {
	var on []*topology.Listener
	for _, p := range r.Parents {
		for _, at := range p.Attachments {
			if at.Refusal != nil {
				continue
			}
			if on = append(on, at.Listener); at.Certainty == diag.Unknown && at.Why != "" {
				w.depends(r.Doc, p.Path(), "written as if the route is attached: %s", at.Why)
			}
		}
	}
	// The first listener stands for all that do not take the hostname as a whole.
	narrows := func(name string) *topology.Listener {
		if len(on) == 0 || slices.ContainsFunc(on, func(l *topology.Listener) bool { return topology.Covers(l.Hostname, name) }) {
			return nil
		}
		return on[0]
	}
	if l := narrows(""); l != nil && len(r.Hostnames) == 0 {
		w.lost(r.Doc, nil, "%s takes %q alone, and the route is sent without a hostname: it is served for any host", l, l.Hostname)
	}
	for i, name := range r.Hostnames {
		if l := narrows(name); l != nil {
			w.lost(r.Doc, manifest.Path{"spec", "hostnames", i}, "%q is sent as it is, although %s takes %q alone", name, l, l.Hostname)
		}
	}
}

// unsent says which routes no listener takes.
func (w *writer) unsent(sent []*topology.Route) {
	seen := map[*topology.Route]bool{}
	for _, r := range sent {
		seen[r] = true
	}
	for _, r := range w.table.Topology.Routes {
		for _, p := range r.Parents {
			if !seen[r] && !p.Foreign && p.Refusal != nil {
				w.lost(r.Doc, p.Path(), "the route is not sent: %s", p.Refusal.Message)
			}
		}
	}
}

// ruleNotes says what of a rule is not sent.
func (w *writer) ruleNotes(rule *topology.Rule, session bool) {
	doc := rule.Route.Doc
	if rule.Name != "" {
		w.depends(doc, rule.Path("name"), "the rule's name is not sent")
	}
	if session {
		w.lost(doc, rule.Path("sessionPersistence"), "session persistence is not sent")
	}
	w.filters(doc, rule.Path("filters"), rule.Filters)
}

// listeners says what of the listeners is not sent.
func (w *writer) listeners() {
	w.depends(nil, nil, "%s", asBuilt)
	for _, s := range w.table.Servers {
		for _, l := range s.Listeners {
			if t := l.Topology; t != nil && (t.Protocol == "HTTPS" || t.Protocol == "TLS") {
				w.lost(t.Doc(), t.Path("protocol"), "listener %q has no TLS: the proxy has one port, without TLS", t.Name)
			}
		}
	}
}
