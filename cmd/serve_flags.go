package cmd

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
)

// backends reads --backend. Each must name what a rule refers to.
func (o *serveOptions) backends(tables []*routing.Table) (map[local.Ref][]string, error) {
	known := map[string]local.Ref{}
	var names []string
	for _, b := range local.Backends(tables) {
		r := local.RefOf(b)
		known[r.String()] = r
		names = append(names, r.String())
	}
	slices.Sort(names)
	out := map[local.Ref][]string{}
	for _, text := range o.Backends {
		name, list, ok := strings.Cut(text, "=")
		if !ok || name == "" || list == "" {
			return nil, usagef("--backend %q: expected NS/NAME:PORT=HOST:PORT, as shop/catalog:50051=127.0.0.1:9000", text)
		}
		if _, host := known[name]; !host && !strings.Contains(name, "/") {
			name = o.namespace() + "/" + name
		}
		ref, ok := known[name]
		if !ok {
			return nil, unknownName("--backend", name, "backendRef", names)
		}
		for address := range strings.SplitSeq(list, ",") {
			if err := checkAddress(address, false); err != "" {
				return nil, usagef("--backend %s: address %q: %s", name, address, err)
			}
			out[ref] = append(out[ref], address)
		}
	}
	return out, nil
}

func (o *serveOptions) namespace() string {
	if o.Input.Namespace != "" {
		return o.Input.Namespace
	}
	return "default"
}

// unknownName refuses a name of nothing in the input.
func unknownName(flag, name, what string, names []string) error {
	switch near := lint.Nearest(name, names); {
	case near != "":
		return usagef("%s %s: no such %s in the input: did you mean %s?", flag, name, what, near)
	case len(names) == 0:
		return usagef("%s %s: the input has no %s", flag, name, what)
	case len(names) <= 8:
		return usagef("%s %s: no such %s in the input: expected one of %s", flag, name, what, strings.Join(names, ", "))
	}
	return usagef("%s %s: no such %s in the input: expected one of %s and %d more", flag, name, what, strings.Join(names[:8], ", "), len(names)-8)
}

// addresses reads --gateway-address.
func (o *serveOptions) addresses(tables []*routing.Table) (map[string]string, error) {
	var names []string
	for _, t := range tables {
		for _, g := range t.Topology.Gateways {
			names = append(names, g.Key())
		}
	}
	out := map[string]string{}
	for _, text := range o.Addresses {
		name, address, ok := strings.Cut(text, "=")
		if !ok || name == "" || address == "" {
			return nil, usagef("--gateway-address %q: expected NS/NAME=IP, as shop/edge=127.1.0.1", text)
		}
		if !strings.Contains(name, "/") {
			name = o.namespace() + "/" + name
		}
		if !slices.Contains(names, name) {
			return nil, unknownName("--gateway-address", name, "Gateway", names)
		}
		if out[name] != "" {
			return nil, usagef("--gateway-address %s is given twice", name)
		}
		ip := address
		if host, port, err := net.SplitHostPort(address); err == nil && port == "0" {
			ip = host
		}
		if _, err := netip.ParseAddr(strings.Trim(ip, "[]")); err != nil {
			return nil, usagef("--gateway-address %s: %q is no IP address: expected one as 127.1.0.1, or 127.1.0.1:0 for free ports", name, address)
		}
		if ip == address {
			address = strings.Trim(ip, "[]")
		}
		out[name] = address
	}
	return out, nil
}

func checkListen(address string) error {
	if address == "" {
		return nil
	}
	if err := checkAddress(address, true); err != "" {
		return usagef("--listen %q: %s", address, err)
	}
	return nil
}

func checkAdmin(address string) error {
	if address == "" {
		return nil
	}
	if err := checkAddress(address, true); err != "" {
		return usagef("--admin %q: %s", address, err)
	}
	return nil
}

// checkAddress says what keeps a text from being HOST:PORT, "" when nothing does.
func checkAddress(address string, zero bool) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "expected HOST:PORT, as 127.0.0.1:50051"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && !zero {
		return "expected a port number from 1 to 65535"
	}
	if host == "" && !zero {
		return "expected a host before the port, as 127.0.0.1:" + port
	}
	return ""
}
