package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
)

// Calls names the calls that change: "shop.Users/Get to api.example.com".
func (c Change) Calls() string {
	hosts := "no host"
	if n := len(c.Region.Hosts); n > 0 {
		if hosts = strings.Join(c.Region.Hosts[:min(n, 3)], ", "); n > 3 {
			hosts += fmt.Sprintf(" and %d more hosts", n-3)
		}
	}
	return fmt.Sprintf("calls of %s to %s", c.Region, hosts)
}

// Before and After say what happens to the calls on each side, as briefly as tells
// the two apart.
func (c Change) Before() string { return c.side(c.Region.Old) }

// After is what happens to the calls once the route is a GRPCRoute; see Before.
func (c Change) After() string { return c.side(c.Region.New) }

func (c Change) side(e *prove.Effect) string {
	text := effect(e)
	if effect(c.Region.Old) == effect(c.Region.New) {
		text += more(e)
	}
	return text
}

// Witness is one of the calls.
func (c Change) Witness() diag.Witness {
	r := c.Region.Witness
	w := diag.Witness{Gateway: r.Gateway, Port: r.Port, SNI: r.SNI, Authority: r.Authority, Path: r.Path, Headers: map[string]string{}}
	for _, h := range r.Headers {
		w.Headers[h.Name] = h.Value
	}
	return w
}

// effect says what happens to a call.
func effect(e *prove.Effect) string {
	if e.Answer != nil {
		return profile.CodeName(e.Answer.GRPC)
	}
	var parts []string
	for i := range e.Targets {
		t := &e.Targets[i]
		text := t.String()
		if t.Den != 1 {
			text += fmt.Sprintf(" (%d/%d)", t.Num, t.Den)
		}
		if t.Answer != nil {
			text += " answered " + profile.CodeName(t.Answer.GRPC)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// more says what a rule does beside sending calls somewhere.
func more(e *prove.Effect) string {
	all := slices.Concat(e.Filters, e.Extras)
	for i := range e.Targets {
		all = append(all, e.Targets[i].Filters...)
	}
	if len(all) == 0 {
		return " with nothing else"
	}
	return " with " + strings.Join(all, ", ")
}
