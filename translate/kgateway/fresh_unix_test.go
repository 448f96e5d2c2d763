//go:build unix

package kgateway_test

import (
	"net"
	"syscall"
)

// fresh listens at a port only that nobody had a moment ago: connections of an Envoy
// that was killed linger there, and Envoy does not bind beside them.
var fresh = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0) }); e != nil {
		return e
	}
	return err
}}
