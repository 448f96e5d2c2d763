package cmd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/spf13/cobra"
)

// autoProfile is the value of --profile that reads the implementation from the
// GatewayClass.
const autoProfile = "auto"

// inputOptions say what is read and how it is understood; every command that
// reads manifests has them.
type inputOptions struct {
	Files          []string // -f, then arguments
	Recursive      bool
	Namespace      string
	Profile        string
	AsBuilt        bool
	GatewayAPI     string
	Channel        string
	Assume         string
	TunnelProtocol string
	Config         configOptions
	Unread         bool // keep objects of other kinds; no flag
	// Watch, when set, adds options for who wants to see objects while they are read.
	Watch func(*manifest.Options)
}

func (o *inputOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	o.Config.addFlags(c)
	f.StringSliceVarP(&o.Files, "filename", "f", nil, "`file` or folder with manifests, or - for standard input; may be repeated")
	_ = c.MarkFlagFilename("filename", "yaml", "yml", "json") // fails only for a flag that does not exist
	f.BoolVarP(&o.Recursive, "recursive", "R", true, "read the folders inside folders too")
	f.StringVarP(&o.Namespace, "namespace", "n", "", "`namespace` of objects that name none (default \"default\")")
	addEnum(c, &o.Profile, "profile", "", profileNames(), "implementation whose behaviour counts; auto reads it from the GatewayClass")
	f.BoolVar(&o.AsBuilt, "as-built", false, "what the implementation's released data plane really does, where that differs")
	addEnum(c, &o.GatewayAPI, "gateway-api", "", config.Values("gateway-api"), "Gateway API minor installed in the cluster")
	addEnum(c, &o.Channel, "channel", "", admission.Channels(), "channel of the installed CRDs")
	addEnum(c, &o.Assume, "assume", "", assumptions, "take objects that are not in the input as unknown, present or absent")
	addEnum(c, &o.TunnelProtocol, "tunnel-protocol", "", tunnelProtocols, "transport of a tunnel; input reads it from Helm values and Deployments")
}

func profileNames() []string { return config.Values("profile") }

// assumptions are the values of --assume in the order of [topology.Assume].
var assumptions = config.Values("assume")

// tunnelProtocols are the values of --tunnel-protocol. The first leaves it to
// the input.
var tunnelProtocols = config.Values("tunnel-protocol")

func (o *inputOptions) assume() topology.Assume {
	return topology.Assume(slices.Index(assumptions, o.Assume))
}

func (o *inputOptions) tunnel() string {
	if o.TunnelProtocol == tunnelProtocols[0] {
		return ""
	}
	return o.TunnelProtocol
}

// load reads the manifests. A wrong command line and an input without any file
// give no set; what else could not be read gives an error beside the set.
func (o *inputOptions) load(s *Streams, command string) (*manifest.Set, error) {
	if err := o.check(s, command); err != nil {
		return nil, err
	}
	if err := o.configure(); err != nil {
		return nil, err
	}
	options := manifest.Options{
		Stdin: s.In, NonRecursive: !o.Recursive, Namespace: o.Namespace, Progress: progress(s),
		Unread: o.Unread, Exclude: o.Config.excluded, Resources: o.Config.resources(),
	}
	if o.Watch != nil {
		o.Watch(&options)
	}
	set, err := manifest.Load(o.Files, options)
	if err == nil && !slices.ContainsFunc(set.Files, func(f *manifest.File) bool { return !f.Resource }) {
		deeper := ""
		if !o.Recursive {
			deeper = "; without -R=false folders inside are read too"
		}
		return nil, fmt.Errorf("read %s: no file that ends in .yaml, .yml or .json%s", strings.Join(o.Files, ", "), deeper)
	}
	return set, err
}

// check refuses a command line that names no input, or waits for a person to
// type manifests.
func (o *inputOptions) check(s *Streams, command string) error {
	example := command + " manifests/"
	if strings.HasSuffix(command, "explain") {
		example = command + " -f manifests/ grpc.example.com/pkg.Service/Method"
	}
	switch {
	case len(o.Files) == 0 && interactive(s.In):
		return usagef("no manifests given, and standard input is a terminal: name files or folders, as in `%s`", example)
	case len(o.Files) == 0:
		return usagef("no manifests given: name files or folders, as in `%s`, or - to read standard input", example)
	case slices.Contains(o.Files, "-") && interactive(s.In):
		return usagef("standard input is a terminal: pipe manifests into it, as in `kubectl kustomize . | %s`", strings.Replace(example, "manifests/", "-", 1))
	case slices.Contains(o.Files, ""):
		return usagef("an empty file name: name files or folders, as in `%s`", example)
	}
	return nil
}

// profileFor returns the profile that is asked for; nil means one per
// implementation that the Gateways choose.
func (o *inputOptions) profileFor(set *manifest.Set) (*profile.Profile, error) {
	var named *profile.Profile
	for _, p := range profile.All {
		if p.Name == o.Profile {
			named = p
		}
	}
	if !o.AsBuilt {
		return named, nil
	}
	if named == nil {
		chosen := topology.Profiles(set)
		if len(chosen) > 1 {
			return nil, usagef("--as-built needs one implementation, and the Gateways choose several: say which with --profile")
		}
		named = chosen[0]
	}
	if named.AsBuilt == nil {
		return nil, usagef("profile %q is described as it is built: --as-built is for %s", named.Name, strings.Join(withAsBuilt(), ", "))
	}
	return named.AsBuilt, nil
}

// withAsBuilt lists the profiles that --as-built changes.
func withAsBuilt() []string {
	var names []string
	for _, p := range profile.All {
		if p.AsBuilt != nil {
			names = append(names, p.Name)
		}
	}
	return names
}

// topologies resolves a set once per implementation.
func (o *inputOptions) topologies(set *manifest.Set) ([]*topology.Topology, error) {
	p, err := o.profileFor(set)
	if err != nil {
		return nil, err
	}
	profiles := []*profile.Profile{p}
	if p == nil {
		profiles = topology.Profiles(set)
	}
	var out []*topology.Topology
	for _, each := range profiles {
		out = append(out, topology.Resolve(set, topology.Options{
			Profile: each, Auto: p == nil, Assume: o.assume(), TunnelProtocol: o.tunnel(),
		}))
	}
	return out, nil
}

// refusals returns the documents that the API server would not take, with its
// message.
func (o *inputOptions) refusals(set *manifest.Set) (map[*manifest.Document]string, error) {
	server, err := admission.New(o.GatewayAPI, o.Channel)
	if err != nil {
		return nil, usage(err)
	}
	refused := map[*manifest.Document]string{}
	for _, doc := range set.Documents {
		for _, f := range server.Check(doc) {
			if f.Refuses {
				refused[doc] = f.Server
				break
			}
		}
	}
	return refused, nil
}

// problems turns what could not be read into the errors of commands that have no
// findings to put it among.
func problems(set *manifest.Set) error {
	var errs []error
	for i := range set.Problems {
		d := &set.Problems[i]
		if d.Severity < diag.Error {
			continue
		}
		errs = append(errs, fmt.Errorf("read %s: %s", d.Range, d.Message))
	}
	return errors.Join(errs...)
}

// kinds lists what was read over, for people: "Deployment (2), Role (1)".
func kinds(set *manifest.Set) string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(set.Ignored)) {
		out = append(out, fmt.Sprintf("%s (%d)", kind, set.Ignored[kind]))
	}
	return strings.Join(out, ", ")
}
