package cmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/haproxy"
	"github.com/grpcroute/grpcroute/translate/nginx"
	"github.com/grpcroute/grpcroute/translate/plan"
)

func (o *translateOptions) toEnvoy(set *manifest.Set) (*translated, error) {
	tables, at, err := o.placed(set)
	if err != nil {
		return nil, err
	}
	options := o.Envoy
	if options.Admin != "" {
		if err := checkAddress(options.Admin, false); err != "" {
			return nil, usagef("--admin %q: %s", options.Admin, err)
		}
	}
	options.Gateway, options.Listen, options.Backends = at.Gateway, at.Listen, at.Backends
	options.Resolve, options.Brief = resolve(o.Resolve), o.Output.Quiet
	if o.Mode == modeResources {
		return o.envoyFiles(tables, options)
	}
	b, notes, err := envoy.Translate(tables, options)
	if err != nil {
		return nil, usagef("%w (--gateway, --listen)", err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		return nil, err
	}
	return &translated{text: text, notes: notes, secret: envoy.HoldsKey(text)}, nil
}

func (o *translateOptions) toNginx(set *manifest.Set) (*translated, error) {
	tables, at, err := o.inOwnLanguage(set)
	if err != nil {
		return nil, err
	}
	r, err := nginx.Translate(tables, at)
	if err != nil {
		return nil, usagef("%w (--gateway, --listen)", err)
	}
	return &translated{text: r.Text, notes: r.Notes, file: "nginx.conf", beside: r.Files}, nil
}

func (o *translateOptions) toHAProxy(set *manifest.Set) (*translated, error) {
	tables, at, err := o.inOwnLanguage(set)
	if err != nil {
		return nil, err
	}
	r, err := haproxy.Translate(tables, at)
	if err != nil {
		return nil, usagef("%w (--gateway, --listen)", err)
	}
	return &translated{text: r.Text, notes: r.Notes, file: "haproxy.cfg", beside: r.Files}, nil
}

// inOwnLanguage is placed for a target whose configuration is neither YAML nor JSON.
func (o *translateOptions) inOwnLanguage(set *manifest.Set) ([]*routing.Table, plan.Options, error) {
	switch {
	case o.Formatted:
		return nil, plan.Options{}, usagef("-o %s is not for %s, whose configuration has a language of its own", o.Output.Format, o.To)
	case o.Envoy.Admin != "":
		return nil, plan.Options{}, usagef("--admin is for %s only", envoy.Target)
	}
	return o.placed(set)
}

// placed compiles the input and reads the flags that say where its Gateways and
// backends are.
func (o *translateOptions) placed(set *manifest.Set) ([]*routing.Table, plan.Options, error) {
	out := plan.Options{
		ClusterDomain: o.Envoy.ClusterDomain, CertificateDir: o.Envoy.CertificateDir, SystemCA: o.Envoy.SystemCA,
		Backends: map[string][]string{},
	}
	tables, err := o.tables(set)
	if err != nil {
		return nil, out, err
	}
	names := gatewayNames(tables)
	if out.Gateway = o.Gateway; o.Gateway != "" {
		if out.Gateway = o.qualified(o.Gateway); !slices.Contains(names, out.Gateway) {
			return nil, out, unknownName("--gateway", out.Gateway, "Gateway", names)
		}
	}
	if out.Listen, err = listenAddresses("--listen", o.Listen, &o.Input, portNames(tables)); err != nil {
		return nil, out, err
	}
	serve := &serveOptions{Input: o.Input, Backends: o.Backends}
	given, err := serve.backends(tables)
	if err != nil {
		return nil, out, err
	}
	for ref, addresses := range given {
		out.Backends[ref.String()] = addresses
	}
	return tables, out, nil
}

func portName(g *topology.Gateway, port int32) string {
	if port == 0 {
		return g.Key()
	}
	return fmt.Sprintf("%s:%d", g.Key(), port)
}

// qualified adds the namespace to a name without one.
func (o *translateOptions) qualified(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return (&serveOptions{Input: o.Input}).namespace() + "/" + name
}

// firstVersion is that of a written configuration: a proxy is ready with any above 0,
// and takes what its controller pushes, which counts from the time, as newer.
const firstVersion = 1

func (o *translateOptions) toTunnel(set *manifest.Set) (*translated, error) {
	if o.Gateway != "" || len(o.Listen) > 0 || len(o.Backends) > 0 {
		return nil, usagef("--gateway, --listen and --backend are not for %s: one configuration is for all Gateways, and names backends by their DNS names", o.To)
	}
	name := cloudflare.Profile.Name
	switch {
	case o.Input.Profile == name:
	case o.Input.Profile != autoProfile:
		return nil, usagef("--profile %s: %s is for %s alone", o.Input.Profile, o.To, name)
	case !slices.Contains(topology.Profiles(set), cloudflare.Profile):
		o.Input.Profile = name // no class names it
	}
	tables, err := o.tables(set)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(tables, func(t *routing.Table) bool { return t.Topology.Profile.Name == name })
	if i < 0 {
		return nil, usagef("--as-built is not for %s", o.To)
	}
	config, notes := cloudflare.Translate(tables[i], cloudflare.Options{Version: firstVersion, ClusterDomain: o.Envoy.ClusterDomain})
	text, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	out := &translated{text: text}
	for _, n := range notes {
		path := manifest.Path{"spec", "rules", n.Rule}
		out.notes = append(out.notes, diag.Diagnostic{
			Severity: diag.Warning, Message: n.Text, Range: n.Route.Doc.Range(path...), Object: n.Route.Doc.Ref, Field: path.String(),
		})
	}
	out.notes.Sort()
	return out, nil
}
