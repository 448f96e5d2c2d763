package local

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// loopback is where Gateways listen that have no address of their own.
const loopback = "127.0.0.1"

// Further ports that are tried when a listener's own is not to be had.
const (
	shift    = 8000 // 443 becomes 8443, 80 becomes 8080
	attempts = 100
)

// bind opens the socket of a front, where the options say or where there is room.
func (o *Options) bind(f *front) (net.Listener, error) {
	if at, ok := o.Addresses[f.gateway]; ok {
		return o.bindThere(f, at)
	}
	if f.synthetic() {
		return o.bindListen()
	}
	socket, err := bindAt(loopback, int(f.port))
	for i := 0; err != nil && occupied(err) && i < attempts && int(f.port)+shift+i <= 65535; i++ {
		socket, err = bindAt(loopback, int(f.port)+shift+i)
	}
	if err != nil && occupied(err) {
		socket, err = bindAt(loopback, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("bind port %d of Gateway %s: %w", f.port, f.gateway, err)
	}
	return socket, nil
}

// bindThere opens the socket of a Gateway that has an address of its own.
func (o *Options) bindThere(f *front, at string) (net.Listener, error) {
	port := int(f.port)
	if host, free, err := net.SplitHostPort(at); err == nil && free == "0" {
		at, port = host, 0
	} else if f.synthetic() {
		_, text, err := net.SplitHostPort(o.listen())
		if err != nil {
			return nil, fmt.Errorf("listen on %q: %w", o.listen(), err)
		}
		if port, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("listen on %q: expected a port number", o.listen())
		}
	}
	socket, err := bindAt(at, port)
	if err != nil {
		return nil, fmt.Errorf("bind port %d of Gateway %s: %w", f.port, f.gateway, err)
	}
	return socket, nil
}

func (o *Options) listen() string {
	if o.Listen == "" {
		return DefaultListen
	}
	return o.Listen
}

// bindListen opens a socket for a Gateway that the input lacks. An address that
// the user asked for is taken by the first of them.
func (o *Options) bindListen() (net.Listener, error) {
	host, text, err := net.SplitHostPort(o.listen())
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", o.listen(), err)
	}
	first, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: expected a port number", o.listen())
	}
	socket, err := bindAt(host, first)
	for port := first + 1; err != nil && occupied(err) && (o.Listen == "" || o.listenTaken) && port <= min(first+attempts, 65535); port++ {
		socket, err = bindAt(host, port)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.listen(), err)
	}
	o.listenTaken = true
	return socket, nil
}

func bindAt(host string, port int) (net.Listener, error) {
	socket, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			return nil, fmt.Errorf("%s: %w", net.JoinHostPort(host, strconv.Itoa(port)), op.Err)
		}
		return nil, err
	}
	return socket, nil
}

// occupied reports whether another port may work where one did not.
func occupied(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}
