package cmd

import (
	"fmt"
	"net"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/envoy/xds"
)

// xdsResolves are the values of --resolve of xds.
var xdsResolves = []string{"auto", "service-dns", "endpoints"}

// controlOptions are what is served over xDS, and where.
type controlOptions struct {
	Address string
	Listen  []string // where Envoys listen
	Flag    string   // that of Listen
	Resolve string
	Envoy   envoy.Options
}

// check refuses flags of a server that is not there.
func (o *controlOptions) check() error {
	if o.Address == "" {
		if len(o.Listen) > 0 {
			return usagef("%s is for --xds, which is not given", o.Flag)
		}
		return nil
	}
	if err := checkAddress(o.Address, true); err != "" {
		return usagef("--xds %q: %s", o.Address, err)
	}
	return nil
}

// resolve is where addresses are looked for.
func (o *controlOptions) resolve() envoy.Resolve {
	switch o.Resolve {
	case "service-dns":
		return envoy.ServiceDNS
	case "endpoints":
		return envoy.EndpointSlices
	}
	return envoy.SlicesOrDNS
}

// control is an open xDS server.
type control struct {
	envoy  envoy.Options
	flag   string
	tell   *teller
	server *xds.Server
	socket net.Listener
	failed chan error

	notes   diag.List           // on what is served
	secrets int                 // that are served
	ports   map[string]bool     // whether an Envoy of a Gateway opens any
	targets map[string][]string // of gRPC clients, by Gateway
	told    map[string]bool
}

// openControl opens the socket, when there is an address, and serves nobody yet. mock
// is where the stand-ins of backends are, nil for none.
func (r *running) openControl(mock func(*topology.Backend) (string, error)) error {
	o := &r.o.XDS
	if o.Address == "" {
		return nil
	}
	options := o.Envoy
	options.Resolve, options.Mock, options.Backends = o.resolve(), mock, map[string][]string{}
	given, err := r.o.backends(r.tables)
	if err != nil {
		return err
	}
	for ref, addresses := range given {
		options.Backends[ref.String()] = addresses
	}
	if options.Listen, err = listenAddresses(o.Flag, o.Listen, &r.o.Input, portNames(r.tables)); err != nil {
		return err
	}
	socket, err := net.Listen("tcp", o.Address)
	if err != nil {
		return fmt.Errorf("listen for xDS: %w", err)
	}
	r.control = &control{envoy: options, flag: o.Flag, tell: r.tell, socket: socket, failed: make(chan error, 1)}
	r.control.server = xds.New(xds.Options{Log: func(level xds.Level, text string) {
		r.tell.line(map[xds.Level]int{xds.Info: tellInfo, xds.Warn: tellWarn, xds.Error: tellError}[level], "xDS: "+text)
	}})
	if err := r.control.update(r.tables); err != nil {
		r.control.close()
		return err
	}
	return nil
}

// serve answers clients from now on.
func (c *control) serve() {
	if c == nil {
		return
	}
	go func() {
		if err := c.server.Serve(c.socket); err != nil {
			c.failed <- fmt.Errorf("serve xDS: %w", err)
		}
	}()
}

func (c *control) close() {
	if c != nil {
		c.server.Close()
		_ = c.socket.Close() // it is closed when it was served
	}
}

// fail is where the server says that it cannot go on; nil for a server that is not
// there.
func (c *control) fail() <-chan error {
	if c == nil {
		return nil
	}
	return c.failed
}

// update serves other tables from now on.
func (c *control) update(tables []*routing.Table) error {
	if c == nil {
		return nil
	}
	options := c.envoy
	var err error
	var gateways []xds.Gateway
	var notes diag.List
	secrets, ports, targets := 0, map[string]bool{}, map[string][]string{}
	for _, name := range gatewayNames(tables) {
		options.Gateway = name
		g := xds.Gateway{Name: name}
		var more [2]diag.List
		if g.Envoy, more[0], err = envoy.Discover(tables, options, envoy.ADS); err != nil {
			return usagef("%w (%s)", err, c.flag)
		}
		if g.Clients, more[1], err = envoy.ForClients(tables, options); err != nil {
			return err
		}
		secrets += len(g.Envoy.Secrets)
		ports[name], targets[name] = len(g.Envoy.Listeners) > 0, g.Clients.Targets()
		notes = append(append(notes, more[0]...), more[1]...)
		gateways = append(gateways, g)
	}
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service != "" {
				notes = append(notes, diag.Diagnostic{Severity: diag.Warning, Message: fmt.Sprintf("routes of Service %s are left out: a mesh needs a proxy beside each client", s.Service)})
			}
		}
	}
	notes.Sort()
	c.notes, c.secrets, c.ports, c.targets = notes, secrets, ports, targets
	return c.server.Update(gateways)
}

// say tells what clients are not told, once as long as it holds.
func (c *control) say() {
	if c == nil {
		return
	}
	notes, secrets := c.notes, c.secrets
	now := map[string]bool{}
	tell := func(level int, text string) {
		if !now[text] && !c.told[text] {
			c.tell.line(level, text)
		}
		now[text] = true
	}
	for i := range notes {
		level := tellInfo
		if notes[i].Severity >= diag.Warning {
			level = tellWarn
		}
		tell(level, "xDS: "+noteText(&notes[i]))
	}
	if a, ok := c.socket.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		tell(tellWarn, fmt.Sprintf("xDS is open to other machines and asks for no password: %s", a))
		if secrets > 0 {
			tell(tellWarn, fmt.Sprintf("whoever reaches %s is given the private keys of %d certificates: bind it to 127.0.0.1, or let Envoys read keys from files with --certificates", a, secrets))
		}
	}
	c.told = now
}

// clients lists who is connected.
func (c *control) clients() (out []admin.XDSClient) {
	for _, x := range c.server.Clients() {
		kind := "envoy"
		if x.GRPC {
			kind = "grpc"
		}
		out = append(out, admin.XDSClient{Gateway: x.Gateway, Kind: kind, Delta: x.Delta})
	}
	return out
}

// announce says who may ask for what.
func (c *control) announce(tables []*routing.Table) {
	if c == nil {
		return
	}
	c.say()
	c.tell.infof("xDS on %s: ADS, state of the world and delta", c.socket.Addr())
	names := gatewayNames(tables)
	for _, name := range names {
		ids := fmt.Sprintf("node id %s or %s/ANYTHING", name, name)
		if len(names) == 1 {
			ids = "any node id, it is the only Gateway"
		}
		c.tell.infof("xDS for Gateway %s: %s", name, ids)
	}
	for _, name := range names {
		client := fmt.Sprintf("--address %s --node %s", c.socket.Addr(), name)
		if c.ports[name] {
			c.tell.infof("try: grpcroute xds --bootstrap envoy %s > envoy.yaml && envoy -c envoy.yaml", client)
		}
		if targets := c.targets[name]; len(targets) > 0 {
			c.tell.infof("try: grpcroute xds --bootstrap grpc %s > grpc.json && GRPC_XDS_BOOTSTRAP=grpc.json CLIENT xds:///%s", client, strings.Replace(targets[len(targets)-1], "*", "ANY", 1))
		}
	}
}
