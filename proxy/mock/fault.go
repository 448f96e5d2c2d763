package mock

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Latency is how long the calls of a backend, or of all, wait before they are
// answered: evenly spread from Min to Max.
type Latency struct {
	Backend  string // NS/NAME or NS/NAME:PORT; "" for all
	Min, Max time.Duration
}

// Fault is how often the calls of a backend, or of all, fail, and with what.
type Fault struct {
	Backend string // NS/NAME or NS/NAME:PORT; "" for all
	Code    codes.Code
	Percent float64 // above 0, up to 100
}

// ParseLatency reads "[BACKEND=]DURATION[..DURATION]", as "20ms" or
// "shop/cart:50051=10ms..80ms". The error does not repeat the text as a whole.
func ParseLatency(s string) (Latency, error) {
	backend, rest, err := splitBackend(s)
	if err != nil {
		return Latency{}, err
	}
	low, high, isRange := strings.Cut(rest, "..")
	if !isRange {
		high = low
	}
	l := Latency{Backend: backend}
	for _, part := range []struct {
		text string
		to   *time.Duration
	}{{low, &l.Min}, {high, &l.Max}} {
		if *part.to, err = time.ParseDuration(part.text); err != nil || *part.to < 0 {
			return Latency{}, fmt.Errorf("%q is no duration: expected [BACKEND=]DURATION[..DURATION], as 20ms or shop/cart=10ms..80ms", part.text)
		}
	}
	if l.Max < l.Min {
		return Latency{}, fmt.Errorf("%s is longer than %s: expected the shorter one first", low, high)
	}
	return l, nil
}

// ParseError reads "[BACKEND=]CODE[:PERCENT]", as "UNAVAILABLE" or
// "shop/cart=RESOURCE_EXHAUSTED:10". A code is a name in any case, or a number.
// Without PERCENT every call fails. The error does not repeat the text as a whole.
func ParseError(s string) (Fault, error) {
	backend, rest, err := splitBackend(s)
	if err != nil {
		return Fault{}, err
	}
	name, percent, limited := strings.Cut(rest, ":")
	f := Fault{Backend: backend, Percent: 100}
	if f.Code, err = parseCode(name); err != nil {
		return Fault{}, err
	}
	if limited {
		f.Percent, err = strconv.ParseFloat(strings.TrimSuffix(percent, "%"), 64)
		if err != nil || !(f.Percent > 0 && f.Percent <= 100) {
			return Fault{}, fmt.Errorf("%q is no percentage: expected a number above 0 and up to 100, as UNAVAILABLE:10", percent)
		}
	}
	return f, nil
}

// codeNames are the names of statuses by number (grpc doc/statuscodes.md).
var codeNames = []string{"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}

func parseCode(name string) (codes.Code, error) {
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", "CANCELLED", "CANCELED").Replace(strings.ToUpper(s))
	}
	n := slices.IndexFunc(codeNames, func(c string) bool { return plain(c) == plain(name) })
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(codeNames) {
		n = i
	}
	switch {
	case n > 0:
		return codes.Code(n), nil
	case n == 0:
		return 0, fmt.Errorf("OK is no error: leave it out, or choose one of %s", strings.Join(codeNames[1:], ", "))
	}
	hint := ""
	if best := meant(name, codeNames[1:]); best != "" {
		hint = best + " All are "
	} else {
		hint = ": expected one of "
	}
	return 0, fmt.Errorf("%q is no gRPC status%s%s", name, hint, strings.Join(codeNames[1:], ", "))
}

// splitBackend takes "BACKEND=" off, if it is there.
func splitBackend(s string) (backend, rest string, err error) {
	backend, rest, named := strings.Cut(s, "=")
	if !named {
		return "", s, nil
	}
	key, port, hasPort := strings.Cut(backend, ":")
	namespace, name, _ := strings.Cut(key, "/")
	n, portErr := strconv.ParseUint(port, 10, 16)
	if namespace == "" || name == "" || strings.ContainsAny(key[len(namespace)+1:], "/ ") || hasPort && (portErr != nil || n == 0) {
		return "", "", fmt.Errorf("%q is no backend: expected NS/NAME or NS/NAME:PORT", backend)
	}
	return backend, rest, nil
}

// scopes are the names that options may have for a backend, the closest first.
func scopes(name string) []string {
	return []string{name, name[:strings.LastIndexByte(name, ':')], ""}
}

func latencyFor(all []Latency, name string) Latency {
	for _, scope := range scopes(name) {
		for _, l := range all {
			if l.Backend == scope {
				return l
			}
		}
	}
	return Latency{}
}

func faultsFor(all []Fault, name string) []Fault {
	for _, scope := range scopes(name) {
		var found []Fault
		for _, f := range all {
			if f.Backend == scope {
				found = append(found, f)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

func checkLatencies(all []Latency) error {
	seen := map[string]bool{}
	for _, l := range all {
		if seen[l.Backend] {
			return fmt.Errorf("two latencies for %s: give one", scopeName(l.Backend))
		}
		seen[l.Backend] = true
	}
	return nil
}

func checkFaults(all []Fault) error {
	sum := map[string]float64{}
	for _, f := range all {
		if sum[f.Backend] += f.Percent; sum[f.Backend] > 100 {
			return fmt.Errorf("the errors for %s make up %g%% of its calls: expected 100%% at most", scopeName(f.Backend), sum[f.Backend])
		}
	}
	return nil
}

// CheckBackends returns an error when a latency or a fault names none of the
// backends: nothing would tell that its name is misspelt.
func (o *Options) CheckBackends(backends []*topology.Backend) error {
	known := map[string]bool{"": true}
	for _, b := range backends {
		for _, scope := range scopes(nameOf(b)) {
			known[scope] = true
		}
	}
	var asked []string
	for _, l := range o.Latencies {
		asked = append(asked, l.Backend)
	}
	for _, f := range o.Faults {
		asked = append(asked, f.Backend)
	}
	for _, name := range asked {
		if !known[name] {
			names := slices.Sorted(maps.Keys(known))
			names = slices.DeleteFunc(names, func(n string) bool { return n == "" || strings.Contains(n, ":") != strings.Contains(name, ":") })
			return fmt.Errorf("no route has a backend %q%s", name, meant(name, names))
		}
	}
	return nil
}

func scopeName(backend string) string {
	if backend == "" {
		return "all backends"
	}
	return "backend " + backend
}

// draw chooses the fault of a call by a number from 0 to 100; nil for none.
func draw(faults []Fault, at float64) *Fault {
	for i := range faults {
		if at -= faults[i].Percent; at < 0 {
			return &faults[i]
		}
	}
	return nil
}

// wait lets the latency pass, or ends with the call.
func (l Latency) wait(ctx context.Context) error {
	d := l.Min
	if l.Max > l.Min {
		d += rand.N(l.Max - l.Min + 1)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}
