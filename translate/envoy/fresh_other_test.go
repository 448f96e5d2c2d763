//go:build !unix

package envoy_test

import "net"

// fresh listens as the system does by itself.
var fresh net.ListenConfig
