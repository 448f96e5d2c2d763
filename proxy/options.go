package proxy

import (
	"crypto/tls"
	"time"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Backend is how the calls of one backendRef reach it.
type Backend struct {
	Addresses []string // HOST:PORT; calls take turns
	// TLS is nil for cleartext by prior knowledge. Connections survive an
	// [Server.Update] where address and pointer stay the same.
	TLS *tls.Config
	Err error // why there are no addresses; nil when none is known
}

// Config is what a [Server] serves. A Server takes a new one at any time.
type Config struct {
	Table *routing.Table
	// Backend says how a backendRef is reached from a server of Table; without
	// addresses its calls fail as unavailable.
	Backend func(*routing.Server, *topology.Backend) Backend
}

// Options are what does not change while a [Server] runs. A zero field has the
// default that its comment names.
type Options struct {
	MaxStreams    int           // calls at once on one client connection; 2000
	MaxHeaderList int           // bytes of one header list as RFC 9113 counts them; 128 KiB
	HeaderTimeout time.Duration // to begin a connection, and for a header block; 10s
	IdleTimeout   time.Duration // of a connection without calls; 30m
	WriteTimeout  time.Duration // of a peer that takes nothing; 60s
	DialTimeout   time.Duration // of a backend, its TLS handshake included; 5s
	KeepAlive     time.Duration // of silence before a client is asked for a PING; 60s
	MirrorGrace   time.Duration // that a copy may go on when its call is over; 10s
	ExplainHeader bool          // name route, rule and backend in every answer's headers
	// Done is told of each call when it has ended; nil for nobody. It runs between
	// reads of a connection, on several at once, so it must not wait, and must copy
	// what it keeps.
	Done func(*Record)
}

func (o *Options) fill() {
	fill(&o.MaxStreams, 2000)
	fill(&o.MaxHeaderList, 128<<10)
	fill(&o.HeaderTimeout, 10*time.Second)
	fill(&o.IdleTimeout, 30*time.Minute)
	fill(&o.WriteTimeout, time.Minute)
	fill(&o.DialTimeout, 5*time.Second)
	fill(&o.KeepAlive, time.Minute)
	fill(&o.MirrorGrace, 10*time.Second)
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// What a connection keeps and grants.
const (
	// A stream's window begins small and grows while its bytes are handed on, so
	// that those that stall hold little. It fits a message of 64 KiB without an update.
	firstWindow  = 160 << 10
	streamWindow = 512 << 10
	connWindow   = 16 << 20
	// maxHeld and maxShared are what may wait in other connections' queues before a
	// client, or a backend that many clients share, gets no more credit for its
	// connection.
	maxHeld   = 16 << 20
	maxShared = 64 << 20
	highWater = 256 << 10 // of a write buffer, after which DATA waits in its stream
	hardLimit = 8 << 20   // of a write buffer: the peer reads nothing and asks for much
	maxSpare  = 512 << 10 // of a write buffer that is kept for the next batch: more than one grows to at highWater
	idleSpare = 16 << 10  // of a write buffer that is kept without calls
	maxReplay = 8 << 10   // of a request that is kept for another attempt
	maxTries  = 3
	expected  = 100  // streams that a backend will take, before it says so
	maxConns  = 64   // to one address
	maxQueued = 4096 // calls that wait for a free stream at one address

	chunkSize     = 16 << 10 // up to which waiting DATA of one stream is put together
	mirrorQueue   = 256 << 10
	mirrorQueues  = 4 << 20 // of all copies on one connection
	mirrorConns   = 4       // to one address
	mirrorStreams = 1000    // copies at once on one connection
	mirrorWaiting = 100     // copies that wait for a free stream at one address
)
