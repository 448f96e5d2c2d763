package main

import (
	"fmt"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
)

// comprehension recognises the macro that a loop was expanded from, by its exact
// shape.
func (c *compiler) comprehension(e *crdbin.Entry, l ast.ComprehensionExpr) error {
	if k := c.tree.GetType(l.IterRange().ID()).Kind(); k != types.ListKind && k != types.MapKind || l.HasIterVar2() {
		return fmt.Errorf("a loop over a %v is not known to admission", k)
	}
	o, predicate := macro(l)
	if o == 0 {
		return fmt.Errorf("a loop other than all, exists, exists_one and filter is not known to admission")
	}
	if _, ok := c.vars[l.IterVar()]; ok {
		return fmt.Errorf("a variable that hides another is not known to admission")
	}
	op(e, o)
	n := len(c.vars)
	if n >= crdbin.MaxVars {
		return fmt.Errorf("more than %d loops inside each other are not known to admission", crdbin.MaxVars)
	}
	e.Uint(uint64(n))
	if err := c.expr(e, l.IterRange()); err != nil {
		return err
	}
	c.vars[l.IterVar()] = n
	defer delete(c.vars, l.IterVar())
	return c.expr(e, predicate)
}

func macro(l ast.ComprehensionExpr) (crdbin.Op, ast.Expr) {
	accu := l.AccuVar()
	step := l.LoopStep()
	if step.Kind() != ast.CallKind {
		return 0, nil
	}
	args := step.AsCall().Args()
	switch step.AsCall().FunctionName() {
	case operators.LogicalAnd:
		if isBool(l.AccuInit(), true) && isIdent(args[0], accu) && isIdent(l.Result(), accu) &&
			isNotFalse(l.LoopCondition(), func(x ast.Expr) bool { return isIdent(x, accu) }) {
			return crdbin.All, args[1]
		}
	case operators.LogicalOr:
		if isBool(l.AccuInit(), false) && isIdent(args[0], accu) && isIdent(l.Result(), accu) &&
			isNotFalse(l.LoopCondition(), func(x ast.Expr) bool {
				return isCall(x, operators.LogicalNot, func(a []ast.Expr) bool { return isIdent(a[0], accu) })
			}) {
			return crdbin.Exists, args[1]
		}
	case operators.Conditional:
		if !isBool(l.LoopCondition(), true) || !isIdent(args[2], accu) {
			return 0, nil
		}
		switch {
		case isInt(l.AccuInit(), 0) && isCall(args[1], operators.Add, func(a []ast.Expr) bool { return isIdent(a[0], accu) && isInt(a[1], 1) }) &&
			isCall(l.Result(), operators.Equals, func(a []ast.Expr) bool { return isIdent(a[0], accu) && isInt(a[1], 1) }):
			return crdbin.ExistsOne, args[0]
		case isList(l.AccuInit(), "") && isCall(args[1], operators.Add, func(a []ast.Expr) bool { return isIdent(a[0], accu) && isList(a[1], l.IterVar()) }) &&
			isIdent(l.Result(), accu):
			return crdbin.Filter, args[0]
		}
	}
	return 0, nil
}

func isIdent(x ast.Expr, name string) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == name }

func isBool(x ast.Expr, want bool) bool {
	return x.Kind() == ast.LiteralKind && x.AsLiteral() == types.Bool(want)
}

func isInt(x ast.Expr, want int64) bool {
	return x.Kind() == ast.LiteralKind && x.AsLiteral() == types.Int(want)
}

// isList recognises a list that is empty, or holds one variable.
func isList(x ast.Expr, variable string) bool {
	if x.Kind() != ast.ListKind {
		return false
	}
	l := x.AsList()
	if variable == "" {
		return l.Size() == 0
	}
	return l.Size() == 1 && isIdent(l.Elements()[0], variable)
}

func isCall(x ast.Expr, function string, args func([]ast.Expr) bool) bool {
	return x.Kind() == ast.CallKind && x.AsCall().FunctionName() == function && args(x.AsCall().Args())
}

func isNotFalse(x ast.Expr, arg func(ast.Expr) bool) bool {
	return isCall(x, operators.NotStrictlyFalse, func(a []ast.Expr) bool { return arg(a[0]) })
}
