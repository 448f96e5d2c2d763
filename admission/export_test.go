package admission

import (
	"github.com/grpcroute/grpcroute/manifest"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Verdict is everything that check finds out.
type Verdict struct {
	Failures []Failure
	Settled  map[string]any
	Blocked  bool
}

// Texts lists what a server would answer, with its note about skipped rules when
// there are rules.
func (v *Verdict) Texts(rules bool) []string {
	var out []string
	for _, f := range v.Failures {
		out = append(out, f.Server)
	}
	if v.Blocked && rules {
		out = append(out, skippedRules().Error())
	}
	return out
}

// skippedRules is what the server adds when it has not run the rules.
func skippedRules() *field.Error {
	return field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")
}

func (s *Server) Verdict(doc *manifest.Document) Verdict {
	k, v := s.find(doc.Ref.APIVersion, doc.Ref.Kind)
	f, settled, blocked := s.check(k, v, doc, false)
	return Verdict{f, settled, blocked}
}

// Root identifies the schema of a served version: equal numbers, equal schemas.
func (s *Server) Root(apiVersion, kind string) uint64 {
	_, v := s.find(apiVersion, kind)
	return v.root
}

// Rule is a rule of a schema, with how often it was evaluated to what.
type Rule struct {
	Message                string
	Passed, Failed, Errors int
}

// Rules finds every rule of a schema.
func (s *Server) Rules(apiVersion, kind string) map[*rule]*Rule {
	_, v := s.find(apiVersion, kind)
	out := map[*rule]*Rule{}
	s.c.node(v.root).collect(out)
	return out
}

func (n *node) collect(out map[*rule]*Rule) {
	if n == nil || !n.anyRules {
		return
	}
	for _, r := range n.rules {
		out[r] = &Rule{Message: r.message}
	}
	for i := range n.props {
		n.props[i].node.collect(out)
	}
	n.items.collect(out)
	n.additional.collect(out)
}

// Tally evaluates every rule on a settled object and counts the outcomes.
func (s *Server) Tally(apiVersion, kind string, settled map[string]any, out map[*rule]*Rule) {
	_, v := s.find(apiVersion, kind)
	tally(s.c.node(v.root), settled, out)
}

func tally(n *node, v any, out map[*rule]*Rule) {
	for _, r := range n.rules {
		switch result := r.eval(&env{self: v}).(type) {
		case evalError:
			out[r].Errors++
		case bool:
			if result {
				out[r].Passed++
			} else {
				out[r].Failed++
			}
		}
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if n.items != nil {
				tally(n.items, item, out)
			}
		}
	case map[string]any:
		for k, member := range v {
			if p := n.prop(k); p != nil {
				tally(p, member, out)
			} else if n.additional != nil {
				tally(n.additional, member, out)
			}
		}
	}
}

// Patterns lists the patterns of the whole artifact, and those without words.
func Patterns() (all, wordless []string) {
	c, _ := embedded()
	for id := range c.nodes {
		if p := c.node(uint64(id)).pattern; p != nil {
			all = append(all, p.src)
			if shapes[p.src] == "" {
				wordless = append(wordless, p.src)
			}
		}
	}
	return all, wordless
}

// Cold returns a server of a catalogue of its own, with nothing decoded.
func Cold(version, channel string) (*Server, error) {
	c, err := open(artifact)
	if err != nil {
		return nil, err
	}
	return &Server{c: c, rel: c.release(version, channel)}, nil
}
