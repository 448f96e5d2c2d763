package simulate

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// hostOf is the host of an authority as matching sees it: without port and one
// trailing dot, in lower case (RFC 9110, section 4.2.3, compares hosts
// without case).
func hostOf(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		authority = host
	}
	return strings.ToLower(strings.TrimSuffix(authority, "."))
}

// hostNames lists the hostnames under which endpoints have entries, sorted; ""
// stands for any host.
func hostNames(es []endpoint) []string {
	var names []string
	for _, e := range es {
		for _, l := range e.server.Listeners {
			for _, h := range l.Hosts {
				if len(h.Entries) > 0 {
					names = append(names, h.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// servedHosts names a few of the hosts that routes answer for.
func servedHosts(es []endpoint) string {
	const few = 5
	names := slices.DeleteFunc(hostNames(es), func(name string) bool { return name == "" })
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}

// covers reports whether a hostname takes a host. A wildcard stands for one or
// more labels (GA apis/v1/grpcroute_types.go); "" takes any host.
func covers(name, host string) bool {
	suffix, wild := strings.CutPrefix(name, "*")
	return name == "" || name == host || wild && strings.HasSuffix(host, suffix)
}

// sample returns a concrete host that a hostname takes and that no more specific
// one of the others does: "any.example.com" for "*.example.com".
func sample(name string, others []string) string {
	suffix, wild := strings.CutPrefix(name, "*")
	if name != "" && !wild {
		return name
	}
	for i := 1; ; i++ {
		nth := ""
		if i > 1 {
			nth = strconv.Itoa(i)
		}
		host := "any" + nth + suffix
		if name == "" {
			host = "any.example" + nth
		}
		if !slices.ContainsFunc(others, func(o string) bool { return len(o) > len(name) && covers(o, host) }) {
			return host
		}
	}
}

// onlyHost returns the authority of a call that names none: the one possible
// host. A wildcard counts with a concrete sample of it, since a call goes to one
// host; the note says so.
func onlyHost(es []endpoint) (authority, note string, err error) {
	names := hostNames(es)
	switch len(names) {
	case 0:
		return "", "", nil // nothing is served: the answer does not depend on the host
	case 1:
		host := sample(names[0], names)
		switch {
		case host == names[0]:
		case names[0] == "":
			note = fmt.Sprintf("the routes take any host; %q stands for one", host)
		default:
			note = fmt.Sprintf("%q stands for a host under %q", host, names[0])
		}
		return host, note, nil
	}
	var list []string
	for _, name := range names {
		switch host := sample(name, names); {
		case host == name:
			list = append(list, name)
		case name == "":
			list = append(list, fmt.Sprintf("any other host (as %s)", host))
		default:
			list = append(list, fmt.Sprintf("%s (as %s)", name, host))
		}
	}
	return "", "", fmt.Errorf("choose the host of the call: several are possible: put one of them before the service, or give --authority: %s", strings.Join(list, ", "))
}
