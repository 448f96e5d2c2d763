package envoybin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// ErrInUse says that somebody else has an address of the configuration.
var ErrInUse = errors.New("address already in use")

// Start runs the Envoy at path with a configuration file and returns when it is ready,
// which the admin interface at admin tells. stop ends it. The context bounds the
// start alone.
func Start(ctx context.Context, path, file, admin string) (stop func(), err error) {
	var said bytes.Buffer
	cmd := exec.Command(path, "--log-level", "error", "--concurrency", "1", "--disable-hot-restart", "-c", file)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	var result error
	go func() { result = cmd.Wait(); close(ended) }()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	})
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if r, err := http.Get("http://" + admin + "/ready"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				tick.Stop()
				return stop, nil
			}
		}
		select {
		case <-ended:
			tick.Stop()
			if strings.Contains(said.String(), "Address already in use") {
				return nil, ErrInUse
			}
			return nil, fmt.Errorf("the Envoy ended: %w\n%s", result, said.Bytes())
		case <-ctx.Done():
			tick.Stop()
			stop()
			return nil, fmt.Errorf("the Envoy is not ready: %w\n%s", ctx.Err(), said.Bytes())
		case <-tick.C:
		}
	}
}
