package haproxy

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// section keeps a backend and returns its name. One that says something else under
// a name that is taken, as for a Gateway with another client certificate, gets
// another name.
func (w *writer) section(name, text string) string {
	base := sectionName(name)
	name = base
	for i := 2; ; i++ {
		old, ok := w.backends[name]
		switch {
		case !ok:
			w.backends[name] = text
			w.order = append(w.order, name)
			return name
		case old == text:
			return name
		}
		name = fmt.Sprintf("%s:%d", base, i)
	}
}

// answer returns the backend that gives an answer: a header that is all of it, as
// gRPC has it; to others than gRPC clients, an HTTP status.
func (w *writer) answer(a *profile.Answer) string {
	text := ""
	if a.HTTP >= 300 && a.HTTP < 600 {
		text = fmt.Sprintf("    http-request return status %d if !{ req.hdr(content-type) -m beg application/grpc }\n", a.HTTP)
	}
	text += fmt.Sprintf("    http-request return status 200 hdr grpc-status %d\n", a.GRPC)
	text += "    http-after-response set-header content-type application/grpc if { status 200 }\n" // a reply without a body has none
	return w.section(fmt.Sprintf("answer/%d/%d", a.HTTP, a.GRPC), text)
}

// part returns the backend of a part: what is done to the headers, and where its
// calls go.
func (w *writer) part(p *plan.Part) string {
	if p.Answer != nil {
		return w.answer(p.Answer)
	}
	if name := w.names[p]; name != "" {
		return name
	}
	var b strings.Builder
	if p.Request.Host != "" {
		fmt.Fprintf(&b, "    http-request set-header host %s\n", format(p.Request.Host))
	}
	for _, f := range p.Request.Fields {
		field(&b, "http-request", f)
	}
	for _, f := range p.Response.Fields {
		field(&b, "http-response", f)
	}
	for i, at := range p.Upstream.Addresses {
		b.WriteString("    " + w.server(p.Upstream, i, at) + "\n")
	}
	name := w.section(p.Name, b.String())
	w.names[p] = name
	return name
}

// field changes a header.
func field(b *strings.Builder, what string, f *plan.Field) {
	if f.Replaced && len(f.Values) == 0 {
		fmt.Fprintf(b, "    %s del-header %s\n", what, f.Name)
	}
	for i, value := range f.Values {
		verb := "add-header"
		if f.Replaced && i == 0 {
			verb = "set-header"
		}
		fmt.Fprintf(b, "    %s %s %s %s\n", what, verb, f.Name, format(value))
	}
}

// format writes a text in which no variable begins.
func format(text string) string { return quoted(strings.ReplaceAll(text, "%", "%%")) }

// server writes an address of a backend.
func (w *writer) server(u *plan.Upstream, i int, at string) string {
	out := fmt.Sprintf("server s%d %s", i, at)
	if plan.Named(at) {
		w.dns = true
		if u.Several {
			out = fmt.Sprintf("server-template s%d- %d %s", i, maxPods, at)
		}
		out += " resolvers system init-addr last,libc,none"
	}
	out += " proto h2"
	t := u.TLS
	if t == nil {
		return out
	}
	out += fmt.Sprintf(" ssl alpn h2 verify required ca-file %s sni str(%s)", quoted(t.CA), t.SNI)
	if t.Own != nil {
		out += " crt " + quoted(t.Own.Certificate)
	}
	return out
}

// maxPods is how many addresses of one name are used.
const maxPods = 32
