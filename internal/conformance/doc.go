// Package conformance runs the Gateway API's conformance tests for GRPCRoutes over
// real connections: `grpcroute serve` carries the calls, and what the tests ask of
// a cluster is answered with the conditions that `grpcroute status` predicts.
package conformance
