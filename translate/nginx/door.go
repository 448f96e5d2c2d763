package nginx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// door is a port while it is written.
type door struct {
	*plan.Door
	name   string // prefix of its variables
	tables []*table
	byKey  map[tableKey]*table
	// splits are the variables that choose one of a rule's parts, by the rule; names
	// are those of the places that are used.
	splits []split
	chosen map[*plan.Action]string
	// rule is the variable with the rule of a call, place that with its place.
	rule, place string
	// dashed: some condition asks a header that nginx cannot tell from another one,
	// which is sent with "_" for "-".
	dashed bool
}

// tableKey is equal for hosts whose calls meet the same.
type tableKey struct {
	first      *plan.Step
	n          int
	http, grpc int
}

// table is what the calls to a host meet, which several may share.
type table struct {
	miss  *profile.Answer
	id    int
	names []string // of its hosts, for people
	of    []*plan.Step
	rest  []*plan.Step // those that are not settled by the path alone
}

// door writes the maps and servers of a port.
func (w *writer) door(p *plan.Door, name string) {
	d := &door{Door: p, name: name, byKey: map[tableKey]*table{}, chosen: map[*plan.Action]string{}}
	w.line(1, "# %s", plan.Plain(d.Name))
	w.hosts(d)
	w.known(d)
	for _, t := range d.tables {
		w.wide(d, t)
	}
	w.choose(d)
	for _, s := range d.splits {
		w.split(s)
	}
	for i, l := range d.Lanes {
		w.server(d, l, i)
	}
}

// hosts writes the maps from hostnames to tables.
func (w *writer) hosts(d *door) {
	if len(d.Lanes) == 1 {
		w.hostMap(d, d.Lanes[0], d.name+"_host")
		return
	}
	w.begin("$ssl_server_name", d.name+"_lane")
	w.line(2, "hostnames;")
	for i, l := range d.Lanes {
		key := hostKey(l.SNI, l.Hosts[0].OneLabel)
		if l.Listener == nil {
			key = "default"
		}
		w.entry(key, strconv.Itoa(i))
	}
	w.end(len(d.Lanes))
	for i, l := range d.Lanes {
		w.hostMap(d, l, fmt.Sprintf("%s_lane_%d", d.name, i))
	}
	w.begin("$"+d.name+"_lane", d.name+"_host")
	for i := range d.Lanes {
		w.entry(strconv.Itoa(i), fmt.Sprintf("$%s_lane_%d", d.name, i))
	}
	w.end(len(d.Lanes))
}

func (w *writer) hostMap(d *door, l *plan.Lane, name string) {
	w.begin("$host", name)
	w.line(2, "hostnames;")
	for _, h := range l.Hosts {
		w.entry(hostKey(h.Name, h.OneLabel), strconv.Itoa(d.table(h).id))
	}
	w.end(len(l.Hosts))
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

// server writes the server of a lane. All of them route alike: the one that nginx
// takes is that of the authority, whatever the SNI was.
func (w *writer) server(d *door, l *plan.Lane, i int) {
	w.line(1, "server { # %s", plan.Plain(d.Name))
	if d.Secure {
		suffix := ""
		if i == len(d.Lanes)-1 {
			suffix = " default_server"
		}
		w.line(2, "listen %s ssl http2%s;", d.Address, suffix)
		if l.SNI != "" {
			w.line(2, "server_name %s;", hostKey(l.SNI, false))
		}
		w.certificates(d, l)
	} else {
		w.line(2, "listen %s http2;", d.Address)
	}
	if !d.dashed {
		w.line(2, "underscores_in_headers on;")
		w.line(2, "ignore_invalid_headers off;")
	}
	w.line(2, "location / {")
	w.line(3, "error_page 418 = @$%s;", d.place)
	w.line(3, "return 418;")
	w.line(2, "}")
	w.locations(d, l)
	w.line(1, "}\n")
}

func (w *writer) certificates(d *door, l *plan.Lane) {
	for _, pair := range l.Pairs {
		w.line(2, "ssl_certificate %s;", quoted(pair.Certificate))
		w.line(2, "ssl_certificate_key %s;", quoted(pair.Key))
	}
	if len(l.Pairs) > 1 && l.Listener != nil {
		w.Depends(l.Listener.Doc(), l.Listener.Path("tls", "certificateRefs"), "of several certificates with keys of one type, as RSA, nginx shows the last")
	}
	if c := d.Clients; c != nil {
		mode := "on"
		if c.Optional {
			mode = "optional_no_ca"
		}
		w.line(2, "ssl_verify_client %s;", mode)
		w.line(2, "ssl_client_certificate %s;", quoted(c.CA))
	}
}

// covers reports whether a hostname takes the hosts of another one.
func covers(name, other string) bool {
	return name == "" || name == other || strings.HasPrefix(name, "*.") && strings.HasSuffix(other, name[1:])
}
