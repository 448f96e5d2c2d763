package admission

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// rule is one x-kubernetes-validations rule.
type rule struct {
	message string
	eval    eval
}

// eval computes an expression: a value, or an evalError.
type eval func(*env) any

// env holds what an expression can refer to.
type env struct {
	self any
	vars [crdbin.MaxVars]any
}

// evalError is why an expression has no value, in the words of cel-go.
type evalError string

// runRules evaluates the rules of a settled, validated object, as
// k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel does. The server also
// counts what rules cost and stops over a budget. Lists and texts have maximum
// lengths by which the definitions were admitted, an object that exceeds one is
// refused before rules run, and the largest object that is left stays within the
// budget (a test builds it), so costs are not counted here.
func (c *checker) runRules(n *node, v any) {
	if !n.anyRules || v == nil {
		return
	}
	for _, r := range n.rules {
		c.env.self = v
		switch result := r.eval(&c.env).(type) {
		case bool:
			if !result {
				c.failRule(n, v, r)
			}
		case evalError:
			c.add(diag.CEL, field.Invalid(fieldPath(join(c.path, true)), typeName(n.typ), string(result)+" evaluating rule: "+r.message),
				Failure{Message: fmt.Sprintf("%s (the server cannot evaluate this rule: %s)", c.explainRule(nil, r.message), string(result))})
		}
	}
	c.descend(n, v, ruleWalk)
}

func (c *checker) failRule(n *node, v any, r *rule) {
	message := c.explainRule(v, r.message)
	if n.typ == crdbin.Object || n.typ == crdbin.Array {
		v = field.OmitValueType{}
	}
	c.add(diag.CEL, field.Invalid(fieldPath(join(c.path, true)), v, r.message), Failure{Message: message})
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
