package admission

import (
	_ "embed"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	kjson "sigs.k8s.io/json"
)

// artifact holds the definitions of every minor and channel, written by
// internal/crdgen from the modules of the Gateway API. It is small enough (each
// schema node and rule stands in it once) to be read in place, uncompressed.
//
//go:embed crds.bin
var artifact string

// catalogue is the artifact with what has been decoded of it so far: schemas are
// decoded when an object of their kind is first checked.
type catalogue struct {
	r        *crdbin.Reader
	releases []release

	mu       sync.Mutex
	nodes    []atomic.Pointer[node]
	rules    []*rule
	patterns map[string]*pattern
}

// release is the definitions of one minor and channel.
type release struct {
	minor, channel string
	kinds          []kind
}

type kind struct {
	group, name string
	namespaced  bool
	versions    []version
}

type version struct {
	name   string
	served bool
	root   uint64
}

// embedded is the catalogue of the binary. The artifact is tested to be whole, so
// that it cannot fail to open; if it did, no version would be known.
var embedded = sync.OnceValues(func() (*catalogue, error) { return open(artifact) })

func open(data string) (*catalogue, error) {
	r, err := crdbin.Open(data)
	if err != nil {
		return nil, err
	}
	c := &catalogue{
		r: r, rules: make([]*rule, r.Rules()), nodes: make([]atomic.Pointer[node], r.Nodes()),
		patterns: map[string]*pattern{},
	}
	for _, cur := range r.Releases() {
		rel := release{minor: cur.Text(), channel: cur.Text(), kinds: make([]kind, cur.Uint())}
		for i := range rel.kinds {
			rel.kinds[i].read(cur)
		}
		c.releases = append(c.releases, rel)
	}
	return c, nil
}

func (k *kind) read(cur *crdbin.Cursor) {
	k.group, k.name, k.namespaced = cur.Text(), cur.Text(), cur.Uint() == 1
	k.versions = make([]version, cur.Uint())
	for i := range k.versions {
		v := &k.versions[i]
		v.name, v.served = cur.Text(), cur.Uint() == 1
		if v.served {
			v.root = cur.Uint()
		}
	}
}

// node returns a schema node, decoding what is not decoded yet.
func (c *catalogue) node(id uint64) *node {
	if n := c.nodes[id].Load(); n != nil {
		return n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.decode(id)
}

// decode runs under the lock. A node is published when everything below it is in
// place; it does not change afterwards.
func (c *catalogue) decode(id uint64) *node {
	if n := c.nodes[id].Load(); n != nil {
		return n
	}
	cur := c.r.Node(id)
	n := &node{typ: crdbin.Type(cur.Uint())}
	bits := cur.Uint()
	c.decodeStructure(n, cur, bits)
	c.decodeLimits(n, cur, bits)
	c.decodeConditions(n, cur, bits)
	n.summarise()
	c.nodes[id].Store(n)
	return n
}

func (c *catalogue) decodeStructure(n *node, cur *crdbin.Cursor, bits uint64) {
	if bits&crdbin.HasFormat != 0 {
		n.format = cur.Text()
	}
	if bits&crdbin.HasProperties != 0 {
		n.props = make([]property, cur.Uint())
		for i := range n.props {
			n.props[i] = property{name: cur.Text(), node: c.decode(cur.Uint())}
		}
	}
	if bits&crdbin.HasAdditional != 0 {
		n.additional = c.decode(cur.Uint())
	}
	if bits&crdbin.HasItems != 0 {
		n.items = c.decode(cur.Uint())
	}
}

func (c *catalogue) decodeLimits(n *node, cur *crdbin.Cursor, bits uint64) {
	if bits&crdbin.HasRequired != 0 {
		n.required = cur.Texts()
	}
	if bits&crdbin.HasEnum != 0 {
		for _, s := range cur.Texts() {
			n.enum = append(n.enum, s)
		}
	}
	if bits&crdbin.HasScalars != 0 {
		for _, s := range cur.Texts() {
			n.enum = append(n.enum, scalar(s))
		}
	}
	signed := func(bit uint64) *int64 {
		if bits&bit == 0 {
			return nil
		}
		v := cur.Int()
		return &v
	}
	number := func(bit uint64, none int64) int64 {
		if bits&bit == 0 {
			return none
		}
		return int64(cur.Uint())
	}
	n.min, n.max = signed(crdbin.HasMinimum), signed(crdbin.HasMaximum)
	n.minLength, n.maxLength = number(crdbin.HasMinLength, 0), number(crdbin.HasMaxLength, -1)
	if bits&crdbin.HasPattern != 0 {
		n.pattern = c.pattern(cur.Text())
	}
	n.minItems, n.maxItems = number(crdbin.HasMinItems, 0), number(crdbin.HasMaxItems, -1)
	n.maxProps = number(crdbin.HasMaxProps, -1)
}

func scalar(s string) any {
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v
	}
	return s == "true"
}

func (c *catalogue) decodeConditions(n *node, cur *crdbin.Cursor, bits uint64) {
	if bits&crdbin.HasDefault != 0 {
		var v any
		if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(cur.Text()), &v); err == nil {
			// A default is itself filled in, once, here: it is shared and never changed.
			n.def, _ = (&checker{}).settle(n, v)
		}
	}
	n.listSet = bits&crdbin.HasListSet != 0
	if bits&crdbin.HasListMapKeys != 0 {
		n.listKeys = cur.Texts()
	}
	nodes := func(bit uint64) []*node {
		if bits&bit == 0 {
			return nil
		}
		list := make([]*node, cur.Uint())
		for i := range list {
			list[i] = c.decode(cur.Uint())
		}
		return list
	}
	n.oneOf, n.anyOf = nodes(crdbin.HasOneOf), nodes(crdbin.HasAnyOf)
	if bits&crdbin.HasNot != 0 {
		n.not = c.decode(cur.Uint())
	}
	if bits&crdbin.HasRules != 0 {
		n.rules = make([]*rule, cur.Uint())
		for i := range n.rules {
			n.rules[i] = c.rule(cur.Uint())
		}
	}
}

func (c *catalogue) pattern(src string) *pattern {
	p := c.patterns[src]
	if p == nil {
		p = &pattern{src: src}
		c.patterns[src] = p
	}
	return p
}

func (c *catalogue) rule(id uint64) *rule {
	if c.rules[id] == nil {
		cur := c.r.Rule(id)
		message := cur.Text()
		c.rules[id] = &rule{message: message, eval: c.expression(cur)}
	}
	return c.rules[id]
}
