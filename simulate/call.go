package simulate

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// Call is a call as a user writes it.
type Call struct {
	// Target is "[AUTHORITY]/SERVICE/METHOD", "SERVICE/METHOD", or as grpcurl takes
	// it "HOST:PORT SERVICE/METHOD".
	Target    string
	Authority string   // --authority
	Headers   []string // "name: value"; a name may come several times
	Gateway   string   // "NS/NAME"; the name alone when only one Gateway has it
	Listener  string   // name of a listener, whose port is then used
	Port      int32
	SNI       string
	// Service is "NS/NAME" of the Service a mesh call is made to, From the caller's
	// namespace.
	Service, From string
}

// CallFromWitness returns the call that replays a witness.
func CallFromWitness(w diag.Witness) Call {
	c := Call{Target: w.Path, Authority: w.Authority, Gateway: w.Gateway, Listener: w.Listener, Port: w.Port, SNI: w.SNI}
	names := make([]string, 0, len(w.Headers))
	for name := range w.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.Headers = append(c.Headers, name+": "+w.Headers[name])
	}
	return c
}

// WitnessOf returns the witness that replays a request. Values of a header that
// is sent several times are joined with ",", as HTTP lets any hop do (RFC 9110,
// section 5.3).
func WitnessOf(r routing.Request) diag.Witness {
	w := diag.Witness{Gateway: r.Gateway, Port: r.Port, SNI: r.SNI, Authority: r.Authority, Path: r.Path, Headers: map[string]string{}}
	for _, h := range r.Headers {
		if was, ok := w.Headers[h.Name]; ok {
			w.Headers[h.Name] = was + "," + h.Value
			continue
		}
		w.Headers[h.Name] = h.Value
	}
	return w
}

const callExample = "write it as grpc.example.com/pkg.Service/Method"

// parsed is a call taken apart, before a Gateway is chosen.
type parsed struct {
	authority       string
	service, method string
	// portHint is the port of the address or the authority. It says where a client
	// dials, which a load balancer in front of the Gateway may map to another port.
	portHint int32
	headers  []routing.Header
}

// parse reads the text of a call.
func (c Call) parse() (*parsed, error) {
	p := &parsed{authority: strings.TrimSpace(c.Authority)}
	target, err := p.takeAddress(strings.Fields(c.Target))
	if err != nil {
		return nil, err
	}
	host, path, err := splitTarget(target)
	if err != nil {
		return nil, err
	}
	if host != "" {
		switch {
		case p.authority == "":
			p.authority = host
		case c.Authority != "" && !strings.EqualFold(host, p.authority):
			return nil, fmt.Errorf("parse call %q: its host %q is not the authority %q: give one of the two", c.Target, host, p.authority)
		}
	}
	if p.service, p.method, err = splitPath(target, path); err != nil {
		return nil, err
	}
	if err := p.takePort(); err != nil {
		return nil, err
	}
	for _, text := range c.Headers {
		h, err := parseHeader(text)
		if err != nil {
			return nil, err
		}
		p.headers = append(p.headers, h)
	}
	return p, nil
}

// takeAddress takes the address off a call written as for grpcurl, "HOST:PORT
// SERVICE/METHOD", and returns the rest. As in grpcurl the address is the
// authority unless one is given.
func (p *parsed) takeAddress(words []string) (string, error) {
	switch len(words) {
	case 0:
		return "", errors.New("parse call: it is empty: " + callExample)
	case 1:
		return words[0], nil
	case 2:
		if p.authority == "" {
			p.authority = words[0]
		} else if _, port, err := net.SplitHostPort(words[0]); err == nil {
			p.portHint = number(port)
		}
		return words[1], nil
	}
	return "", fmt.Errorf("parse call %q: it has %d words: %s, headers apart", strings.Join(words, " "), len(words), callExample)
}

