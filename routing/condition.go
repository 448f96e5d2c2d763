package routing

import (
	"cmp"
	"regexp"

	"github.com/grpcroute/grpcroute/profile"
)

// condition is what a match asks of a request once its host is settled.
type condition struct {
	shape           conditionShape
	unread          bool // the path's pattern does not compile
	service, method segment
	whole           *regexp.Regexp // the path as one, for wholePath
	headers         []headerCond
}

type conditionShape uint8

const (
	anyPath   conditionShape = iota // also paths that no gRPC call has
	segments                        // service and method
	wholePath                       // an expression that does not divide at the slashes
	noPath
)

// path compiles a path form. The error says why a pattern does not compile.
func (p *patterns) path(f profile.PathForm) (condition, error) {
	switch f.Kind {
	case profile.AnyPath:
		return condition{}, nil
	case profile.ExactPath:
		return segmentCondition(literal(f.Service), literal(f.Method)), nil
	case profile.ServicePath:
		return segmentCondition(literal(f.Service), segment{}), nil
	case profile.MethodPath:
		return segmentCondition(segment{}, literal(f.Method)), nil
	case profile.SegmentPath:
		service, err := p.segmentOf(f.Service)
		method, err2 := p.segmentOf(f.Method)
		if err := cmp.Or(err, err2); err != nil {
			return condition{shape: noPath}, err
		}
		return segmentCondition(service, method), nil
	case profile.RegexPath:
		re, err := p.compile(f.Pattern, f.Partial)
		if err != nil {
			return condition{shape: noPath}, err
		}
		if s, m, ok := p.split(f.Pattern, f.Partial); ok {
			return segmentCondition(s, m), nil
		}
		return condition{shape: wholePath, whole: re}, nil
	}
	return condition{shape: noPath}, nil
}

func segmentCondition(service, method segment) condition {
	if service.kind == noSegment || method.kind == noSegment {
		return condition{shape: noPath, service: service, method: method}
	}
	return condition{shape: segments, service: service, method: method}
}

// takesPath reports whether a gRPC path, and its two segments, satisfy the path
// conditions.
func (c *condition) takesPath(path, service, method string) bool {
	switch c.shape {
	case anyPath:
		return true
	case segments:
		return c.service.takes(service) && c.method.takes(method)
	case wholePath:
		return c.whole.MatchString(path)
	}
	return false
}

// mayTake reports whether an entry with patterns that cannot be read takes the
// request as far as the others show.
func (e *Entry) mayTake(r *Request) bool {
	service, method, ok := splitPath(r.Path)
	if c := e.cond; !c.unread && (!ok && c.shape != anyPath || !c.takesPath(r.Path, service, method)) {
		return false
	}
	for i := range e.cond.headers {
		if h := &e.cond.headers[i]; !h.takes(r.Headers) && (!h.unread || h.next(r.Headers, 0) == len(r.Headers)) {
			return false
		}
	}
	return true
}

// takesHeaders reports whether every header condition holds.
func (c *condition) takesHeaders(hs []Header) bool {
	for i := range c.headers {
		if !c.headers[i].takes(hs) {
			return false
		}
	}
	return true
}
