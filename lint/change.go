package lint

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Difference is the difference between two states of a set, as far as it concerns
// findings of the later one. See [Difference.Filter].
type Difference struct {
	Objects int // how many were added, removed or given another value

	before   map[string]int  // findings of the earlier state, see printOf
	changed  map[target]bool // objects that differ
	affected map[target]bool // these, and what refers to them over any number of steps
	files    map[string]bool // whose text differs
	known    map[target]bool // objects of the later state
	docs     map[string][]*manifest.Document
}

// NewDifference compares two states. Files of the earlier one have the names that they
// have in the later one; before are its findings, found with the same options.
func NewDifference(was, now *manifest.Set, before diag.List) *Difference {
	c := &Difference{
		before: map[string]int{}, changed: map[target]bool{}, affected: map[target]bool{}, files: map[string]bool{},
	}
	for i := range before {
		c.before[printOf(&before[i])]++
	}
	c.compareFiles(was, now)
	c.compareObjects(was, now)
	c.spread(was, now)
	return c.In(now)
}

// In returns the same difference for findings of a set in which objects of the later
// state were edited since: what is edited counts as no change.
func (c *Difference) In(set *manifest.Set) *Difference {
	out := *c
	out.known, out.docs = map[target]bool{}, map[string][]*manifest.Document{}
	for _, d := range set.Documents {
		out.docs[d.File.Name] = append(out.docs[d.File.Name], d)
		out.known[targetOf(d.Ref)] = true
	}
	return &out
}

// printOf tells findings apart more finely than a baseline does: what a message
// says of others counts.
func printOf(d *diag.Diagnostic) string {
	return d.Severity.String() + " " + Fingerprint(*d) + " " + d.Message
}

func (c *Difference) compareFiles(was, now *manifest.Set) {
	old := map[string][]byte{}
	for _, f := range was.Files {
		old[f.Name] = f.Data
	}
	for _, f := range now.Files {
		if data, ok := old[f.Name]; !ok || !bytes.Equal(data, f.Data) {
			c.files[f.Name] = true
		}
	}
}

// compareObjects finds what differs. Objects of one identity are compared as a
// list: a set may hold several.
func (c *Difference) compareObjects(was, now *manifest.Set) {
	values := func(set *manifest.Set) map[target][]any {
		out := map[target][]any{}
		for _, d := range set.Documents {
			t := targetOf(d.Ref)
			out[t] = append(out[t], d.Object())
		}
		return out
	}
	old, current := values(was), values(now)
	for t, v := range current {
		if !reflect.DeepEqual(v, old[t]) {
			c.changed[t] = true
		}
	}
	for t := range old {
		if current[t] == nil {
			c.changed[t] = true
		}
	}
	c.Objects = len(c.changed)
}

// spread marks what refers to what differs, in either state: a reference that was
// taken away counts, too.
func (c *Difference) spread(was, now *manifest.Set) {
	users := map[target][]target{}
	for _, set := range []*manifest.Set{was, now} {
		for _, d := range set.Documents {
			from := targetOf(d.Ref)
			for to := range references(d) {
				users[to] = append(users[to], from)
			}
		}
	}
	var todo []target
	for t := range c.changed {
		todo = append(todo, t)
		if t.kind == "ReferenceGrant" {
			todo = append(todo, grantsIn(t.namespace))
		}
	}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c.affected[t] {
			continue
		}
		c.affected[t] = true
		todo = append(todo, users[t]...)
	}
}

// Filter takes out of a result what the change cannot have caused. A finding stays
// when the earlier state did not have it, or not as often; when its object
// differs, or refers, over any number of steps, to one that does; when a place
// that it names is in an object that differs; or when it is about no object that was
// read and the text of its file differs.
func (c *Difference) Filter(r *Result) {
	now := map[string]int{}
	for i := range r.Diagnostics {
		now[printOf(&r.Diagnostics[i])]++
	}
	shown := make(diag.List, 0, len(r.Diagnostics))
	for i := range r.Diagnostics {
		d := &r.Diagnostics[i]
		if print := printOf(d); now[print] > c.before[print] || c.concerns(d) {
			shown = append(shown, *d)
		}
	}
	r.Unaffected += len(r.Diagnostics) - len(shown)
	r.Diagnostics = shown
}

// concerns reports whether a finding speaks of something that differs.
func (c *Difference) concerns(d *diag.Diagnostic) bool {
	if c.affected[targetOf(d.Object)] || c.files[d.Range.File] && !c.known[targetOf(d.Object)] {
		return true
	}
	for _, r := range d.Related {
		if doc := c.at(r.Range); doc != nil && c.changed[targetOf(doc.Ref)] {
			return true
		}
	}
	return false
}

// at returns the object at a place.
func (c *Difference) at(r diag.Range) *manifest.Document {
	for _, d := range c.docs[r.File] {
		whole := d.Extent()
		if whole.Start.Byte <= r.Start.Byte && r.Start.Byte < whole.End.Byte {
			return d
		}
	}
	return nil
}

// target is an object that others refer to. References seldom name a version.
type target struct{ kind, namespace, name string }

func targetOf(r diag.Ref) target { return target{r.Kind, r.Namespace, r.Name} }

// grantsIn stands for all ReferenceGrants of a namespace.
func grantsIn(namespace string) target { return target{"ReferenceGrant", namespace, ""} }

// kindOf is the kind of references that name none, by the field they stand in.
var kindOf = map[string]string{
	"parentRefs": "Gateway", "parentRef": "Gateway", "backendRefs": "Service", "backendRef": "Service", "targetRefs": "Service",
	"targetRef": "Service", "certificateRefs": "Secret", "certificateRef": "Secret", "caCertificateRefs": "ConfigMap", "extensionRef": "",
}

// references returns what an object refers to: by the references of the Gateway
// API, by its namespace, by its class, and by the grants that a reference to
// another namespace needs.
func references(d *manifest.Document) map[target]bool {
	out := map[target]bool{}
	if d.Ref.Namespace != "" {
		out[target{"Namespace", "", d.Ref.Namespace}] = true
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(key, item)
			}
		case map[string]any:
			if kind, ok := kindOf[key]; ok {
				addReference(out, d, kind, v)
			}
			for k, inner := range v {
				walk(k, inner)
			}
		case string:
			if key == "gatewayClassName" {
				out[target{"GatewayClass", "", v}] = true
			}
		}
	}
	walk("", d.Object()["spec"])
	if d.Ref.Kind == "EndpointSlice" {
		meta, _ := d.Object()["metadata"].(map[string]any)
		labels, _ := meta["labels"].(map[string]any)
		if name, ok := labels["kubernetes.io/service-name"].(string); ok {
			out[target{"Service", d.Ref.Namespace, name}] = true
		}
	}
	return out
}

func addReference(out map[target]bool, d *manifest.Document, kind string, ref map[string]any) {
	if k, ok := ref["kind"].(string); ok {
		kind = k
	}
	namespace := d.Ref.Namespace
	if n, ok := ref["namespace"].(string); ok && n != "" {
		namespace = n
	}
	name, _ := ref["name"].(string)
	out[target{kind, namespace, strings.TrimSpace(name)}] = true
	if namespace != d.Ref.Namespace {
		out[grantsIn(namespace)] = true
	}
}
