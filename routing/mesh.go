package routing

import "github.com/grpcroute/grpcroute/topology"

func (b *builder) mesh(t *topology.Topology) {}
