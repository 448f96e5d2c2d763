package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// idle opens streams that have got headers and then wait, and returns the memory
// of a fresh proxy for each of them in KB, its share of the connections included.
func (r *runner) idle(ctx context.Context, p *peer) (float64, error) {
	proxy, err := r.proxy(ctx, p)
	if err != nil {
		return 0, err
	}
	defer proxy.stop()
	pids := family(proxy.Process.Pid)
	before, err := memoryOf(pids)
	if err != nil {
		return 0, err
	}
	streams, conns := max(int(idleCalls*min(r.scale, 1)), idleConns), idleConns
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := openIdle(ctx, proxy.clear, conns, streams); err != nil {
		return 0, err
	}
	time.Sleep(500 * time.Millisecond)
	after, err := memoryOf(pids)
	if err != nil {
		return 0, err
	}
	return float64(after-before) * 1024 / 1000 / float64(streams), nil
}

// openIdle opens the streams, which end with the context.
func openIdle(ctx context.Context, address string, conns, streams int) error {
	var group sync.WaitGroup
	failed := make([]error, conns)
	for i := range conns {
		cc, err := dial(address, nil)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = cc.Close() })
		group.Go(func() {
			for range streams / conns {
				if failed[i] = openOne(ctx, cc); failed[i] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

func openOne(ctx context.Context, cc *grpc.ClientConn) error {
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/bench.Echo/Idle")
	if err != nil {
		return err
	}
	in := []byte("x")
	if err := s.SendMsg(&in); err != nil {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	headed := make(chan error, 1)
	go func() {
		_, err := s.Header()
		headed <- err
	}()
	select {
	case err := <-headed:
		return err
	case <-time.After(10 * time.Second):
		return fmt.Errorf("no headers after 10s")
	}
}
