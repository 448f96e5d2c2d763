package proxy

import (
	"bufio"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"github.com/grpcroute/grpcroute/routing"
	"golang.org/x/net/http2/hpack"
)

// conn is one HTTP/2 connection, to a client or to a backend.
type conn struct {
	srv      *Server
	port     *port     // of a client's connection
	endpoint *endpoint // of a backend's connection
	sni      string
	peer     string // the client's address

	mu        sync.Mutex
	nc        net.Conn
	socket    *socket // below TLS
	sealed    *sealed // where TLS writes to; nil in the clear
	out       []byte
	spare     []byte
	writing   bool // somebody writes, or there is nothing to write to yet
	dead      bool
	closing   bool // no new streams: a GOAWAY was sent or received
	retired   bool // its address is no longer named: it ends with its calls
	cause     error
	enc       *h2.Encoder
	streams   map[uint32]*leg
	held      []*leg // wait for a free stream of the backend
	blocked   []*leg // wait for the connection's window or its buffer
	queued    int64  // bytes of DATA that wait in streams
	window    int64  // that the peer grants the connection
	initial   int64  // that the peer grants a stream
	maxFrame  int
	peerMax   int // streams that the peer takes; none before its SETTINGS arrive
	nextID    uint32
	lastID    uint32 // of the streams that the client began
	refuse    uint32 // streams of the client above it are refused: a GOAWAY said so
	owed      int64  // received and not given back to the peer
	granted   int64  // that the peer may still send on the connection
	waiting   int64  // of what it sent, bytes that wait in other connections
	gone      [64]uint32
	goneAt    int
	greeted   bool      // the peer's SETTINGS arrived
	heard     bool      // something of use, since the last look
	late      bool      // it is in the server's list of late acknowledgements
	patient   int       // length of out while it holds such acknowledgements only
	active    time.Time // when it was last heard of, as far as the looks tell
	quiet     time.Time // since when a header block or the preface is incomplete
	pinged    time.Time
	alarm     alarm
	limits    limits
	remaining atomic.Int64 // streams the peer would still take, as far as known

	// The reader's own.
	br     *bufio.Reader
	dec    *h2.Decoder
	fields []hpack.HeaderField
	list   int // size of the header list
	// matched are the headers of a request as routing reads them.
	matched []routing.Header
	block   block
	batch   batch
}

// block is a header block whose CONTINUATION is still to come.
type block struct {
	stream uint32
	end    bool
	text   []byte
	frames int
}

func newConn(s *Server) *conn {
	c := &conn{
		srv:      s,
		streams:  map[uint32]*leg{},
		window:   h2.InitialWindow,
		initial:  h2.InitialWindow,
		maxFrame: h2.MinFrameSize,
		nextID:   1,
		refuse:   h2.MaxStreamID,
		granted:  connWindow,
		active:   time.Now(),
		limits:   newLimits(),
	}
	c.enc = h2.NewEncoder()
	c.dec = h2.NewDecoder(s.options.MaxHeaderList)
	return c
}

// server reports whether the peer is a client of ours.
func (c *conn) server() bool { return c.endpoint == nil }

// greet writes our SETTINGS; c.mu is held.
func (c *conn) greet() {
	settings := []h2.Setting{
		{ID: h2.InitialWindowSize, Value: firstWindow},
		{ID: h2.MaxHeaderListSize, Value: uint32(c.srv.options.MaxHeaderList)},
	}
	if c.server() {
		settings = append(settings, h2.Setting{ID: h2.MaxConcurrentStreams, Value: uint32(c.srv.options.MaxStreams)})
	} else {
		c.out = append(c.out, h2.Preface...)
		settings = append(settings, h2.Setting{ID: h2.EnablePush, Value: 0})
	}
	c.out = h2.AppendSettings(c.out, settings...)
	c.out = h2.AppendWindowUpdate(c.out, 0, connWindow-h2.InitialWindow)
}

// attach gives the connection its socket; what was written so far can go out.
func (c *conn) attach(nc net.Conn, below net.Conn, s *sealed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc, c.sealed = nc, s
	var reader io.Reader = nc
	if s != nil {
		c.socket = s.socket
	} else if c.socket = newSocket(below); c.socket != nil { // without one a goroutine writes
		reader = c.socket
	}
	c.br = bufio.NewReaderSize(reader, 32<<10)
	c.writing = false
	c.quiet = time.Now() // until the preface, or a backend's SETTINGS
	if c.dead {
		_ = nc.Close() // it was given up while it was dialled
	}
}

// reset ends a stream with RST_STREAM and forgets it; c.mu is held.
func (c *conn) reset(l *leg, code h2.Code) {
	if l.closed {
		return
	}
	if l.id != 0 {
		c.resetID(l.id, code)
	}
	c.drop(l)
}

// resetID writes RST_STREAM and remembers the stream, because frames that are on
// their way must be ignored (RFC 9113, 5.1); c.mu is held.
func (c *conn) resetID(id uint32, code h2.Code) {
	c.out = h2.AppendReset(c.out, id, code)
	c.gone[c.goneAt%len(c.gone)] = id
	c.goneAt++
}

// wasReset reports whether we reset a stream not long ago; c.mu is held.
func (c *conn) wasReset(id uint32) bool {
	for _, g := range c.gone {
		if g == id {
			return true
		}
	}
	return false
}

// drop forgets a stream and gives back what waits in it; c.mu is held.
func (c *conn) drop(l *leg) {
	if l.closed {
		return
	}
	l.closed = true
	if l.id != 0 {
		delete(c.streams, l.id)
	} else if at := slices.Index(c.held, l); at >= 0 {
		c.held = slices.Delete(c.held, at, at+1)
	}
	c.room()
}

// room publishes how many streams the peer would take; c.mu is held.
func (c *conn) room() {
	most := c.peerMax
	if !c.greeted {
		most = expected
	}
	n := most - len(c.streams) - len(c.held)
	if c.dead || c.closing || c.retired {
		n = -1 << 20
	}
	c.remaining.Store(int64(n))
}

// idle reports whether a stream was never begun; c.mu is held.
func (c *conn) idle(id uint32) bool {
	if c.server() {
		return id > c.lastID || id&1 == 0
	}
	return id >= c.nextID || id&1 == 0
}
