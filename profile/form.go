package profile

import "strings"

// MethodMatch is a GRPCRouteMatch's method after defaulting. Nil names are
// absent.
type MethodMatch struct {
	Regex           bool
	Service, Method *string
}

// HTTPMatch is an HTTPRouteMatch, as far as it can take gRPC calls: POST
// "/SERVICE/METHOD" without a query. Headers are matched as in a GRPCRoute.
type HTTPMatch struct {
	PathType, PathValue string // "" for what the API server defaults to: PathPrefix, "/"
	Method              string // "" for any
	QueryParams         int
}

// PathKind is the shape of the paths a match takes.
type PathKind uint8

// The shapes, over gRPC paths "/SERVICE/METHOD" (two non-empty segments).
const (
	AnyPath     PathKind = iota
	ExactPath            // "/" + Service + "/" + Method
	ServicePath          // "/" + Service + "/" + any segment
	MethodPath           // "/" + any segment + "/" + Method
	SegmentPath          // each segment as a whole is in the language of Service, Method ("" for any)
	RegexPath            // the path is in the language of Pattern
	NoPath               // can match no gRPC path
)

// PathType is the kind of path condition that an implementation ranks a match
// as. Greater values are more specific for every implementation that compares
// them.
type PathType uint8

// The path types.
const (
	UntypedPath PathType = iota // no path condition at all
	PrefixType
	RegexType
	ExactType
)

// PathForm is what an implementation makes of a match's path conditions.
type PathForm struct {
	Kind            PathKind
	Type            PathType
	Partial         bool   // RegexPath: found anywhere instead of full match
	Service, Method string // literals; RE2 patterns for SegmentPath
	Pattern         string // RE2, for RegexPath; anchors not needed
	Value           string // the path value as the implementation writes it, "" for none
	Length          int    // characters of the path value the implementation ranks by
	Headers         int    // header conditions the implementation writes for the path
}

// Patterns returns the regular expressions that must compile for the form to be
// used.
func (f PathForm) Patterns() []string {
	switch f.Kind {
	case RegexPath:
		return []string{f.Pattern}
	case SegmentPath:
		var ps []string
		for _, p := range []string{f.Service, f.Method} {
			if p != "" {
				ps = append(ps, p)
			}
		}
		return ps
	}
	return nil
}

// PathForm returns what the implementation makes of a method match, nil for
// none.
func (p *Profile) PathForm(m *MethodMatch) PathForm {
	if p.Matching.Form == nil {
		return SpecForm(m)
	}
	return p.Matching.Form(m)
}

// SpecForm reads a method match as GEP-1016 does: service and method are matched
// apart, each as a whole segment, and an absent or empty name takes any.
func SpecForm(m *MethodMatch) PathForm {
	service, method := m.names()
	form := PathForm{Service: service, Method: method}
	switch {
	case service == "" && method == "":
		return PathForm{}
	case m.Regex:
		form.Kind, form.Type = SegmentPath, RegexType
		form.Value = "/" + group(service) + "/" + group(method)
	case method == "":
		form.Kind, form.Type, form.Value = ServicePath, PrefixType, "/"+service+"/"
	case service == "":
		form.Kind, form.Type, form.Value = MethodPath, RegexType, "/*/"+method
	default:
		form.Kind, form.Type, form.Value = ExactPath, ExactType, "/"+service+"/"+method
	}
	form.Length = len(service) + len(method)
	return form
}

func group(pattern string) string {
	if pattern == "" {
		return "[^/]+"
	}
	return "(?:" + pattern + ")"
}

// names returns both names, "" for an absent one.
func (m *MethodMatch) names() (service, method string) {
	if m == nil {
		return "", ""
	}
	if m.Service != nil {
		service = *m.Service
	}
	if m.Method != nil {
		method = *m.Method
	}
	return service, method
}

// HTTPForm returns what the implementation makes of an HTTPRoute match for gRPC
// calls. A match that asks for another verb than POST, or for a query parameter,
// takes none.
func (p *Profile) HTTPForm(m HTTPMatch) PathForm {
	bare := m.PathType == "" && m.PathValue == ""
	if m.PathType == "" {
		m.PathType = "PathPrefix"
	}
	if m.PathValue == "" {
		m.PathValue = "/"
	}
	form := httpPath(m.PathType, m.PathValue)
	if bare && p.Matching.HTTPPathOptional {
		form, m.PathValue = PathForm{}, ""
	}
	form.Partial = form.Kind == RegexPath && p.Matching.HTTPRegexPartial
	form.Value = m.PathValue
	form.Length = len(m.PathValue)
	if p.Matching.HTTPLength != nil {
		form.Length = p.Matching.HTTPLength(form.Type, m.PathValue)
	}
	if m.Method != "" && m.Method != "POST" || m.QueryParams > 0 {
		form.Kind = NoPath
	}
	return form
}

func httpPath(kind, value string) PathForm {
	switch kind {
	case "RegularExpression":
		return PathForm{Kind: RegexPath, Type: RegexType, Pattern: value}
	case "Exact":
		form := httpSegments(value)
		form.Type = ExactType
		if form.Kind != ExactPath {
			form = PathForm{Kind: NoPath, Type: ExactType}
		}
		return form
	}
	// PathPrefix works by whole segments; a trailing slash makes no difference (GA
	// apis/v1/httproute_types.go, PathMatchPathPrefix).
	form := httpSegments(strings.TrimSuffix(value, "/"))
	form.Type = PrefixType
	return form
}

// httpSegments reads a path of up to two segments.
func httpSegments(path string) PathForm {
	if path == "" {
		return PathForm{Kind: AnyPath}
	}
	service, method, two := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case service == "" || strings.Contains(method, "/") || two && method == "":
		return PathForm{Kind: NoPath}
	case two:
		return PathForm{Kind: ExactPath, Service: service, Method: method}
	}
	return PathForm{Kind: ServicePath, Service: service}
}
