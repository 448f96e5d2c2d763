// Package xds serves what package envoy translates to Envoys and to gRPC clients
// without a proxy, over ADS: state of the world and delta (Envoy,
// api-docs/xds_protocol).
//
// A change reaches a client in three steps, so that no call finds a route without
// its cluster: clusters are added; when every client has them, listeners and routes
// change; when every client has those, clusters that nothing names are removed. An
// Envoy acknowledges clusters only when they are ready to take calls.
package xds
