package nginx

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/translate/plan"
)

func answerPlace(a *profile.Answer) string { return fmt.Sprintf("answer/%d/%d", a.HTTP, a.GRPC) }

func partPlace(p *plan.Part) string {
	if p.Answer != nil {
		return answerPlace(p.Answer)
	}
	return p.Name
}

// locations writes the places that the calls to a server may be given.
func (w *writer) locations(d *door, of *plan.Lane) {
	seen := map[string]bool{}
	answer := func(a *profile.Answer) {
		if name := answerPlace(a); !seen[name] {
			seen[name] = true
			w.answer(a)
		}
	}
	done := map[*plan.Action]bool{}
	for _, l := range d.Lanes {
		for _, h := range l.Hosts {
			answer(h.Miss)
			if l != of && !covers(of.SNI, h.Name) {
				continue
			}
			for _, s := range h.Steps {
				if done[s.Action] {
					continue
				}
				done[s.Action] = true
				for i := range s.Action.Parts {
					p := &s.Action.Parts[i]
					if p.Answer != nil {
						answer(p.Answer)
					} else if !seen[p.Name] {
						seen[p.Name] = true
						w.location(p)
					}
				}
			}
		}
	}
	answer(&profile.Answer{HTTP: 404, GRPC: 12})
	answer(plan.Unexpressed)
}

// answer writes an answer: a header that is all of it, as gRPC has it; to others
// than gRPC clients, an HTTP status.
func (w *writer) answer(a *profile.Answer) {
	w.line(2, "location @%s {", answerPlace(a))
	if a.HTTP >= 300 && a.HTTP < 600 {
		w.line(3, "if ($http_content_type !~ ^application/grpc) {")
		w.line(4, "return %d;", a.HTTP)
		w.line(3, "}")
	}
	w.line(3, "default_type application/grpc;")
	w.line(3, "add_header grpc-status %d always;", a.GRPC)
	w.line(3, "return 200;")
	w.line(2, "}")
}

// location writes the place of a part: what is done to the headers, and where its
// calls go.
func (w *writer) location(p *plan.Part) {
	w.line(2, "location @%s {", p.Name)
	host := "$http_host"
	if p.Request.Host != "" {
		host = w.value(p.Request.Host)
	}
	w.line(3, "grpc_set_header Host %s;", host)
	for _, f := range p.Request.Fields {
		w.requestField(f)
	}
	for _, f := range p.Response.Fields {
		w.responseField(f)
	}
	scheme := "grpc"
	if t := p.Upstream.TLS; t != nil {
		scheme = "grpcs"
		w.upstreamTLS(t)
	}
	w.line(3, "grpc_pass %s://%s;", scheme, w.upstreams[p.Upstream])
	w.line(2, "}")
}

// requestField changes a header of the request. Setting one replaces all that the
// client sent under its name.
func (w *writer) requestField(f *plan.Field) {
	if slices.Contains([]string{"te", "content-length"}, f.Name) {
		w.Lost(f.Doc, f.Path, "nginx writes header %q by itself: it is left as it is", f.Name)
		return
	}
	if !f.Replaced {
		variable := w.ownValue(f)
		w.line(3, "grpc_set_header %s %s;", f.Name, variable)
	}
	for _, value := range f.Values {
		w.line(3, "grpc_set_header %s %s;", f.Name, w.value(value))
	}
	if f.Replaced && len(f.Values) == 0 {
		w.line(3, `grpc_set_header %s "";`, f.Name)
	}
}

// ownValue is what the client sent of a header to which something is added.
func (w *writer) ownValue(f *plan.Field) string {
	if !askable(f.Name) {
		w.Lost(f.Doc, f.Path, "nginx cannot be asked for header %q: what the client sent of it is replaced", f.Name)
		return `""`
	}
	w.Lost(f.Doc, f.Path, "of header %q sent several times nginx before 1.23 passes the first value beside what is added, and later ones all of them as one, joined with \", \"", f.Name)
	return "$http_" + variableName(f.Name)
}

// responseField changes a header of the answer.
func (w *writer) responseField(f *plan.Field) {
	if slices.Contains([]string{"content-type", "content-length", "date", "server"}, f.Name) {
		w.Lost(f.Doc, f.Path, "nginx writes header %q by itself: it is left as it is", f.Name)
		return
	}
	if f.Replaced {
		w.line(3, "grpc_hide_header %s;", f.Name)
	}
	for _, value := range f.Values {
		w.line(3, "add_header %s %s always;", f.Name, w.value(value))
	}
}

// upstreamTLS writes how a backend is dialled with TLS.
func (w *writer) upstreamTLS(t *plan.UpstreamTLS) {
	w.line(3, "grpc_ssl_verify on;")
	w.line(3, "grpc_ssl_verify_depth 9;")
	w.line(3, "grpc_ssl_trusted_certificate %s;", quoted(t.CA))
	w.line(3, "grpc_ssl_name %s;", t.SNI)
	w.line(3, "grpc_ssl_server_name on;")
	if t.Own != nil {
		w.line(3, "grpc_ssl_certificate %s;", quoted(t.Own.Certificate))
		w.line(3, "grpc_ssl_certificate_key %s;", quoted(t.Own.Key))
	}
}
