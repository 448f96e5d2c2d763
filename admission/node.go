package admission

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
)

// node is one node of a structural schema. Nodes are shared between the kinds
// and versions that have them in common.
type node struct {
	typ        crdbin.Type
	format     string
	props      []property // by name
	additional *node      // of a map with free keys
	items      *node

	required             []string
	enum                 []any
	min, max             *int64
	minLength, maxLength int64 // no maximum is -1, here and below
	pattern              *pattern
	minItems, maxItems   int64
	maxProps             int64
	oneOf, anyOf         []*node
	not                  *node

	def      any // the default, itself filled in; nil for none
	listSet  bool
	listKeys []string
	rules    []*rule

	// Whether there is anything to check here or below, so that walks can stop.
	anyRules, anyLists bool
}

type property struct {
	name string
	node *node
}

// pattern is a regular expression, compiled when it is first needed, with the
// engine of the server. It remembers some texts that it took: objects repeat names.
type pattern struct {
	src   string
	once  sync.Once
	re    *regexp.Regexp
	taken [64]atomic.Pointer[string]
}

// maxTaken bounds the texts that a pattern remembers.
const maxTaken = 64

func (p *pattern) match(s string) bool {
	if s == "" || len(s) > maxTaken {
		return p.run(s)
	}
	slot := &p.taken[(len(s)*7+int(s[0])*3+int(s[len(s)/2])*5+int(s[len(s)-1]))%len(p.taken)]
	if old := slot.Load(); old != nil && *old == s {
		return true
	}
	taken := p.run(s)
	if taken {
		text := s // s itself stays off the heap
		slot.Store(&text)
	}
	return taken
}

func (p *pattern) run(s string) bool {
	p.once.Do(func() { p.re, _ = regexp.Compile(p.src) })
	return p.re != nil && p.re.MatchString(s)
}

func (n *node) prop(name string) *node {
	for i := range n.props {
		if n.props[i].name == name {
			return n.props[i].node
		}
	}
	return nil
}

func (n *node) summarise() {
	n.anyRules = len(n.rules) > 0
	n.anyLists = n.listSet || n.listKeys != nil
	below := func(sub *node) {
		if sub != nil {
			n.anyRules = n.anyRules || sub.anyRules
			n.anyLists = n.anyLists || sub.anyLists
		}
	}
	for i := range n.props {
		below(n.props[i].node)
	}
	below(n.additional)
	below(n.items)
}

// typeName is the name of a type in schemas and messages, "" for any.
func typeName(t crdbin.Type) string {
	return [...]string{
		crdbin.Any: "", crdbin.Object: "object", crdbin.Array: "array", crdbin.String: "string",
		crdbin.Integer: "integer", crdbin.Boolean: "boolean",
	}[t]
}

// typeOf names the JSON type of a value.
func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case int64:
		return "integer"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// step is one step of the path to the value under inspection: a field, the key
// of a map with free keys, or the index of an item.
type step struct {
	key   string
	index int
	kind  stepKind
}

type stepKind uint8

const (
	fieldStep stepKind = iota
	keyStep
	indexStep
)

// join writes a path. The parts of the server disagree about the keys of maps:
// errors of the schema join them with a dot, all others set them in brackets.
func join(path []step, bracketKeys bool) string {
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.kind == indexStep:
			b.WriteString("[" + itoa(s.index) + "]")
		case s.kind == keyStep && bracketKeys:
			b.WriteString("[" + s.key + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.key)
		}
	}
	return b.String()
}
