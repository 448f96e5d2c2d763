package haproxy

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/translate/pcre"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// door is a port while it is written.
type door struct {
	*plan.Door
	tables  []*table
	byKey   map[tableKey]*table
	acls    map[string]string // names of conditions, by their text
	lines   strings.Builder   // the conditions
	rules   strings.Builder   // the use_backend rules
	headers []string          // whose joined values are asked for
	calls   bool              // some condition asks for service or method
	dice    bool              // some calls are divided
}

// tableKey is equal for hosts whose calls meet the same.
type tableKey struct {
	first      *plan.Step
	n          int
	http, grpc int
}

// table is what the calls to a host meet, which several may share.
type table struct {
	id    int
	of    []*plan.Step
	miss  *profile.Answer
	names []string // of its hosts, for people
}

// door writes the frontend of a port.
func (w *writer) door(p *plan.Door) {
	d := &door{Door: p, byKey: map[tableKey]*table{}, acls: map[string]string{}}
	hosts := w.hosts(d)
	for _, t := range d.tables {
		w.table(d, t)
	}
	fmt.Fprintf(&w.out, "frontend %s\n", sectionName(plan.Plain(d.Name)))
	w.bind(d)
	w.out.WriteString(hosts)
	if d.calls {
		w.line(`http-request set-var(txn.call) bool(true) if { pathq -m reg '\A/[^/\x00-\x20\x7f]+/[^/\x00-\x20\x7f]+\z' }`)
		w.line("http-request set-var(txn.service) pathq,field(2,/) if { var(txn.call) -m found }")
		w.line("http-request set-var(txn.method) pathq,field(3,/) if { var(txn.call) -m found }")
		w.regexes = true
	}
	for i, h := range d.headers {
		w.joined(i, h)
	}
	if d.dice {
		w.line("http-request set-var(txn.dice) rand(%d)", sides)
	}
	w.out.WriteString(d.lines.String())
	for _, h := range d.headers {
		w.line("use_backend %s if { req.fhdr_cnt(%s) gt %d }", w.answer(tooMuch), h, maxRepeated)
	}
	w.out.WriteString(d.rules.String())
	w.line("default_backend %s\n", w.answer(&profile.Answer{HTTP: 404, GRPC: 12}))
}

func (w *writer) bind(d *door) {
	if !d.Secure {
		w.line("bind %s proto h2", d.Address)
		return
	}
	text := "bind " + d.Address + " ssl"
	for _, l := range d.Lanes {
		if l.Listener == nil {
			continue // it shows what another one has
		}
		for _, pair := range l.Pairs {
			if crt := " crt " + quoted(pair.Certificate); !strings.Contains(text, crt) {
				text += crt
			}
		}
	}
	if c := d.Clients; c != nil {
		text += " ca-file " + quoted(c.CA)
		if c.Optional {
			text += " verify optional ca-ignore-err all crt-ignore-err all"
		} else {
			text += " verify required"
		}
	}
	w.line("%s alpn h2,http/1.1", text)
}

// hosts writes the rules that find the table of a call: its SNI gives the lane, its
// authority the host.
func (w *writer) hosts(d *door) string {
	var b strings.Builder
	rule := func(format string, args ...any) { fmt.Fprintf(&b, "    http-request "+format+"\n", args...) }
	rule(`set-var(txn.host) 'req.hdr(host),host_only,lower,regsub(\.$,)'`)
	lanes := len(d.Lanes) > 1
	if lanes {
		for i, l := range d.Lanes {
			cond := w.hostCondition("ssl_fc_sni,lower", l.SNI, l.Hosts[0].OneLabel)
			if l.Listener == nil {
				cond = ""
			}
			rule("set-var(txn.lane) int(%d) if !{ var(txn.lane) -m found }%s", i, cond)
		}
	}
	for i, l := range d.Lanes {
		lane := ""
		if lanes {
			lane = fmt.Sprintf(" { var(txn.lane) -m int %d }", i)
		}
		for _, h := range l.Hosts {
			rule("set-var(txn.table) int(%d) if !{ var(txn.table) -m found }%s%s", d.table(h).id, lane, w.hostCondition("var(txn.host)", h.Name, h.OneLabel))
		}
	}
	return b.String()
}

// hostCondition writes the condition that a hostname takes a host, with a blank
// before it; "" for one that takes all.
func (w *writer) hostCondition(of, name string, oneLabel bool) string {
	rest, wild := strings.CutPrefix(name, "*")
	switch {
	case name == "":
		return ""
	case wild && oneLabel:
		w.regexes = true
		return fmt.Sprintf(" { %s -m reg -- '\\A[^.]+%s\\z' }", of, pcre.Quote(rest))
	case wild:
		return fmt.Sprintf(" { %s -m end -- %s } !{ %s -m str -- %s }", of, rest, of, rest)
	}
	return fmt.Sprintf(" { %s -m str -- %s }", of, name)
}

// table returns the table of a host.
func (d *door) table(h *plan.Host) *table {
	key := tableKey{n: len(h.Steps), http: h.Miss.HTTP, grpc: h.Miss.GRPC}
	if len(h.Steps) > 0 {
		key.first = h.Steps[0]
	}
	t := d.byKey[key]
	if t == nil {
		t = &table{miss: h.Miss, id: len(d.tables), of: h.Steps}
		d.byKey[key] = t
		d.tables = append(d.tables, t)
	}
	t.names = append(t.names, h.Name)
	return t
}

// maxRepeated is how often a header may be sent whose values are asked for joined.
const maxRepeated = 4

// tooMuch is the answer to calls that send a header more often than its values are
// joined, or more characters than a condition can be asked of.
var tooMuch = &profile.Answer{HTTP: 431, GRPC: 8}

// joined sets a variable to the values of a header, joined with ",". It is not set
// when the header is not sent.
func (w *writer) joined(i int, name string) {
	w.line("http-request set-var(txn.h%d) req.fhdr(%s,1) if { req.fhdr_cnt(%s) gt 0 }", i, name, name)
	for n := 2; n <= maxRepeated; n++ {
		cond := fmt.Sprintf("{ req.fhdr_cnt(%s) ge %d }", name, n)
		w.line("http-request set-var(txn.more) req.fhdr(%s,%d) if %s", name, n, cond)
		w.line(`http-request set-var(txn.h%d) 'var(txn.h%d),concat(",",txn.more)' if %s`, i, i, cond)
	}
}
