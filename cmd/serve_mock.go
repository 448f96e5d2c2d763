package cmd

import (
	"slices"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/spf13/cobra"
)

// mockOptions are the flags of serve about mocks.
type mockOptions struct {
	On             bool // --mock
	Latency        []string
	Error          []string
	Protos         []string
	DescriptorSets []string
}

func (o *mockOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.On, "mock", false, "answer the calls of backends that have no address here")
	f.StringArrayVar(&o.Latency, "mock-latency", nil, "let mocks wait, as `[NS/NAME[:PORT]=]DURATION[..DURATION]`; may be repeated")
	f.StringArrayVar(&o.Error, "mock-error", nil, "let mocks fail, as `[NS/NAME[:PORT]=]CODE[:PERCENT]`; may be repeated")
	f.StringArrayVar(&o.Protos, "proto", nil, "`folder` or .proto file that says what mocks answer and reflection tells; may be repeated")
	f.StringArrayVar(&o.DescriptorSets, "descriptor-set", nil, "`file` with a descriptor set, as protoc and buf write it, for the same; may be repeated")
	_ = c.MarkFlagFilename("descriptor-set") // fails only for a flag that does not exist
}

// check refuses flags of mocks without mocks, and a descriptor set from where none
// can come.
func (o *mockOptions) check(s *Streams, files []string) error {
	switch {
	case !o.On && len(o.Latency)+len(o.Error)+len(o.Protos)+len(o.DescriptorSets) > 0:
		return usagef("--mock-latency, --mock-error, --proto and --descriptor-set are for --mock, which is not given")
	case !slices.Contains(o.DescriptorSets, "-"):
	case slices.Contains(files, "-"):
		return usagef("-f - and --descriptor-set -: standard input can be read once")
	case interactive(s.In):
		return usagef("standard input is a terminal: pipe a descriptor set into it, as in `buf build -o - | grpcroute serve -f manifests/ --mock --descriptor-set -`")
	}
	return nil
}

// openMocks prepares the mocks; each starts when its backend is first looked for.
func (r *running) openMocks() (*mock.Servers, error) {
	o := &r.o.Mocks
	options := mock.Options{Services: func(b *topology.Backend) []string {
		if g := r.open.Load(); g != nil {
			return mock.Routed(b, g.Tables()...)
		}
		return nil
	}}
	for _, text := range o.Latency {
		l, err := mock.ParseLatency(text)
		if err != nil {
			return nil, usagef("--mock-latency %s: %w", text, err)
		}
		options.Latencies = append(options.Latencies, l)
	}
	for _, text := range o.Error {
		fault, err := mock.ParseError(text)
		if err != nil {
			return nil, usagef("--mock-error %s: %w", text, err)
		}
		options.Faults = append(options.Faults, fault)
	}
	if len(o.Protos)+len(o.DescriptorSets) > 0 {
		set, err := descriptor.Load(descriptor.Options{Protos: o.Protos, Sets: o.DescriptorSets, Stdin: r.o.Streams.In})
		if err != nil {
			return nil, err // each line with its file
		}
		options.Descriptors = set
	}
	if err := options.CheckBackends(local.Backends(r.tables)); err != nil {
		return nil, usage(err)
	}
	mocks, err := mock.New(options)
	return mocks, usage(err)
}
