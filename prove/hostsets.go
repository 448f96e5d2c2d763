package prove

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// HostSet is a set of hosts that no hostname in sight tells apart.
type HostSet struct {
	Host string // one of them
	Text string // for people: "a.example.com", "*.example.com", "any other host"
	// Exact: Host is the only one.
	Exact bool
	// Pattern is an RE2 expression for the hosts, and for those that another set with
	// a longer one takes out of them.
	Pattern string
}

// HostSets divides all hosts by hostnames: exact ones, "*" and what a host ends with,
// what it begins with and "*"; "" and "*" are any host. Where a wildcard may cover one
// label only, deeper hosts are a set of their own.
func HostSets(names []string, oneLabel bool) []HostSet {
	d := &hostDivision{exact: map[string]bool{}, ends: []string{""}, begins: []string{""}}
	for _, n := range names {
		switch {
		case n == "" || n == "*":
		case n[0] == '*':
			d.ends = append(d.ends, n[1:])
		case n[len(n)-1] == '*':
			d.begins = append(d.begins, n[:len(n)-1])
		default:
			d.exact[n] = true
		}
	}
	longest := func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) }
	for _, list := range []*[]string{&d.ends, &d.begins} {
		slices.SortFunc(*list, longest)
		*list = slices.Compact(*list)
	}
	var out []HostSet
	for n := range d.exact {
		out = append(out, HostSet{n, n, true, regexp.QuoteMeta(n)})
	}
	slices.SortFunc(out, func(a, b HostSet) int { return longest(a.Host, b.Host) })
	for _, begin := range d.begins {
		for _, end := range d.ends {
			out = append(out, d.set(begin, end, oneLabel)...)
		}
	}
	return out
}

// hostDivision is what hosts are told apart by.
type hostDivision struct {
	exact        map[string]bool
	ends, begins []string // the longest first, "" last
}

// set is the hosts of which begin and end are the longest that apply.
func (d *hostDivision) set(begin, end string, oneLabel bool) []HostSet {
	host, ok := d.fresh(begin, end)
	if !ok {
		return nil
	}
	text := begin + "*" + end
	if text == "*" {
		text = "any other host"
		if len(d.exact) == 0 && len(d.ends) == 1 && len(d.begins) == 1 {
			text = "any host"
		}
	}
	label := `[a-z0-9_-]+`
	pattern := func(middle string) string { return regexp.QuoteMeta(begin) + middle + regexp.QuoteMeta(end) }
	if !oneLabel || !strings.HasPrefix(end, ".") {
		return []HostSet{{host, text, false, pattern(label + `(?:\.` + label + `)*`)}}
	}
	out := []HostSet{{host, text, false, pattern(label)}}
	if deep, ok := d.fresh(begin, "."+host[len(begin):]); ok {
		out = append(out, HostSet{deep, text + " with more labels", false, pattern(label + `(?:\.` + label + `)+`)})
	}
	return out
}

// longest returns the longest end of a host.
func (d *hostDivision) longest(host string) string {
	for _, end := range d.ends {
		if strings.HasSuffix(host, end) {
			return end
		}
	}
	return ""
}

// fresh finds such a host.
func (d *hostDivision) fresh(begin, end string) (string, bool) {
	tail, longest := end, d.longest(end)
	if end == "" {
		tail = ".invalid"
	}
	for i := range 1000 {
		label := "any"
		if i > 0 {
			label = fmt.Sprintf("any%d", i)
		}
		host := begin + label + tail
		first := d.begins[slices.IndexFunc(d.begins, func(b string) bool { return strings.HasPrefix(host, b) })]
		if !d.exact[host] && first == begin && d.longest(host) == longest {
			return host, true
		}
	}
	return "", false
}
