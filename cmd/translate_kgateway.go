package cmd

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/translate/kgateway"
)

func (o *translateOptions) toKGateway(set *manifest.Set) (*translated, error) {
	given := slices.DeleteFunc(o.givenFlags(), func(name string) bool { return name == "--gateway" })
	if len(given) > 0 {
		return nil, usagef("%s: not for --to %s, whose listeners and endpoints are the controller's", strings.Join(given, ", "), o.To)
	}
	table, err := o.boundTable(set, kgateway.Profile.Name)
	if err != nil {
		return nil, err
	}
	options := kgateway.Options{Brief: o.Output.Quiet}
	var names []string
	for _, g := range table.Topology.Gateways {
		names = append(names, g.Key())
	}
	if o.Gateway != "" {
		if options.Gateway = o.qualified(o.Gateway); !slices.Contains(names, options.Gateway) {
			return nil, unknownName("--gateway", options.Gateway, "Gateway", names)
		}
	}
	resources, notes, err := kgateway.Translate(table, options)
	if err != nil {
		return nil, usagef("%w (--gateway)", err)
	}
	text, err := kgateway.JSON(resources)
	if err != nil {
		return nil, err
	}
	return &translated{text: text, notes: notes, secret: resources.HoldsKey()}, nil
}
