package cmd

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// configured is a proxy's configuration, ready to be served.
type configured struct {
	sum      [sha256.Size]byte
	loaded   *cloudflare.Loaded
	warnings []string
}

// configGateway is what clients of a configuration connect to; such a proxy knows
// of no Gateways.
const configGateway = "proxy/proxy"

// forManifests returns a flag on the command line that means nothing to a proxy's
// configuration, "" when there is none.
func (o *serveOptions) forManifests() string {
	for _, flag := range []string{"profile", "as-built", "gateway-api", "channel", "assume", "tunnel-protocol", "recursive", "tls-self-signed"} {
		if o.Input.Config.given(flag) {
			return flag
		}
	}
	return ""
}

// readConfig reads a proxy's configuration. Every mistake in it is in the error.
func (o *serveOptions) readConfig() (*configured, error) {
	data, err := os.ReadFile(o.Config)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, found := cloudflare.Read(&manifest.File{Name: o.Config, Data: data})
	out := &configured{sum: sha256.Sum256(data)}
	for _, d := range found {
		out.warnings = append(out.warnings, fmt.Sprintf("%s: %s", d.Range, d.Message))
	}
	if config == nil {
		errs := make([]error, len(out.warnings))
		for i, text := range out.warnings {
			errs[i] = errors.New(text)
		}
		return nil, errors.Join(errs...)
	}
	out.loaded = cloudflare.Load(config, filepath.Base(o.Config), configGateway)
	return out, nil
}

// take serves a configuration from now on.
func (r *running) take(c *configured) {
	for _, text := range c.warnings {
		r.tell.warnf("%s", text)
	}
	r.tables, r.dials = []*routing.Table{c.loaded.Table}, c.loaded.Dials
	r.objects = map[string][sha256.Size]byte{r.o.Config: c.sum}
}

// reloadConfig serves what the configuration's file says now.
func (r *running) reloadConfig() {
	next, err := r.o.readConfig()
	switch {
	case err != nil:
		r.refuse(err)
		return
	case r.objects[r.o.Config] == next.sum:
		return
	}
	r.take(next)
	r.admin.Reloaded(true)
	if err := r.gateway.Update(r.tables); err != nil {
		r.tell.errorf("%v", err)
	}
	r.tell.infof("reloaded: changed %s", r.o.Config)
	r.o.tellTrouble(r.tell, r.gateway, r.tables)
}

// dial says how the backends of a configuration are reached.
func (r *running) dial(b *topology.Backend) (proxy.Backend, bool) {
	d, ok := r.dials[b]
	if !ok {
		return proxy.Backend{}, false
	}
	out := proxy.Backend{Addresses: []string{d.Address}}
	if !d.Secure {
		return out, true
	}
	c := local.ClientTLS{System: true}
	if t := d.TLS; t != nil {
		// Without a bundle nothing is trusted, there as here.
		c = local.ClientTLS{Hostname: t.ServerName, CA: []byte(t.CABundle), Certificate: t.ClientCertPEM, Key: t.ClientKeyPEM}
		for _, name := range t.SANs {
			c.SANs = append(c.SANs, gatewayv1.SubjectAltName{Type: gatewayv1.HostnameSubjectAltNameType, Hostname: gatewayv1.Hostname(name)})
		}
		for _, uri := range t.SANURIs {
			c.SANs = append(c.SANs, gatewayv1.SubjectAltName{Type: gatewayv1.URISubjectAltNameType, URI: gatewayv1.AbsoluteURI(uri)})
		}
	}
	out.TLS, out.Err = c.Config()
	return out, true
}
