//go:build !unix

package kgateway_test

import "net"

// fresh listens as the system does by itself.
var fresh net.ListenConfig
