package main

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// rules writes the rules of a node, parsed and checked as the server does it.
func (g *generator) rules(e *crdbin.Entry, rules []apiextensionsv1.ValidationRule, t *apiservercel.DeclType, path string) error {
	if t == nil {
		return fmt.Errorf("%s: a rule where CEL has no type is not known to admission", path)
	}
	var ids []uint64
	for i := range rules {
		id, kept, err := g.rule(&rules[i], t)
		if err != nil {
			return fmt.Errorf("%s: rule %q: %w", path, rules[i].Rule, err)
		}
		if kept {
			ids = append(ids, id)
		}
	}
	e.Uint(uint64(len(ids)))
	for _, id := range ids {
		e.Uint(id)
	}
	return nil
}

// rule writes one rule. Rules about a change (oldSelf) are left out: the server
// does not run them when an object is created, and a manifest has no past.
func (g *generator) rule(r *apiextensionsv1.ValidationRule, t *apiservercel.DeclType) (id uint64, kept bool, err error) {
	if r.MessageExpression != "" || r.Reason != nil || r.FieldPath != "" || r.OptionalOldSelf != nil || r.Message == "" {
		return 0, false, fmt.Errorf("a rule without message, or with reason, fieldPath, messageExpression or optionalOldSelf, is not known to admission")
	}
	tree, err := compile(r.Rule, t)
	if err != nil {
		return 0, false, err
	}
	if usesOldSelf(tree) {
		return 0, false, nil
	}
	c := &compiler{g: g, tree: tree, vars: map[string]int{}}
	var e crdbin.Entry
	g.w.Text(&e, strings.TrimSpace(r.Message))
	if err := c.expr(&e, tree.Expr()); err != nil {
		return 0, false, err
	}
	return g.w.Rule(&e), true, nil
}

// compile parses and checks an expression in the environment in which the server
// runs stored rules.
func compile(rule string, t *apiservercel.DeclType) (*ast.AST, error) {
	scoped := t.MaybeAssignTypeName("selfType")
	envs, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("self", scoped.CelType()), cel.Variable("oldSelf", scoped.CelType())},
		DeclTypes:         []*apiservercel.DeclType{scoped},
	})
	if err != nil {
		return nil, err
	}
	checked, issues := envs.StoredExpressionsEnv().Compile(rule)
	if issues != nil && issues.Err() != nil {
		return nil, issues.Err()
	}
	return checked.NativeRep(), nil
}

func usesOldSelf(tree *ast.AST) bool {
	for _, ref := range tree.ReferenceMap() {
		if ref.Name == "oldSelf" {
			return true
		}
	}
	return false
}
