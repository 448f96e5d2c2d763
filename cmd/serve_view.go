package cmd

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
)

// announce says what listens where, and that it does.
func (s *serving) announce() error {
	o := s.options
	for _, w := range s.loaded.wrong {
		s.log.Warn(w)
	}
	view := s.view()
	if o.LogFormat == "json" {
		for i := range view.Sockets {
			k := &view.Sockets[i]
			s.log.Info("listening", slog.String("address", k.Address), slog.String("gateway", k.Gateway), slog.Int("port", int(k.Port)), slog.Bool("tls", k.TLS))
		}
		for _, note := range view.Notes {
			s.log.Warn(note)
		}
	} else if !o.Quiet {
		r := render.For(o.Streams.Err, o.Color, o.Streams.Env)
		r.Verbose = o.Verbose
		if err := render.ServeText(o.Streams.Err, view, r); err != nil {
			return written(err)
		}
	}
	s.log.Info("ready")
	return nil
}

func (s *serving) view() *render.Serving {
	out := &render.Serving{Notes: s.gateway.Notes(), Admin: s.url}
	if s.options.SelfSigned {
		out.CAFile = filepath.Join(s.options.TLSDir, local.CAFile)
	}
	for _, k := range s.gateway.Sockets() {
		socket := render.ServedSocket{Gateway: k.Gateway, Port: k.Port, TLS: k.TLS, Address: k.Address, Moved: k.Moved()}
		for _, h := range hostsOf(&k) {
			host := render.ServedHost{Name: h.Name}
			for _, e := range h.Entries {
				if e.Dead == "" && e.Host.Name == h.Name {
					host.Rules = addRule(host.Rules, e)
				}
			}
			if len(host.Rules) == 0 {
				continue
			}
			socket.Hosts = append(socket.Hosts, host)
			if len(socket.Try) < maxTries {
				socket.Try = append(socket.Try, s.try(&k, h)...)
			}
		}
		out.Sockets = append(out.Sockets, socket)
	}
	return out
}

// maxTries is how many commands to try are printed for a socket.
const maxTries = 2

// hostsOf lists the hosts of a socket's listeners; those that share a table have
// the same.
func hostsOf(k *local.Socket) (out []*routing.Host) {
	for _, l := range k.Server.Listeners {
		if !slices.Contains(k.Listeners, l.Topology) {
			continue
		}
		for _, h := range l.Hosts {
			if !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// addRule adds a match of a rule, to the rule's line when it is the last one.
func addRule(rules []render.ServedRule, e *routing.Entry) []render.ServedRule {
	name := fmt.Sprintf("%s %s rule %d", e.Route.Kind, e.Route.Key(), e.Rule.Index)
	takes := takesText(e)
	if n := len(rules); n > 0 && rules[n-1].Name == name {
		rules[n-1].Takes = append(rules[n-1].Takes, takes)
		return rules
	}
	r := render.ServedRule{Name: name, Takes: []string{takes}}
	a := e.Action
	if a.Answer != nil {
		r.Fails, r.Backends = true, []string{admin.CodeName(a.Answer.GRPC) + ": " + a.Why}
		return append(rules, r)
	}
	for i := range a.Shares {
		share := &a.Shares[i]
		num, den := share.Fraction()
		if num == 0 {
			continue
		}
		text := local.Name(share.Backend)
		if num != den {
			text += fmt.Sprintf(" %d/%d", num, den)
		}
		if share.Answer != nil {
			text += fmt.Sprintf(" (%s: %s)", admin.CodeName(share.Answer.GRPC), share.Why)
		}
		r.Backends = append(r.Backends, text)
	}
	return append(rules, r)
}

// takesText writes what a match takes, patterns after a tilde.
func takesText(e *routing.Entry) string {
	c := e.Conditions()
	text := "any call"
	switch {
	case c.Path.Kind != routing.AnyText:
		text = patternText(c.Path)
	case c.Service.Kind != routing.AnyText || c.Method.Kind != routing.AnyText:
		text = patternText(c.Service) + "/" + patternText(c.Method)
	}
	for _, h := range c.Headers {
		text += fmt.Sprintf(" with %s: %s", h.Name, patternText(h.Value))
	}
	return text
}

func patternText(p routing.Pattern) string {
	switch {
	case p.Kind == routing.AnyText:
		return "*"
	case p.Kind == routing.RegexText && p.Source != "":
		return "~" + p.Source
	case p.Kind == routing.RegexText:
		return "~" + p.Text
	}
	return p.Text
}

// try returns commands that call through a socket. grpcurl has to learn the
// messages by reflection, or from .proto files.
func (s *serving) try(k *local.Socket, h *routing.Host) []string {
	host := h.Name
	if suffix, ok := strings.CutPrefix(host, "*"); ok {
		host = "any" + suffix
	}
	words := []string{"grpcurl"}
	switch {
	case !k.TLS:
		words = append(words, "-plaintext")
	case s.options.SelfSigned:
		words = append(words, "-cacert", filepath.Join(s.options.TLSDir, local.CAFile))
	default:
		words = append(words, "-insecure")
	}
	if host != "" {
		words = append(words, "-authority", host)
	}
	base := strings.Join(words, " ")
	var out []string
	reflected := s.routed(k, host, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
	if reflected {
		out = append(out, base+" "+k.Address+" list")
	}
	for _, e := range h.Entries {
		c := e.Conditions()
		if e.Dead != "" || c.Service.Kind != routing.LiteralText || c.Method.Kind != routing.LiteralText || strings.HasPrefix(c.Service.Text, "grpc.") {
			continue
		}
		line := base
		for _, header := range c.Headers {
			if header.Value.Kind == routing.LiteralText {
				line += fmt.Sprintf(" -H '%s: %s'", header.Name, header.Value.Text)
			}
		}
		if !reflected {
			line += " -proto FILE"
		}
		out = append(out, fmt.Sprintf("%s %s %s/%s", line, k.Address, c.Service.Text, c.Method.Text))
		break
	}
	return out
}

func (s *serving) routed(k *local.Socket, host, path string) bool {
	r := routing.Request{Gateway: k.Gateway, Port: k.Port, Authority: host, Path: path}
	if k.TLS {
		r.SNI = host
	}
	for _, t := range s.tables() {
		if got := t.Lookup(&r); got.Outcome == routing.Routed {
			return true
		}
	}
	return false
}
