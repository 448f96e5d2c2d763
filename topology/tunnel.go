package topology

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Tunnel is the transport protocol of a tunnel as the input sets it.
type Tunnel struct {
	Protocol string // lower case, trimmed; "" when the input does not say
	Range    diag.Range
	Source   string // as "Helm value proxy.tunnel.protocol"
	Doc      *manifest.Document
	Path     manifest.Path
	// Others are further places that set another protocol.
	Others []Tunnel
}

// The places that set the tunnel's protocol: the proxy reads the environment
// variable, the controller the flag, and the chart writes both from the value.
const (
	tunnelEnv   = "PROXY_TUNNEL_PROTOCOL"
	tunnelFlag  = "--tunnel-protocol"
	tunnelValue = "proxy.tunnel.protocol"
)

// tunnel reads the tunnel protocol: from the options, else from what runs (a
// Deployment), else from what would render it (Helm values).
func (x *resolver) tunnel() Tunnel {
	if !x.Profile.Transport.Tunnel {
		return Tunnel{}
	}
	var found []Tunnel
	for _, d := range x.Set.Deployments.All {
		found = append(found, tunnelsOf(d.Doc, d.Value)...)
	}
	for _, d := range x.Set.HelmValues {
		found = append(found, helmTunnel(d)...)
	}
	if p := normalTunnel(x.Options.TunnelProtocol); p != "" {
		found = append([]Tunnel{{Protocol: p, Source: tunnelFlag}}, found...)
	}
	if len(found) == 0 {
		return Tunnel{}
	}
	first := found[0]
	for _, t := range found[1:] {
		if t.Protocol != first.Protocol {
			first.Others = append(first.Others, t)
		}
	}
	return first
}

// SetsTunnel reports whether a Deployment sets the protocol of a tunnel.
func SetsTunnel(d *appsv1.Deployment) bool { return len(tunnelsOf(&manifest.Document{}, d)) > 0 }

func tunnelsOf(doc *manifest.Document, d *appsv1.Deployment) []Tunnel {
	var found []Tunnel
	spec := &d.Spec.Template.Spec
	path := manifest.Path{"spec", "template", "spec"}
	for i := range spec.InitContainers {
		found = append(found, tunnelOf(doc, join(path, "initContainers", i), &spec.InitContainers[i])...)
	}
	for i := range spec.Containers {
		found = append(found, tunnelOf(doc, join(path, "containers", i), &spec.Containers[i])...)
	}
	return found
}

func normalTunnel(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func newTunnel(protocol, source string, doc *manifest.Document, path manifest.Path) Tunnel {
	return Tunnel{Protocol: normalTunnel(protocol), Source: source, Range: doc.Range(path...), Doc: doc, Path: path}
}

func tunnelOf(doc *manifest.Document, path manifest.Path, c *corev1.Container) []Tunnel {
	var found []Tunnel
	for i, e := range c.Env {
		if e.Name == tunnelEnv && e.Value != "" {
			found = append(found, newTunnel(e.Value, fmt.Sprintf("env %s of %s", tunnelEnv, doc.Ref), doc, join(path, "env", i, "value")))
		}
	}
	for _, list := range []struct {
		name string
		args []string
	}{{"command", c.Command}, {"args", c.Args}} {
		for i, arg := range list.args {
			source := fmt.Sprintf("%s of %s", tunnelFlag, doc.Ref)
			switch protocol, ok := strings.CutPrefix(arg, tunnelFlag+"="); {
			case ok:
				found = append(found, newTunnel(protocol, source, doc, join(path, list.name, i)))
			case arg == tunnelFlag && i+1 < len(list.args):
				found = append(found, newTunnel(list.args[i+1], source, doc, join(path, list.name, i+1)))
			}
		}
	}
	return found
}

// helmTunnel reads the value from a values file, where it may also stand below
// the name of a subchart.
func helmTunnel(d *manifest.Document) []Tunnel {
	read := func(root map[string]any, prefix manifest.Path) []Tunnel {
		proxy, _ := root["proxy"].(map[string]any)
		tunnel, _ := proxy["tunnel"].(map[string]any)
		if protocol, ok := tunnel["protocol"].(string); ok && protocol != "" {
			return []Tunnel{newTunnel(protocol, "Helm value "+tunnelValue, d, join(prefix, "proxy", "tunnel", "protocol"))}
		}
		return nil
	}
	found := read(d.Value, nil)
	for _, name := range sortedNames(d.Value) {
		if sub, ok := d.Value[name].(map[string]any); ok {
			found = append(found, read(sub, manifest.Path{name})...)
		}
	}
	return found
}

func sortedNames(m map[string]any) []string {
	names := make(map[string]string, len(m))
	for k := range m {
		names[k] = ""
	}
	return sortedKeys(names)
}
