package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
)

// teller writes what serve has to say, a line each, to the standard error.
type teller struct {
	mu    sync.Mutex
	w     io.Writer
	json  bool
	level int
}

const (
	tellInfo = iota
	tellWarn
	tellError
)

// tellLevels are the values of --log-level.
var tellLevels = []string{"info", "warn", "error"}

func newTeller(s *Streams, level, format string) *teller {
	return &teller{w: s.Err, json: format == "json", level: slices.Index(tellLevels, level)}
}

func (t *teller) line(level int, text string) {
	if level < t.level {
		return
	}
	prefix := [...]string{"", "warning: ", "error: "}[min(level, tellError)]
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if t.json {
			t.write(&told{Level: tellLevels[level], Message: strings.TrimSpace(line)})
			continue
		}
		fmt.Fprintf(t.w, "%s%s\n", prefix, line)
	}
}

// told is a message in JSON. The addresses come with "listening" only.
type told struct {
	Time    string `json:"time"`
	Level   string `json:"level"`
	Message string `json:"msg"`
	Address string `json:"address,omitempty"`
	Gateway string `json:"gateway,omitempty"`
	Port    int32  `json:"port,omitempty"`
	TLS     bool   `json:"tls,omitempty"`
}

// write writes a message as an object on a line of its own; t.mu is held.
func (t *teller) write(m *told) {
	m.Time = time.Now().UTC().Format(timeForm)
	e := json.NewEncoder(t.w)
	e.SetEscapeHTML(false)
	_ = e.Encode(m) // whoever reads it may be gone
}

// listening tells of sockets.
func (t *teller) listening(sockets []local.Socket) {
	if !t.json {
		for _, s := range sockets {
			t.infof("%s", socketLine(s))
		}
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range sockets {
		t.write(&told{Level: tellLevels[tellInfo], Message: "listening", Address: s.Address, Gateway: s.Gateway, Port: s.Port, TLS: s.TLS})
	}
}

func (t *teller) infof(format string, args ...any) { t.line(tellInfo, fmt.Sprintf(format, args...)) }
func (t *teller) warnf(format string, args ...any) { t.line(tellWarn, fmt.Sprintf(format, args...)) }
func (t *teller) errorf(format string, args ...any) {
	t.line(tellError, fmt.Sprintf(format, args...))
}

// always writes what no level leaves out.
func (t *teller) always(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.json {
		t.write(&told{Level: tellLevels[tellInfo], Message: text})
		return
	}
	fmt.Fprintln(t.w, text)
}

// tellStart says what listens where, what is routed, what is not, and how to try
// it.
func (o *serveOptions) tellStart(tell *teller, g *local.Gateway, tables []*routing.Table) {
	tell.listening(g.Sockets())
	for _, line := range routeLines(tables) {
		tell.infof("%s", line)
	}
	for _, f := range g.Backends() {
		if f.Err == nil {
			tell.infof("%s", backendLine(f))
		}
	}
	ca := g.AuthorityFile()
	if ca != "" {
		tell.infof("clients trust %s", ca)
	}
	for _, s := range g.Sockets() {
		if line := o.tryLine(tables, s, ca); line != "" {
			tell.infof("try: %s", line)
		}
	}
	o.tellTrouble(tell, g, tables)
}

// tellTrouble says what is not served.
func (o *serveOptions) tellTrouble(tell *teller, g *local.Gateway, tables []*routing.Table) {
	for _, line := range refusedLines(tables) {
		tell.warnf("%s", line)
	}
	for _, note := range g.Notes() {
		tell.warnf("%s", note)
	}
	for _, f := range g.Backends() {
		if f.Err != nil {
			tell.warnf("backend %s is unavailable: %v", f.Ref, f.Err)
		}
	}
	for _, line := range failingLines(tables) {
		tell.warnf("%s", line)
	}
}

// backendLine says how a backend is reached.
func backendLine(f local.Found) string {
	line := fmt.Sprintf("backend %s → %s (%s)", f.Ref, strings.Join(f.Addresses, ", "), f.From)
	if f.TLS {
		line += ", TLS by its policy"
	}
	return line
}

func socketLine(s local.Socket) string {
	scheme := "http2 without TLS"
	if s.TLS {
		scheme = "TLS"
	}
	if s.Port == 0 {
		return fmt.Sprintf("Gateway %s (not in the input) → %s, %s", s.Gateway, s.Address, scheme)
	}
	return fmt.Sprintf("Gateway %s :%d → %s, %s, listeners %s", s.Gateway, s.Port, s.Address, scheme, strings.Join(s.Listeners, ", "))
}

// routeLines lists what is routed, by host.
func routeLines(tables []*routing.Table) []string {
	var out []string
	seen := map[string]bool{}
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service != "" {
				continue
			}
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						if e.Host.Name != h.Name {
							continue
						}
						host := h.Name
						if host == "" {
							host = "*"
						}
						line := fmt.Sprintf("  %s  %s %s rule %d → %s", host, e.Route.Kind, e.Route.Key(), e.Rule.Index, targets(e.Action))
						if !seen[line] {
							seen[line] = true
							out = append(out, line)
						}
					}
				}
			}
		}
	}
	return out
}

// targets names the backends of an action.
func targets(a *routing.Action) string {
	var out []string
	for i := range a.Shares {
		s := &a.Shares[i]
		text := local.RefOf(s.Backend).String()
		if len(a.Shares) > 1 && a.Total > 0 {
			text += fmt.Sprintf(" (%d of %d)", s.Weight, a.Total)
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "no backend"
	}
	return strings.Join(out, ", ")
}
