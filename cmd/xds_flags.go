package cmd

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// gatewayNames lists the Gateways of tables that a client may ask for.
func gatewayNames(tables []*routing.Table) []string {
	var out []string
	for _, t := range tables {
		for _, g := range t.Topology.Gateways {
			out = append(out, g.Key())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// portNames are the ports of Gateways, as flags name them.
func portNames(tables []*routing.Table) map[string]bool {
	ports := map[string]bool{}
	for _, t := range tables {
		for _, g := range t.Topology.Gateways {
			for _, l := range g.Listeners {
				ports[portName(g, l.Port)] = true
			}
		}
	}
	return ports
}

// listenAddresses reads a flag that says where ports of Gateways are opened.
func listenAddresses(flag string, list []string, input *inputOptions, ports map[string]bool) (map[string]string, error) {
	var names []string
	for name := range ports {
		names = append(names, name)
	}
	slices.Sort(names)
	out := map[string]string{}
	for _, text := range list {
		name, address, ok := strings.Cut(text, "=")
		if !ok || name == "" || address == "" {
			return nil, usagef("%s %q: expected NS/NAME:PORT=HOST:PORT, as shop/edge:443=127.0.0.1:8443", flag, text)
		}
		if !strings.Contains(name, "/") {
			name = (&serveOptions{Input: *input}).namespace() + "/" + name
		}
		if !ports[name] {
			return nil, unknownName(flag, name, "Gateway port", names)
		}
		if out[name] != "" {
			return nil, usagef("%s %s is given twice", flag, name)
		}
		if err := checkAddress(address, false); err != "" {
			return nil, usagef("%s %s: address %q: %s", flag, name, address, err)
		}
		out[name] = address
	}
	return out, nil
}

// noteText writes what a translation says, with its place.
func noteText(n *diag.Diagnostic) string {
	text := n.Message
	if n.Range.File != "" {
		text = n.Range.String() + ": " + text
	}
	if n.Object.Name != "" {
		text += " [" + strings.TrimRight(n.Object.String()+" "+n.Field, " ") + "]"
	}
	return text
}
