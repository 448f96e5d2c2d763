package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// doubt notes what is not known of some calls, once for all hosts.
func (x *comparing) doubt(d *door, v *view, calls, why string) {
	if calls != "" {
		why = calls + ": " + why
	}
	key := d.String() + "\x01" + why
	q := x.doubts[key]
	if q == nil {
		q = &doubted{door: d, why: why}
		x.doubts[key] = q
		x.order = append(x.order, q)
	}
	if !slices.Contains(q.hosts, v.text()) {
		q.hosts = append(q.hosts, v.text())
	}
}

// doubted is something that is not known of the calls to some hosts.
type doubted struct {
	door  *door
	hosts []string
	why   string
}

// most is how many hosts of an open question are named.
const most = 4

func (q *doubted) String() string {
	hosts := q.hosts
	if n := len(hosts); n > most+1 {
		hosts = append(slices.Clone(hosts[:most]), fmt.Sprintf("%d more hosts", n-most))
	}
	return fmt.Sprintf("%s, calls to %s: %s", q.door, strings.Join(hosts, ", "), q.why)
}

// settings gathers what routes ask for beside routing.
func (x *comparing) settings() {
	type one struct {
		count int
		first routePlace
	}
	byText := map[string]*one{}
	var order []string
	for p, o := range x.results {
		for _, s := range o.settings {
			if byText[s] == nil {
				byText[s] = &one{first: p}
				order = append(order, s)
			}
			e := byText[s]
			e.count++
			if before(p.route.at, e.first.route.at) {
				e.first = p
			}
		}
	}
	slices.Sort(order)
	for _, s := range order {
		e := byText[s]
		name := &prove.Effect{}
		e.first.name(name)
		text := fmt.Sprintf("%s (%s): %s", name.Who, e.first.route.at, s)
		if e.count > 1 {
			text += fmt.Sprintf(", as do %d others", e.count-1)
		}
		x.out.Settings = append(x.out.Settings, text)
	}
}

func before(a, b place) bool {
	if c := strings.Compare(a.file, b.file); c != 0 {
		return c < 0
	}
	return a.line < b.line
}

// Certain reports how certain what the manifests say about a region is, and what that
// depends on.
func Certain(tables []*routing.Table, r *prove.Region) (diag.Certainty, []string) {
	for _, t := range tables {
		if len(t.Serving(&r.Witness)) == 1 {
			return r.Certain(t, nil)
		}
	}
	return diag.Certain, nil
}
