package admin

import (
	"fmt"
	"net/http"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// The answer to /table, grpcroute.table/v1.
type (
	tableAnswer struct {
		Schema    string         `json:"schema"`
		Listeners []Listener     `json:"listeners"`
		Servers   []serverAnswer `json:"servers"`
	}
	serverAnswer struct {
		Profile  string       `json:"profile"`
		Gateways []string     `json:"gateways"`
		Port     int32        `json:"port,omitempty"`
		TLS      bool         `json:"tls"`
		Hosts    []hostAnswer `json:"hosts"`
	}
	hostAnswer struct {
		Listener string        `json:"listener"` // "" where several share a table
		Host     string        `json:"host"`     // "" for any
		Entries  []entryAnswer `json:"entries"`  // the first that matches wins
	}
	entryAnswer struct {
		Route    string          `json:"route"` // "GRPCRoute NS/NAME"
		Rule     int             `json:"rule"`
		RuleName string          `json:"ruleName,omitempty"`
		Match    *int            `json:"match"` // null for a rule without matches
		Path     string          `json:"path"`  // "" for any
		Headers  []string        `json:"headers"`
		Dead     string          `json:"dead,omitempty"` // why it takes no call
		Backends []backendAnswer `json:"backends"`
		Code     string          `json:"code,omitempty"` // of every call, when no backend gets any
		Why      string          `json:"why,omitempty"`
	}
	backendAnswer struct {
		Name  string `json:"name"` // "NS/NAME:PORT"
		Share string `json:"share"`
		Code  string `json:"code,omitempty"` // of its share, when it cannot be used
		Why   string `json:"why,omitempty"`
	}
	callsAnswer struct {
		Calls   []counted `json:"calls"`
		Open    int       `json:"open"`
		Clients int       `json:"clients"`
	}
)

// serveTable answers with the tables as they are.
func (a *Admin) serveTable(w http.ResponseWriter, _ *http.Request) {
	out := tableAnswer{Schema: "grpcroute.table/v1", Listeners: a.options.Listeners(), Servers: []serverAnswer{}}
	for _, t := range a.options.Tables() {
		for _, s := range t.Servers {
			if s.Service == "" {
				out.Servers = append(out.Servers, serverOf(s))
			}
		}
	}
	writeJSON(w, out)
}

// serveCalls answers with what was counted so far.
func (a *Admin) serveCalls(w http.ResponseWriter, _ *http.Request) {
	now := a.options.Stats()
	writeJSON(w, callsAnswer{Calls: a.metrics.list(), Open: now.Calls, Clients: now.Clients})
}

func serverOf(s *routing.Server) serverAnswer {
	out := serverAnswer{Profile: s.Profile.Name, Port: s.Port, TLS: s.TLS, Hosts: []hostAnswer{}}
	for _, g := range s.Gateways {
		out.Gateways = append(out.Gateways, g.Key())
	}
	seen := map[*routing.Host]bool{}
	for _, l := range s.Listeners {
		for _, h := range l.Hosts {
			if seen[h] {
				continue // the listeners share a table
			}
			seen[h] = true
			host := hostAnswer{Host: h.Name, Entries: []entryAnswer{}}
			if l.Topology != nil {
				host.Listener = l.Topology.Name
			}
			for _, e := range h.Entries {
				host.Entries = append(host.Entries, entryOf(e))
			}
			out.Hosts = append(out.Hosts, host)
		}
	}
	return out
}

func entryOf(e *routing.Entry) entryAnswer {
	out := entryAnswer{
		Route: e.Route.Kind + " " + e.Route.Key(), Rule: e.Rule.Index, RuleName: e.Rule.Name, Dead: e.Dead,
		Headers: []string{}, Backends: []backendAnswer{},
	}
	if e.Match >= 0 {
		out.Match = &e.Match
	}
	if e.Dead == "" {
		out.conditions(e.Conditions())
	}
	a := e.Action
	out.Code, out.Why = answered(a.Answer), a.Why
	for i := range a.Shares {
		s := &a.Shares[i]
		num, den := s.Fraction()
		out.Backends = append(out.Backends, backendAnswer{
			Name: s.Backend.Label(), Share: fmt.Sprintf("%d/%d", num, den), Code: answered(s.Answer), Why: s.Why,
		})
	}
	return out
}

func answered(a *profile.Answer) string {
	if a == nil {
		return ""
	}
	return CodeName(a.GRPC)
}

// conditions writes what an entry asks, patterns between slashes as RE2.
func (a *entryAnswer) conditions(c routing.Conditions) {
	switch {
	case c.Path.Kind != routing.AnyText:
		a.Path = patternText(c.Path)
	case c.Service.Kind != routing.AnyText || c.Method.Kind != routing.AnyText:
		a.Path = "/" + patternText(c.Service) + "/" + patternText(c.Method)
	}
	for _, h := range c.Headers {
		a.Headers = append(a.Headers, h.Name+": "+patternText(h.Value))
	}
}

func patternText(p routing.Pattern) string {
	switch p.Kind {
	case routing.AnyText:
		return "*"
	case routing.LiteralText:
		return p.Text
	case routing.RegexText:
		if p.Source != "" {
			return "~" + p.Source
		}
		return "~" + p.Text
	}
	return "(nothing)"
}
