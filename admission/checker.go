package admission

import (
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checker walks one object and collects what the server would say about it.
type checker struct {
	path     []step
	failures []Failure
	texts    []string // of schema failures, before they became field errors
	lent     bool     // the value may be changed
	blocked  bool     // a failure after which the server does not run rules
	unknown  []unknown
	env      env
}

type unknown struct {
	text string // the path as strict decoding writes it
	path manifest.Path
	near *node // the schema of the object that the field is in, nil where there is none
}

func itoa(i int) string { return strconv.Itoa(i) }

func (c *checker) push(s step) { c.path = append(c.path, s) }
func (c *checker) pop()        { c.path = c.path[:len(c.path)-1] }

// here returns the current path, continued by the names given.
func (c *checker) here(names ...string) manifest.Path {
	p := make(manifest.Path, 0, len(c.path)+len(names))
	for _, s := range c.path {
		if s.kind == indexStep {
			p = append(p, s.index)
		} else {
			p = append(p, s.key)
		}
	}
	for _, n := range names {
		p = append(p, n)
	}
	return p
}

// add records a failure whose server side is e.
func (c *checker) add(source diag.Source, e *field.Error, f Failure) {
	f.Source, f.Server, f.Refuses = source, e.Error(), true
	if f.Path == nil {
		f.Path = c.here()
	}
	c.failures = append(c.failures, f)
	if blocks(e.Type) {
		c.blocked = true
	}
}

// blocks tells the errors after which the server skips all rules of the object,
// because rules may rely on what those errors say is not so.
func blocks(t field.ErrorType) bool {
	switch t {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	}
	return false
}

// fieldPath is a path whose text is s, nil for the root, as the server has it.
func fieldPath(s string) *field.Path {
	if s == "" {
		return nil
	}
	return field.NewPath(s)
}
