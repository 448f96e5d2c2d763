package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// apiMethod is a method that a descriptor declares.
type apiMethod struct {
	service, method string
	d               protoreflect.MethodDescriptor
}

func (m *apiMethod) path() string { return "/" + m.service + "/" + m.method }
func (m *apiMethod) name() string { return m.service + "/" + m.method }

func (m *apiMethod) streaming() bool { return m.d.IsStreamingClient() || m.d.IsStreamingServer() }

// repeatable reports whether the method says that it may be called twice
// (google/protobuf/descriptor.proto, MethodOptions.idempotency_level).
func (m *apiMethod) repeatable() bool {
	o, ok := m.d.Options().(*descriptorpb.MethodOptions)
	return ok && o.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// apiMethods lists the methods of a set by service, in the order of their files.
func apiMethods(set *descriptor.Set) []apiMethod {
	var out []apiMethod
	if set == nil {
		return nil
	}
	for _, s := range set.Services() {
		for i := range s.Methods().Len() {
			d := s.Methods().Get(i)
			out = append(out, apiMethod{string(s.FullName()), string(d.Name()), d})
		}
	}
	return out
}

// apiCall is a declared method that a rule takes, with a call that shows it.
type apiCall struct {
	*apiMethod
	request *routing.Request
	result  routing.Result
}

func (c *apiCall) witness() *diag.Witness { return witness(c.request, listenerOf(c.result)) }

// apiCalls finds the declared methods that rules take.
type apiCalls struct {
	x       *places
	methods []apiMethod
	tests   map[profile.PathForm]func(string) bool
}

func newAPICalls(p *lint.Pass, methods []apiMethod) *apiCalls {
	return &apiCalls{x: &places{table: p.Table}, methods: methods, tests: map[profile.PathForm]func(string) bool{}}
}

// takes reports whether an entry's path form takes a method, whatever else it asks
// for.
func (c *apiCalls) takes(e *routing.Entry, m *apiMethod) bool {
	if e.Dead != "" {
		return false
	}
	test, ok := c.tests[e.Unit.Path]
	if !ok {
		test = pathTest(e.Unit.Path)
		c.tests[e.Unit.Path] = test
	}
	return test(m.path())
}

// of returns the methods whose calls reach a rule, on whatever host.
func (c *apiCalls) of(rule *topology.Rule) []apiCall {
	var out []apiCall
	for i := range c.methods {
		for _, pl := range c.x.entries(rule) {
			if !c.takes(pl.entry, &c.methods[i]) {
				continue
			}
			if request, res := c.ask(pl, &c.methods[i]); res.Entry != nil && res.Entry.Rule == rule {
				out = append(out, apiCall{&c.methods[i], request, res})
				break
			}
		}
	}
	return out
}

// ask sends a call of a method with the headers that an entry asks for.
func (c *apiCalls) ask(pl place, m *apiMethod) (*routing.Request, routing.Result) {
	headers, ok := sampleHeaders(pl.entry)
	if !ok {
		return nil, routing.Result{}
	}
	r := to(pl.server, routing.Request{Authority: concrete(pl.entry.Host.Name), Path: m.path(), Headers: headers})
	return r, c.x.table.LookupOnce(r)
}

// pathTest prepares a path form for many paths.
func pathTest(f profile.PathForm) func(path string) bool {
	part := func(pattern string) func(string) bool {
		if pattern == "" {
			return func(string) bool { return true }
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return func(string) bool { return false }
		}
		return re.MatchString
	}
	switch {
	case f.Kind == profile.SegmentPath:
		service, method := part(f.Service), part(f.Method)
		return func(path string) bool {
			s, m, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			return ok && service(s) && method(m)
		}
	case f.Kind == profile.RegexPath && !f.Partial:
		return part(f.Pattern)
	case f.Kind == profile.RegexPath:
		re, err := regexp.Compile(f.Pattern)
		if err != nil {
			return func(string) bool { return false }
		}
		return re.MatchString
	}
	return func(path string) bool { return takes(f, path) }
}

// filtered returns the calls that satisfy a test.
func filtered(calls []apiCall, test func(*apiMethod) bool) []apiCall {
	var out []apiCall
	for _, c := range calls {
		if test(c.apiMethod) {
			out = append(out, c)
		}
	}
	return out
}

// nameCalls writes the names of calls, the first three of them.
func nameCalls(calls []apiCall) string {
	names := make([]string, len(calls))
	for i := range calls {
		names[i] = calls[i].name()
	}
	return firstThree(names)
}

// firstThree quotes up to three words and counts the rest.
func firstThree(names []string) string {
	if len(names) <= 3 {
		return quotedList(names)
	}
	return strings.Replace(quotedList(names[:3]), " and ", ", ", 1) + fmt.Sprintf(" and %d more", len(names)-3)
}

// declared points at a method's declaration, where there is source to point at.
func declared(p *lint.Pass, m *apiMethod) []diag.Related {
	at := p.Options.Descriptors.Position(m.d)
	if at.Start.Line == 0 {
		return nil
	}
	return []diag.Related{{Message: "declared here", Range: at}}
}

// onHosts visits the services of which a host takes some methods, each with the
// entry of a GRPCRoute that does so, until a visit for the entry's document says
// that it was enough.
func (c *apiCalls) onHosts(visit func(pl hostPlace, service string, e *routing.Entry) bool) {
	type key struct {
		doc     *manifest.Document
		service string
	}
	said := map[key]bool{}
	for pl := range hostsOf(c.x.table) {
		for service, e := range c.servedOn(pl.host) {
			if at := (key{e.Route.Doc, service}); !said[at] {
				said[at] = visit(pl, service, e)
			}
		}
	}
}
