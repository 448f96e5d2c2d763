package main

import (
	"fmt"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// compiler writes one checked expression as a tree of operations.
type compiler struct {
	g    *generator
	tree *ast.AST
	vars map[string]int // variables in scope, by number
}

// calls are the functions that admission knows, by the overload that the checker
// has chosen: the operand types are part of the name.
var calls = map[string]crdbin.Op{
	"logical_not": crdbin.Not, "conditional": crdbin.Cond,
	"less_duration": crdbin.Lt, "greater_duration": crdbin.Gt, "less_equals_int64": crdbin.Le, "less_int64": crdbin.Lt,
	"greater_int64": crdbin.Gt, "add_int64": crdbin.Add, "in_list": crdbin.In, "index_list": crdbin.Index,
	"size_string": crdbin.SizeText, "string_size": crdbin.SizeText, "size_list": crdbin.SizeList,
	"list_size": crdbin.SizeList, "size_map": crdbin.SizeMap,
	"matches_string": crdbin.Matches, "starts_with_string": crdbin.HasPrefix, "ends_with_string": crdbin.HasSuffix,
	"contains_string": crdbin.Contains, "string_substring_int": crdbin.Substring, "string_split_string": crdbin.Split,
	"string_to_duration": crdbin.Duration, "is_ip": crdbin.IsIP,
}

func op(e *crdbin.Entry, o crdbin.Op) { e.Uint(uint64(o)) }

func (c *compiler) expr(e *crdbin.Entry, x ast.Expr) error {
	switch x.Kind() {
	case ast.LiteralKind:
		return c.literal(e, x)
	case ast.IdentKind:
		return c.ident(e, x.AsIdent())
	case ast.ListKind:
		return c.list(e, x.AsList())
	case ast.SelectKind:
		return c.selection(e, x.AsSelect())
	case ast.CallKind:
		return c.call(e, x)
	case ast.ComprehensionKind:
		return c.comprehension(e, x.AsComprehension())
	}
	return fmt.Errorf("an expression of kind %v is not known to admission", x.Kind())
}

func (c *compiler) literal(e *crdbin.Entry, x ast.Expr) error {
	switch v := x.AsLiteral().(type) {
	case types.String:
		op(e, crdbin.Text)
		c.g.w.Text(e, string(v))
	case types.Int:
		op(e, crdbin.Int)
		e.Int(int64(v))
	case types.Bool:
		if v {
			op(e, crdbin.True)
		} else {
			op(e, crdbin.False)
		}
	case types.Null:
		op(e, crdbin.Null)
	default:
		return fmt.Errorf("a literal of type %T is not known to admission", v)
	}
	return nil
}

func (c *compiler) ident(e *crdbin.Entry, name string) error {
	if name == "self" {
		op(e, crdbin.Self)
		return nil
	}
	n, ok := c.vars[name]
	if !ok {
		return fmt.Errorf("variable %q is not known to admission", name)
	}
	op(e, crdbin.Var)
	e.Uint(uint64(n))
	return nil
}

func (c *compiler) list(e *crdbin.Entry, l ast.ListExpr) error {
	texts := make([]string, l.Size())
	for i, x := range l.Elements() {
		s, ok := literalText(x)
		if !ok {
			return fmt.Errorf("a list of other things than literal texts is not known to admission")
		}
		texts[i] = s
	}
	op(e, crdbin.Texts)
	c.g.w.Texts(e, texts)
	return nil
}

func literalText(x ast.Expr) (string, bool) {
	if x.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := x.AsLiteral().(types.String)
	return string(s), ok
}

// selection writes a field of an object, or the question whether it is there.
func (c *compiler) selection(e *crdbin.Entry, s ast.SelectExpr) error {
	if k := c.tree.GetType(s.Operand().ID()).Kind(); k != types.StructKind {
		return fmt.Errorf("a field of a %v is not known to admission", k)
	}
	name, ok := apiservercel.Unescape(s.FieldName())
	if !ok {
		name = s.FieldName()
	}
	if root := s.Operand(); root.Kind() == ast.IdentKind && root.AsIdent() == "self" && name == "metadata" {
		return fmt.Errorf("a rule about metadata is not known to admission")
	}
	if s.IsTestOnly() {
		op(e, crdbin.Has)
	} else {
		op(e, crdbin.Select)
	}
	if err := c.expr(e, s.Operand()); err != nil {
		return err
	}
	c.g.w.Text(e, name)
	return nil
}

func (c *compiler) call(e *crdbin.Entry, x ast.Expr) error {
	call := x.AsCall()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		return c.operands(e, crdbin.And, flatten(x, operators.LogicalAnd))
	case operators.LogicalOr:
		return c.operands(e, crdbin.Or, flatten(x, operators.LogicalOr))
	case operators.Equals:
		return c.equality(e, crdbin.Eq, call)
	case operators.NotEquals:
		return c.equality(e, crdbin.Ne, call)
	case "validate":
		return c.validate(e, call)
	}
	overloads := c.tree.GetOverloadIDs(x.ID())
	if len(overloads) != 1 {
		return fmt.Errorf("function %q on %v is not known to admission", call.FunctionName(), overloads)
	}
	o, ok := calls[overloads[0]]
	if !ok {
		return fmt.Errorf("function %q (%s) is not known to admission", call.FunctionName(), overloads[0])
	}
	op(e, o)
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if o == crdbin.Matches {
		pattern, ok := literalText(args[1])
		if !ok {
			return fmt.Errorf("a pattern that is not literal is not known to admission")
		}
		if err := c.expr(e, args[0]); err != nil {
			return err
		}
		c.g.w.Text(e, pattern)
		return nil
	}
	for _, a := range args {
		if err := c.expr(e, a); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) operands(e *crdbin.Entry, o crdbin.Op, list []ast.Expr) error {
	op(e, o)
	e.Uint(uint64(len(list)))
	for _, x := range list {
		if err := c.expr(e, x); err != nil {
			return err
		}
	}
	return nil
}

// flatten lists the operands of nested calls of one operator: both operators are
// associative, errors included.
func flatten(x ast.Expr, operator string) []ast.Expr {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operator {
		return []ast.Expr{x}
	}
	var out []ast.Expr
	for _, a := range x.AsCall().Args() {
		out = append(out, flatten(a, operator)...)
	}
	return out
}

// equality refuses lists and objects: the server compares those by their list
// types.
func (c *compiler) equality(e *crdbin.Entry, o crdbin.Op, call ast.CallExpr) error {
	a, b := call.Args()[0], call.Args()[1]
	kind := c.tree.GetType(a.ID()).Kind()
	if b.Kind() == ast.LiteralKind && b.AsLiteral() == types.NullValue && o == crdbin.Eq {
		op(e, crdbin.EqNull)
		return c.expr(e, a)
	}
	switch kind {
	case types.StringKind, types.IntKind, types.BoolKind, types.DurationKind:
	default:
		return fmt.Errorf("equality of a %v is not known to admission", kind)
	}
	if other := c.tree.GetType(b.ID()).Kind(); other != kind {
		return fmt.Errorf("equality of a %v and a %v is not known to admission", kind, other)
	}
	op(e, o)
	if err := c.expr(e, a); err != nil {
		return err
	}
	return c.expr(e, b)
}

// validate writes format.dns1123Label().validate(text), the one format in use.
func (c *compiler) validate(e *crdbin.Entry, call ast.CallExpr) error {
	target := call.Target()
	if target.Kind() != ast.CallKind || target.AsCall().FunctionName() != "format.dns1123Label" {
		return fmt.Errorf("a format other than dns1123Label is not known to admission")
	}
	op(e, crdbin.DNSLabel)
	return c.expr(e, call.Args()[0])
}
