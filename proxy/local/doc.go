// Package local makes Gateways real on this machine: from routing tables it opens
// sockets, finds certificates and backends, and keeps one [proxy.Server] per table
// up to date. Where a call goes is decided in package routing, how it is carried in
// package proxy.
package local
