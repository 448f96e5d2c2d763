package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

// tryLine is a command to paste that makes a call through a socket, "" when none of
// its routes names a service.
func (o *serveOptions) tryLine(tables []*routing.Table, s local.Socket, ca string) string {
	for _, t := range tables {
		for _, server := range t.Servers {
			is := func(g *topology.Gateway) bool { return g.Key() == s.Gateway }
			if server.Port != s.Port && server.Port != 0 || !slices.ContainsFunc(server.Gateways, is) {
				continue
			}
			for _, l := range server.Listeners {
				if l.Topology == nil || l.Topology.Port != s.Port {
					continue
				}
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						if line := tryEntry(t, s, h, e, ca); line != "" {
							return line
						}
					}
				}
			}
		}
	}
	return ""
}

func tryEntry(t *routing.Table, s local.Socket, h *routing.Host, e *routing.Entry, ca string) string {
	c := e.Conditions()
	if e.Dead != "" || e.Action.Answer != nil || len(c.Headers) > 0 || c.Service.Kind != routing.LiteralText || c.Path.Kind != routing.AnyText {
		return ""
	}
	method := "METHOD"
	if c.Method.Kind == routing.LiteralText {
		method = c.Method.Text
	}
	words := []string{"grpcurl"}
	switch {
	case !s.TLS:
		words = append(words, "-plaintext")
	case ca != "":
		words = append(words, "-cacert", quoted(ca))
	default:
		words = append(words, "-insecure")
	}
	host := strings.Replace(h.Name, "*", "any", 1)
	if host != "" {
		words = append(words, "-authority", host)
	}
	r := &routing.Request{Gateway: s.Gateway, Port: s.Port, Authority: host, Path: reflectionPath}
	if t.Lookup(r).Outcome != routing.Routed {
		words = append(words, "-proto", "FILE.proto") // without reflection grpcurl cannot know the messages
	}
	return strings.Join(append(words, s.Address, c.Service.Text+"/"+method), " ")
}

// quoted makes a text one word of a shell.
func quoted(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("+-./:=@_%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}

// refusedLines names the routes that a Gateway does not take, and why.
func refusedLines(tables []*routing.Table) []string {
	var out []string
	for _, t := range tables {
		for _, r := range t.Topology.Routes {
			for _, p := range r.Parents {
				if p.Foreign || p.Mesh || p.Refusal == nil {
					continue
				}
				out = append(out, fmt.Sprintf("%s %s is not attached to %s: %s", r.Kind, r.Key(), p, p.Refusal.Message))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// failingLines names what rules ask for and do not get: backends that cannot be
// used, and what the data plane does not do.
func failingLines(tables []*routing.Table) []string {
	var out []string
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Blocked() != "" {
				out = append(out, fmt.Sprintf("%s serves nothing: %s", s, s.Blocked()))
			}
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						out = append(out, failing(e)...)
					}
				}
			}
		}
		for _, gap := range proxy.Gaps(t) {
			out = append(out, fmt.Sprintf("%s rule %d: %s", gap.Route, gap.Rule, gap.Says))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func failing(e *routing.Entry) []string {
	var out []string
	rule := fmt.Sprintf("%s %s rule %d", e.Route.Kind, e.Route.Key(), e.Rule.Index)
	if e.Action.Answer != nil {
		out = append(out, fmt.Sprintf("%s: its calls fail: %s", rule, e.Action.Why))
	}
	for i := range e.Action.Shares {
		if s := &e.Action.Shares[i]; s.Answer != nil && s.Why != e.Action.Why {
			out = append(out, fmt.Sprintf("%s: calls for backend %s fail: %s", rule, local.RefOf(s.Backend), s.Why))
		}
	}
	return out
}
