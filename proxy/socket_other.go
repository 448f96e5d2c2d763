//go:build !unix

package proxy

import "errors"

// pollable is false where sockets cannot be asked: a goroutine writes there.
const pollable = false

var errNotNow = errors.New("not now")

func readNow(uintptr, []byte) (int, error) { return 0, errNotNow }

func writeNow(uintptr, []byte) (int, error) { return 0, errNotNow }
