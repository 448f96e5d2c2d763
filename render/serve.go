package render

import (
	"fmt"
	"io"
	"strings"
)

// Serving is what a gateway on this machine says of itself when it starts.
type Serving struct {
	Sockets []ServedSocket
	Notes   []string // what is not served, and why
	Admin   string   // URL, "" for none
	CAFile  string   // of the certificates that were made here, "" for none
}

// ServedSocket is where clients connect.
type ServedSocket struct {
	Gateway string // "NS/NAME"
	Port    int32  // of its listeners; 0 when the Gateway is not in the input
	TLS     bool
	Address string // HOST:PORT
	Moved   bool   // the port is another than the listeners'
	Hosts   []ServedHost
	Try     []string // commands to paste
}

// ServedHost is what the calls to a host find.
type ServedHost struct {
	Name  string // "" for any host
	Rules []ServedRule
}

// ServedRule is a rule in the order of precedence.
type ServedRule struct {
	Name     string // "GRPCRoute NS/NAME rule 0"
	Takes    []string
	Backends []string // with shares, or what the calls get instead
	Fails    bool
}

// ServeText writes what listens where, what each host routes, and how to try it.
func ServeText(w io.Writer, s *Serving, o Options) error {
	var b strings.Builder
	st := o.style()
	for i := range s.Sockets {
		servedSocket(&b, st, &s.Sockets[i], o.Verbose)
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "%s %s\n", st.doubt("note:"), plain(note))
	}
	if s.CAFile != "" {
		fmt.Fprintf(&b, "certificates are signed by %s\n", plain(s.CAFile))
	}
	if s.Admin != "" {
		fmt.Fprintf(&b, "metrics, table and a page for people: %s\n", plain(s.Admin))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// manyRules is how many rules of a host are listed without -v.
const manyRules = 8

func servedSocket(b *strings.Builder, st style, s *ServedSocket, all bool) {
	kind := "cleartext HTTP/2"
	if s.TLS {
		kind = "TLS"
	}
	at := s.Address
	if s.Moved {
		at = fmt.Sprintf(":%d → %s", s.Port, s.Address)
	}
	port := fmt.Sprintf(" port %d", s.Port)
	if s.Port == 0 {
		port = ", which is not in the input"
	}
	fmt.Fprintf(b, "%s  Gateway %s%s, %s\n", st.bold(at), plain(s.Gateway), port, kind)
	for _, h := range s.Hosts {
		name := h.Name
		if name == "" {
			name = "any host"
		}
		fmt.Fprintf(b, "  %s\n", plain(name))
		for i, r := range h.Rules {
			if i == manyRules && !all {
				fmt.Fprintf(b, "    and %s (-v shows all)\n", count(len(h.Rules)-i, "more rule"))
				break
			}
			to := plain(strings.Join(r.Backends, ", "))
			if r.Fails {
				to = st.doubt(to)
			}
			fmt.Fprintf(b, "    %s  %s → %s\n", plain(strings.Join(r.Takes, " or ")), st.dim(plain(r.Name)), to)
		}
	}
	if len(s.Hosts) == 0 {
		b.WriteString("  no route is attached: every call is answered UNIMPLEMENTED\n")
	}
	for _, try := range s.Try {
		fmt.Fprintf(b, "  %s %s\n", st.dim("try:"), plain(try))
	}
}
