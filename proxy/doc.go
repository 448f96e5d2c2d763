// Package proxy carries real gRPC calls by a [routing.Table]: an HTTP/2 data plane
// on frames. Each connection has one goroutine that reads; calls have none. What a
// read brings in is written to the buffers of other connections, which are flushed
// before the next read that would block, so that many calls share a system call.
//
// A program makes a [Server] of a [Config], serves sockets with [Server.Serve],
// swaps the configuration with [Server.Update], lets one socket go with
// [Server.Drain] and all of them with [Server.Shutdown].
//
// Locks: a call's is taken before a connection's or an endpoint's, an endpoint's
// before a connection's, and never two of a kind at once. The copy of a call that
// goes to a mirror has no lock but its connection's.
//
// Where a call goes is decided in package routing; how backends are found and
// which listeners are opened is for the caller to say.
package proxy
