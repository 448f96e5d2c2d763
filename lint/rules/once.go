package rules

import (
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

// listenerSubject is a listener, for what a rule says once about it; with more
// words, once about each thing that they name.
func listenerSubject(l *topology.Listener, about ...string) lint.Subject {
	return lint.Subject{Doc: l.Doc(), Name: strings.Join(append([]string{strconv.Itoa(l.Index)}, about...), " ")}
}

// portSubject is the Service port that a backendRef resolved to.
func portSubject(b *topology.Backend) lint.Subject {
	return lint.Subject{Doc: b.Service.Doc, Name: portPath(b, "port").String()}
}
