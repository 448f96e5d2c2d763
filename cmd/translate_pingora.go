package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"github.com/grpcroute/grpcroute/translate/pingora"
	"github.com/spf13/pflag"
)

// binaryFormat is the value of --output for a message as it goes over the wire.
const binaryFormat = "binary"

// boundExamples are those of the targets that are one implementation's.
const boundExamples = "\n  grpcroute translate --to " + pingora.Target + " --intended -q examples/change/after.yaml" +
	"\n  grpcroute translate --to " + kgateway.Target + " -q examples/change/after.yaml"

func (o *translateOptions) addPingoraFlags(f *pflag.FlagSet) {
	f.Lookup("output").Usage += fmt.Sprintf(" (default json for %s and %s; %s is for %s alone)", cloudflare.Target, pingora.Target, binaryFormat, pingora.Target)
	f.BoolVar(&o.Intended, "intended", false, "for "+pingora.Target+": what its authors mean (HTTP/2 to backends), not what its controller sends")
}

// checkPingora refuses what only the bytes, or the message, of that target have.
func (o *translateOptions) checkPingora() error {
	binary := o.Output.Format == binaryFormat
	switch {
	case binary && o.To != pingora.Target:
		return usagef("--output %s is for --to %s alone", binaryFormat, pingora.Target)
	case o.Intended && o.To != pingora.Target:
		return usagef("--intended is for --to %s alone", pingora.Target)
	case binary && (o.Out == "" || o.Out == "-") && interactive(o.Streams.Out):
		return usagef("--output %s is no text for a terminal: say --out FILE, or pipe it", binaryFormat)
	}
	return nil
}

// boundTable compiles the input for a target that is one implementation's: for the
// Gateways that choose it, or for all of them when none does.
func (o *translateOptions) boundTable(set *manifest.Set, name string) (*routing.Table, error) {
	switch {
	case o.Input.AsBuilt:
		return nil, usagef("--as-built is not for --to %s", o.To)
	case o.Input.Profile == name:
	case o.Input.Profile != autoProfile:
		return nil, usagef("--profile %s: %s is for %s alone", o.Input.Profile, o.To, name)
	default:
		i := slices.IndexFunc(topology.Profiles(set), func(p *profile.Profile) bool { return p.Name == name })
		if i < 0 {
			o.Input.Profile = name // no class names it
		}
	}
	tables, err := o.tables(set)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(tables, func(t *routing.Table) bool { return t.Topology.Profile.Name == name })
	return tables[i], nil
}

func (o *translateOptions) toPingora(set *manifest.Set) (*translated, error) {
	if given := o.givenFlags(); len(given) > 0 {
		return nil, usagef("%s: not for --to %s, whose one message is for all Gateways, and names backends by their DNS names", strings.Join(given, ", "), o.To)
	}
	table, err := o.boundTable(set, pingora.Profile.Name)
	if err != nil {
		return nil, err
	}
	m, notes := pingora.Translate(table, pingora.Options{Version: firstVersion, ClusterDomain: o.Envoy.ClusterDomain, Intended: o.Intended})
	out := &translated{notes: notes}
	if out.text, err = pingora.JSON(m); err != nil {
		return nil, err
	}
	if o.Output.Format == binaryFormat {
		out.binary, err = pingora.Binary(m)
	}
	return out, err
}

// givenFlags lists the flags that say where Gateways and backends are.
func (o *translateOptions) givenFlags() []string {
	var out []string
	for _, f := range []struct {
		name  string
		given bool
	}{{"--gateway", o.Gateway != ""}, {"--listen", len(o.Listen) > 0}, {"--backend", len(o.Backends) > 0}, {"--admin", o.Envoy.Admin != ""}} {
		if f.given {
			out = append(out, f.name)
		}
	}
	return out
}
