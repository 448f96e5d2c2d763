package admission

import (
	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
)

// expression turns a tree into a closure. The generator refuses what is not
// listed here, and a test compiles every rule of the artifact.
func (c *catalogue) expression(cur *crdbin.Cursor) eval {
	op := crdbin.Op(cur.Uint())
	if f := c.leaf(op, cur); f != nil {
		return f
	}
	if f := c.logic(op, cur); f != nil {
		return f
	}
	if f := c.loop(op, cur); f != nil {
		return f
	}
	a := c.expression(cur)
	switch op {
	case crdbin.Select:
		return selectField(a, cur.Text())
	case crdbin.Has:
		return hasField(a, cur.Text())
	case crdbin.Matches:
		p := c.pattern(cur.Text())
		return unary(a, func(v any) any { return onText(v, func(s string) any { return p.match(s) }) })
	}
	if f, ok := unaries[op]; ok {
		return unary(a, f)
	}
	if f, ok := binaries[op]; ok {
		return binary(a, c.expression(cur), f)
	}
	return constant(evalError("operation not known"))
}

func constant(v any) eval { return func(*env) any { return v } }

func (c *catalogue) leaf(op crdbin.Op, cur *crdbin.Cursor) eval {
	switch op {
	case crdbin.Self:
		return func(e *env) any { return e.self }
	case crdbin.Var:
		i := cur.Uint()
		return func(e *env) any { return e.vars[i] }
	case crdbin.Text:
		return constant(cur.Text())
	case crdbin.Int:
		return constant(cur.Int())
	case crdbin.True:
		return constant(true)
	case crdbin.False:
		return constant(false)
	case crdbin.Null:
		return constant(nil)
	case crdbin.Texts:
		var list []any
		for _, s := range cur.Texts() {
			list = append(list, s)
		}
		return constant(list)
	}
	return nil
}

func unary(a eval, f func(any) any) eval {
	return func(e *env) any {
		v := a(e)
		if err, ok := v.(evalError); ok {
			return err
		}
		return f(v)
	}
}

func binary(a, b eval, f func(x, y any) any) eval {
	return func(e *env) any {
		x := a(e)
		if err, ok := x.(evalError); ok {
			return err
		}
		y := b(e)
		if err, ok := y.(evalError); ok {
			return err
		}
		return f(x, y)
	}
}

// selectField reads a field. A field that is not there is an error, as is a
// number with a fraction part, even an empty one: rules take integers.
func selectField(a eval, name string) eval {
	missing := evalError("no such key: " + name)
	return unary(a, func(v any) any {
		m, ok := v.(map[string]any)
		if !ok {
			return missing
		}
		f, ok := m[name]
		if !ok {
			return missing
		}
		return value(f)
	})
}

func hasField(a eval, name string) eval {
	return unary(a, func(v any) any {
		m, ok := v.(map[string]any)
		if !ok {
			return false
		}
		f, ok := m[name]
		if err, bad := value(f).(evalError); ok && bad {
			return err
		}
		return ok
	})
}

// value is a JSON value as an expression sees it.
func value(v any) any {
	if _, ok := v.(float64); ok {
		return evalError("invalid data, expected int, got float64")
	}
	return v
}

// logic compiles what does not evaluate all of its operands. An error counts only
// when the operands without error do not decide, and then the first one does.
func (c *catalogue) logic(op crdbin.Op, cur *crdbin.Cursor) eval {
	switch op {
	case crdbin.And:
		return anyOperand(c.list(cur), false)
	case crdbin.Or:
		return anyOperand(c.list(cur), true)
	case crdbin.Cond:
		cond, then, otherwise := c.expression(cur), c.expression(cur), c.expression(cur)
		return func(e *env) any {
			switch v := cond(e).(type) {
			case bool:
				if v {
					return then(e)
				}
				return otherwise(e)
			case evalError:
				return v
			}
			return evalError("no such overload")
		}
	}
	return nil
}

func (c *catalogue) list(cur *crdbin.Cursor) []eval {
	out := make([]eval, cur.Uint())
	for i := range out {
		out[i] = c.expression(cur)
	}
	return out
}

// anyOperand is || with decides true, and && with decides false.
func anyOperand(list []eval, decides bool) eval {
	return func(e *env) any {
		var failed any
		for _, f := range list {
			switch v := f(e).(type) {
			case bool:
				if v == decides {
					return v
				}
			case evalError:
				if failed == nil {
					failed = v
				}
			}
		}
		if failed != nil {
			return failed
		}
		return !decides
	}
}

// loop compiles the macros.
func (c *catalogue) loop(op crdbin.Op, cur *crdbin.Cursor) eval {
	var run func(e *env, variable uint64, items []any, predicate eval) any
	switch op {
	case crdbin.All:
		run = func(e *env, i uint64, items []any, p eval) any { return anyItem(e, i, items, p, false) }
	case crdbin.Exists:
		run = func(e *env, i uint64, items []any, p eval) any { return anyItem(e, i, items, p, true) }
	case crdbin.ExistsOne:
		run = exactlyOne
	case crdbin.Filter:
		run = filterItems
	default:
		return nil
	}
	variable := cur.Uint()
	items, predicate := c.expression(cur), c.expression(cur)
	return unaryEnv(items, func(e *env, v any) any {
		return run(e, variable, itemsOf(v), predicate)
	})
}

func unaryEnv(a eval, f func(*env, any) any) eval {
	return func(e *env) any {
		v := a(e)
		if err, ok := v.(evalError); ok {
			return err
		}
		return f(e, v)
	}
}

// itemsOf lists what a loop runs over: the items of a list, the keys of a map.
func itemsOf(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		keys := make([]any, 0, len(v))
		for _, k := range sortedKeys(v) {
			keys = append(keys, k)
		}
		return keys
	}
	return nil
}

func anyItem(e *env, variable uint64, items []any, predicate eval, decides bool) any {
	var failed any
	for _, item := range items {
		e.vars[variable] = value(item)
		switch v := predicate(e).(type) {
		case bool:
			if v == decides {
				return v
			}
		case evalError:
			if failed == nil {
				failed = v
			}
		}
	}
	if failed != nil {
		return failed
	}
	return !decides
}

// exactlyOne and filterItems report the last error, as their expansions do.
func exactlyOne(e *env, variable uint64, items []any, predicate eval) any {
	var failed any
	count := 0
	for _, item := range items {
		e.vars[variable] = value(item)
		switch v := predicate(e).(type) {
		case bool:
			if v {
				count++
			}
		case evalError:
			failed = v
		}
	}
	if failed != nil {
		return failed
	}
	return count == 1
}

func filterItems(e *env, variable uint64, items []any, predicate eval) any {
	var failed any
	kept := []any{}
	for _, item := range items {
		e.vars[variable] = value(item)
		switch v := predicate(e).(type) {
		case bool:
			if v {
				kept = append(kept, item)
			}
		case evalError:
			failed = v
		}
	}
	if failed != nil {
		return failed
	}
	return kept
}
