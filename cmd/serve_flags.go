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
	"github.com/grpcroute/grpcroute/topology"
)

func containsStdin(files []string) bool { return slices.Contains(files, "-") }

// checkMock refuses flags of mocks without mocks, and a descriptor set from where
// none can come.
func (o *serveOptions) checkMock() error {
	switch {
	case !o.Mock && len(o.MockLatency)+len(o.MockError)+len(o.Protos)+len(o.DescriptorSets) > 0:
		return usagef("--mock-latency, --mock-error, --proto and --descriptor-set are for --mock")
	case !containsStdin(o.DescriptorSets):
	case containsStdin(o.Input.Files):
		return usagef("-f - and --descriptor-set -: standard input can be one of the two")
	case interactive(o.Streams.In):
		return usagef("standard input is a terminal: pipe a descriptor set into it, as in `buf build -o - | grpcroute serve -f manifests/ --mock --descriptor-set -`")
	}
	return nil
}

// parseAddresses reads --gateway-address NS/NAME=IP.
func parseAddresses(list []string) (map[string]netip.Addr, error) {
	out := map[string]netip.Addr{}
	for _, text := range list {
		name, ip, ok := strings.Cut(text, "=")
		if !ok || strings.Count(name, "/") > 1 || name == "" {
			return nil, usagef("--gateway-address %s: expected NS/NAME=IP, as infra/edge=127.1.0.1", text)
		}
		address, err := netip.ParseAddr(ip)
		if err != nil {
			return nil, usagef("--gateway-address %s: %q is not an IP address; expected NS/NAME=IP, as infra/edge=127.1.0.1", text, ip)
		}
		if !strings.Contains(name, "/") {
			name = "default/" + name
		}
		if _, twice := out[name]; twice {
			return nil, usagef("--gateway-address: Gateway %s is given twice", name)
		}
		out[name] = address
	}
	return out, nil
}

func checkListen(list []string) error {
	for _, text := range list {
		if _, port, err := net.SplitHostPort(text); err != nil || !isPort(port, 0) {
			return usagef("--listen %s: expected HOST:PORT, as 127.0.0.1:50051", text)
		}
	}
	return nil
}

func isPort(text string, least uint64) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n >= least
}

// parseBackends reads --backend NS/NAME:PORT=HOST:PORT[,HOST:PORT...].
func parseBackends(list []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, text := range list {
		wrong := func(why string) error {
			return usagef("--backend %s: %s; expected NS/NAME:PORT=HOST:PORT[,HOST:PORT...], as shop/cart:50051=127.0.0.1:9000", text, why)
		}
		name, addresses, ok := strings.Cut(text, "=")
		if !ok {
			return nil, wrong("there is no =")
		}
		object, port, ok := strings.Cut(name, ":")
		if !ok || object == "" || !isPort(port, 1) {
			return nil, wrong(strconv.Quote(name) + " is not a name and a port")
		}
		if !strings.Contains(name, "/") {
			name = "default/" + name
		}
		for address := range strings.SplitSeq(addresses, ",") {
			host, port, err := net.SplitHostPort(address)
			if err != nil || host == "" || !isPort(port, 1) {
				return nil, wrong(strconv.Quote(address) + " is not a host and a port")
			}
			out[name] = append(out[name], address)
		}
	}
	return out, nil
}

// checkNames refuses flags that name what the tables do not have.
func (o *serveOptions) checkNames(tables []*routing.Table) error {
	backends, gateways := backendNames(tables), gatewayNames(tables)
	for name := range o.backends {
		if !slices.Contains(backends, name) {
			return unknownName("--backend", "backendRef", name, backends)
		}
	}
	missing := 0
	for _, t := range tables {
		for _, g := range t.Topology.Gateways {
			if g.Object == nil {
				missing++
			}
		}
	}
	for name := range o.addresses {
		if !slices.Contains(gateways, name) {
			return unknownName("--gateway-address", "Gateway", name, gateways)
		}
	}
	if len(o.Listen) > missing {
		return usagef("--listen is for Gateways that are not in the input, of which there are %d: listeners of the others open at their own ports, or at those of --gateway-address", missing)
	}
	return nil
}

func unknownName(flag, what, name string, have []string) error {
	if near := lint.Nearest(name, have); near != "" {
		return usagef("%s: no %s is %q: did you mean %q?", flag, what, name, near)
	}
	if len(have) == 0 {
		return usagef("%s: no %s is %q: the input has none", flag, what, name)
	}
	return usagef("%s: no %s is %q: the input has %s", flag, what, name, strings.Join(have, ", "))
}

// eachBackend walks the backendRefs of tables, and the targets of mirrors.
func eachBackend(tables []*routing.Table, visit func(*topology.Backend)) {
	mirrors := func(list []*topology.Filter) {
		for _, f := range list {
			if f.Mirror != nil {
				visit(f.Mirror)
			}
		}
	}
	for _, t := range tables {
		for _, r := range t.Topology.Routes {
			for _, rule := range r.Rules {
				mirrors(rule.Filters)
				for _, b := range rule.Backends {
					visit(b)
					mirrors(b.Filters)
				}
			}
		}
	}
}

func backendNames(tables []*routing.Table) (names []string) {
	eachBackend(tables, func(b *topology.Backend) { names = append(names, local.Name(b)) })
	slices.Sort(names)
	return slices.Compact(names)
}

func gatewayNames(tables []*routing.Table) (names []string) {
	for _, t := range tables {
		for _, g := range t.Topology.Gateways {
			if g.Object != nil {
				names = append(names, g.Key())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
