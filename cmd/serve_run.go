package cmd

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/accesslog"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
)

// serving is a gateway that runs, and what is around it.
type serving struct {
	options *serveOptions
	log     *slog.Logger
	gateway *local.Gateway
	admin   *admin.Admin
	mocks   *mock.Servers  // nil without --mock
	calls   *accesslog.Log // nil without --access-log
	web     *http.Server   // nil without --admin
	url     string         // of web
	failed  chan error
	loaded  *loaded // what is served
	dials   func(*topology.Backend) (proxy.Backend, bool)
}

// loaded is what serve reads: manifests, or a proxy's configuration.
type loaded struct {
	tables []*routing.Table
	set    *manifest.Set // nil for a configuration
	wrong  []string      // what the API server would refuse, and what could not be read
	config *cloudflare.Loaded
}

// startServing opens everything.
func startServing(o *serveOptions) (_ *serving, err error) {
	s := &serving{options: o, log: newLogger(o.Streams.Err, o.LogFormat, o.LogLevel), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.loaded, err = o.load(); err != nil {
		return nil, err
	}
	tables := s.loaded.tables
	if err := o.checkNames(tables); err != nil {
		return nil, err
	}
	if err := s.mock(tables); err != nil {
		return nil, err
	}
	s.admin = admin.New(admin.Options{Tables: s.tables, Listeners: s.listeners, Stats: s.stats, Explain: s.explain})
	if o.AccessLog != "off" {
		s.calls = accesslog.New(o.Streams.Out, o.AccessLog, admin.CodeName)
	}
	s.gateway, err = local.Open(tables, s.localOptions())
	if err != nil {
		return nil, err
	}
	if len(s.gateway.Sockets()) == 0 {
		return nil, errors.New(nothingToServe(s.gateway.Notes()))
	}
	if err := s.serveAdmin(); err != nil {
		return nil, err
	}
	s.admin.SetReady(true)
	return s, nil
}

func nothingToServe(notes []string) string {
	text := "nothing to serve: the input has no listener for GRPCRoutes"
	for _, note := range notes {
		text += "\n" + note
	}
	return text
}

func (s *serving) localOptions() local.Options {
	o := s.options
	out := local.Options{
		Addresses: o.addresses, Listen: o.Listen, SelfSigned: o.SelfSigned, TLSDir: o.TLSDir, Backends: o.backends, Dial: s.dial,
		Proxy: proxy.Options{ExplainHeader: o.ExplainHeaders, Done: s.done()},
	}
	if s.mocks != nil {
		out.Mock = s.mocks.Address
	}
	return out
}

// done returns what is told of each call.
func (s *serving) done() func(*proxy.Record) {
	count := s.options.Admin != ""
	switch {
	case s.calls != nil && count:
		return func(r *proxy.Record) { s.admin.Done(r); s.calls.Done(r) }
	case s.calls != nil:
		return s.calls.Done
	case count:
		return s.admin.Done
	}
	return nil
}

// mock prepares the mocks; each starts when its backend is first looked for.
func (s *serving) mock(tables []*routing.Table) error {
	o := s.options
	if !o.Mock {
		return nil
	}
	options := mock.Options{Latencies: o.latencies, Faults: o.faults, Services: s.services}
	if len(o.Protos)+len(o.DescriptorSets) > 0 {
		set, err := descriptor.Load(descriptor.Options{Protos: o.Protos, Sets: o.DescriptorSets, Stdin: o.Streams.In})
		if err != nil {
			return err // each line with its file
		}
		options.Descriptors = set
	}
	var backends []*topology.Backend
	eachBackend(tables, func(b *topology.Backend) { backends = append(backends, b) })
	if err := options.CheckBackends(backends); err != nil {
		return usage(err)
	}
	var err error
	s.mocks, err = mock.New(options)
	return usage(err)
}

// services names what the tables of now send to a backend by exact names.
func (s *serving) services(b *topology.Backend) []string { return mock.Routed(b, s.tables()...) }

// load reads the manifests or the configuration. The error is about what leaves
// nothing to serve.
func (o *serveOptions) load() (*loaded, error) {
	if o.Config != "" {
		return o.loadConfig()
	}
	set, unread := o.Input.load(o.Streams, o.Command)
	if set == nil {
		return nil, unread
	}
	l := &loaded{set: set}
	for _, err := range []error{unread, problems(set)} {
		if err != nil {
			l.wrong = append(l.wrong, err.Error())
		}
	}
	topologies, err := o.Input.topologies(set)
	if err != nil {
		return nil, err
	}
	for _, t := range topologies {
		l.tables = append(l.tables, routing.Compile(t))
	}
	refused, err := o.Input.refusals(set)
	if err != nil {
		return nil, err
	}
	for _, doc := range set.Documents {
		if message, ok := refused[doc]; ok {
			l.wrong = append(l.wrong, fmt.Sprintf("%s: the API server would refuse %s: %s", doc.Range(), doc.Ref, message))
		}
	}
	return l, nil
}

// configGateway is what clients of a configuration connect to.
const configGateway = "proxy/proxy"

func (o *serveOptions) loadConfig() (*loaded, error) {
	data, err := os.ReadFile(o.Config)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, found := cloudflare.Read(&manifest.File{Name: o.Config, Data: data})
	var lines []string
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", d.Range, d.Severity, d.Message))
	}
	if config == nil {
		var errs []error
		for _, line := range lines {
			errs = append(errs, errors.New(line))
		}
		return nil, errors.Join(errs...)
	}
	made := cloudflare.Load(config, o.Config, configGateway)
	return &loaded{tables: []*routing.Table{made.Table}, wrong: lines, config: made}, nil
}

// dial finds the backends of a configuration.
func (s *serving) dial(b *topology.Backend) (proxy.Backend, bool) {
	if s.loaded.config == nil {
		return proxy.Backend{}, false
	}
	d, ok := s.loaded.config.Dials[b]
	if !ok {
		return proxy.Backend{}, false
	}
	out := proxy.Backend{Addresses: []string{d.Address}}
	if !d.Secure {
		return out, true
	}
	trust := &local.Trust{SystemCA: d.TLS == nil}
	if t := d.TLS; t != nil {
		// Without a bundle the handshake fails, as it does there.
		trust = &local.Trust{CA: []byte(t.CABundle), ServerName: t.ServerName, SANs: t.SANs, URIs: t.SANURIs, Certificate: t.ClientCertPEM, Key: t.ClientKeyPEM}
	}
	config, err := trust.Config()
	if err != nil {
		return proxy.Backend{Why: err.Error()}, true
	}
	out.TLS = config
	return out, true
}