// splitTarget splits "[HOST]/SERVICE/METHOD" or "SERVICE/METHOD" into the host
// and "SERVICE/METHOD".
func splitTarget(target string) (host, path string, err error) {
	if scheme, rest, ok := strings.Cut(target, "://"); ok {
		return "", "", fmt.Errorf("parse call %q: leave out the scheme %q: write it as %s", target, scheme+"://", rest)
	}
	switch strings.Count(target, "/") {
	case 0:
		if i := strings.LastIndexByte(target, '.'); i > 0 && i < len(target)-1 {
			return "", "", fmt.Errorf("parse call %q: no slash before the method: if it is a full method name write %s/%s", target, target[:i], target[i+1:])
		}
		return "", "", fmt.Errorf("parse call %q: no method: %s", target, callExample)
	case 1:
		if rest, ok := strings.CutPrefix(target, "/"); ok {
			return "", rest, nil
		}
		if first, rest, _ := strings.Cut(target, "/"); strings.Contains(first, ":") {
			return "", "", fmt.Errorf("parse call %q: no service between the host and %q: %s", target, rest, callExample)
		}
		return "", target, nil
	}
	host, path, _ = strings.Cut(target, "/")
	return host, path, nil
}

// splitPath splits "SERVICE/METHOD" and refuses what no gRPC client sends (gRPC
// over HTTP/2: Path is "/" Service-Name "/" method name).
func splitPath(target, path string) (service, method string, err error) {
	service, method, ok := strings.Cut(path, "/")
	switch {
	case !ok || service == "" || method == "":
		missing := "service"
		if service != "" {
			missing = "method"
		}
		return "", "", fmt.Errorf("parse call %q: no %s: %s", target, missing, callExample)
	case strings.Contains(method, "/"):
		return "", "", fmt.Errorf("parse call %q: a gRPC path has two parts, this one %d: %s", target, strings.Count(path, "/")+1, callExample)
	}
	if i := strings.IndexFunc(path, func(r rune) bool { return r <= ' ' || r > '~' || r == '?' || r == '#' || r == '%' }); i >= 0 {
		return "", "", fmt.Errorf("parse call %q: %q cannot stand in a gRPC path: %s", target, []rune(path[i:])[0], callExample)
	}
	return service, method, nil
}

// takePort keeps the port of an authority as a hint and checks the authority.
func (p *parsed) takePort() error {
	if strings.HasPrefix(p.authority, "*") {
		return fmt.Errorf("parse authority %q: a call goes to one host: replace %q with a name", p.authority, "*")
	}
	if strings.ContainsAny(p.authority, "/@ ") {
		return fmt.Errorf("parse authority %q: expected a host, and a port if need be, as grpc.example.com:443", p.authority)
	}
	_, port, err := net.SplitHostPort(p.authority)
	if err != nil {
		return nil // no port
	}
	n := number(port)
	if n == 0 {
		return fmt.Errorf("parse authority %q: port %q is not a number from 1 to 65535", p.authority, port)
	}
	p.portHint = n
	return nil
}

// number returns a port number, 0 when the text is none.
func number(port string) int32 {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return int32(n)
}

// parseHeader reads "name: value". Names are lower-cased, as HTTP/2 sends them
// (RFC 9113, section 8.2.1).
func parseHeader(text string) (routing.Header, error) {
	if strings.HasPrefix(strings.TrimSpace(text), ":") {
		return routing.Header{}, fmt.Errorf("parse header %q: pseudo-headers are not headers: the host goes into the call or --authority", text)
	}
	name, value, ok := strings.Cut(text, ":")
	if !ok {
		return routing.Header{}, fmt.Errorf("parse header %q: no colon: write it as 'name: value'", text)
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !tokenChar(r) }) {
		return routing.Header{}, fmt.Errorf("parse header %q: %q is not a header name: write it as 'name: value'", text, name)
	}
	return routing.Header{Name: name, Value: strings.TrimSpace(value)}, nil
}

// tokenChar reports whether a character may stand in a header name (RFC 9110,
// section 5.6.2).
func tokenChar(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
