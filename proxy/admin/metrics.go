package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// codes are the names of gRPC statuses, as metrics and pages write them.
var codes = []string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// CodeName returns the name of a gRPC status code, "OTHER" for a number that is
// none: backends may send any, and each would be a series of its own.
func CodeName(code int) string {
	if code < 0 || code >= len(codes) {
		return "OTHER"
	}
	return codes[code]
}

// key is what calls are counted by.
type key struct {
	route, backend string
	rule, code     int
}

// series is what is counted of the calls of one key.
type series struct {
	key              key
	count            atomic.Uint64
	total            prometheus.Counter
	duration         prometheus.Observer
	request, content prometheus.Counter
	last             atomic.Int64 // when the last one ended, in nanoseconds since 1970
}

// metrics counts calls. Per call it compares one key, or looks it up, and touches
// five numbers.
type metrics struct {
	registry         *prometheus.Registry
	calls            *prometheus.CounterVec
	duration         *prometheus.HistogramVec
	request, content *prometheus.CounterVec
	reloads          *prometheus.CounterVec

	latest atomic.Pointer[series] // of the last call: the next one is often alike
	mu     sync.RWMutex
	seen   map[key]*series
}

// buckets of durations, in seconds: calls on one machine take microseconds, and
// streams minutes.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

func newMetrics(stats func() proxy.Stats) *metrics {
	labels := []string{"route", "rule", "backend"}
	m := &metrics{
		registry: prometheus.NewRegistry(), seen: map[key]*series{},
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpcroute_calls_total",
			Help: "Calls that have ended, by the gRPC status that the client saw."}, append(labels, "code")),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "grpcroute_call_duration_seconds",
			Help: "Time from the request headers to the end of the answer.", Buckets: buckets}, labels),
		request: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpcroute_request_bytes_total",
			Help: "Content that came from clients, in calls that have ended."}, labels),
		content: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpcroute_response_bytes_total",
			Help: "Content that came from backends, in calls that have ended."}, labels),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpcroute_reloads_total",
			Help: "Changes of the manifests, by whether they were taken."}, []string{"result"}),
	}
	m.reloads.WithLabelValues("taken")
	m.reloads.WithLabelValues("refused")
	m.registry.MustRegister(m.calls, m.duration, m.request, m.content, m.reloads, &moment{stats},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) reloaded(taken bool) {
	result := "refused"
	if taken {
		result = "taken"
	}
	m.reloads.WithLabelValues(result).Inc()
}

// done counts one call.
func (m *metrics) done(r *proxy.Record) {
	k := key{r.Route, r.Backend, r.Rule, r.Code}
	s := m.latest.Load()
	if s == nil || s.key != k {
		s = m.find(k)
		m.latest.Store(s)
	}
	s.count.Add(1)
	s.total.Inc()
	s.duration.Observe(r.Duration.Seconds())
	if r.RequestBytes > 0 {
		s.request.Add(float64(r.RequestBytes))
	}
	if r.ResponseBytes > 0 {
		s.content.Add(float64(r.ResponseBytes))
	}
	s.last.Store(r.Start.Add(r.Duration).UnixNano())
}

func (m *metrics) find(k key) *series {
	m.mu.RLock()
	s := m.seen[k]
	m.mu.RUnlock()
	if s == nil {
		s = m.add(k)
	}
	return s
}

func (m *metrics) add(k key) *series {
	if CodeName(k.code) == "OTHER" {
		k.code = -1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.seen[k]
	if s != nil {
		return s
	}
	rule := ""
	if k.route != "" {
		rule = strconv.Itoa(k.rule)
	}
	s = &series{
		key:      k,
		total:    m.calls.WithLabelValues(k.route, rule, k.backend, CodeName(k.code)),
		duration: m.duration.WithLabelValues(k.route, rule, k.backend),
		request:  m.request.WithLabelValues(k.route, rule, k.backend),
		content:  m.content.WithLabelValues(k.route, rule, k.backend),
	}
	m.seen[k] = s
	return s
}

// counted is one key's calls in /calls.
type counted struct {
	Route   string    `json:"route"`
	Rule    int       `json:"rule"`
	Backend string    `json:"backend"`
	Code    string    `json:"code"`
	Count   uint64    `json:"count"`
	Last    time.Time `json:"last"`
}

// list returns what was counted, in stable order.
func (m *metrics) list() []counted {
	m.mu.RLock()
	out := make([]counted, 0, len(m.seen))
	for k, s := range m.seen {
		out = append(out, counted{k.route, k.rule, k.backend, CodeName(k.code), s.count.Load(), time.Unix(0, s.last.Load()).UTC()})
	}
	m.mu.RUnlock()
	slices.SortFunc(out, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// moment collects the figures that are true now.
type moment struct{ stats func() proxy.Stats }

var (
	openCalls      = prometheus.NewDesc("grpcroute_open_calls", "Calls that are not over.", nil, nil)
	openClients    = prometheus.NewDesc("grpcroute_client_connections", "Connections of clients.", nil, nil)
	openBackends   = prometheus.NewDesc("grpcroute_backend_connections", "Connections to an address of a backend.", []string{"address"}, nil)
	waitingCalls   = prometheus.NewDesc("grpcroute_backend_waiting_calls", "Calls that wait for a connection or a free stream.", []string{"address"}, nil)
	mirrored       = prometheus.NewDesc("grpcroute_mirrored_calls_total", "Copies of calls that were begun.", nil, nil)
	mirrorsDropped = prometheus.NewDesc("grpcroute_mirrors_dropped_total", "Copies that were due and not begun, or cut off.", nil, nil)
)

// Describe sends the descriptions of what [moment.Collect] collects.
func (m *moment) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{openCalls, openClients, openBackends, waitingCalls, mirrored, mirrorsDropped} {
		to <- d
	}
}

// Collect sends the figures.
func (m *moment) Collect(to chan<- prometheus.Metric) {
	s := m.stats()
	gauge := func(d *prometheus.Desc, value int, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(openCalls, s.Calls)
	gauge(openClients, s.Clients)
	to <- prometheus.MustNewConstMetric(mirrored, prometheus.CounterValue, float64(s.Mirrored))
	to <- prometheus.MustNewConstMetric(mirrorsDropped, prometheus.CounterValue, float64(s.MirrorsDropped))
	connections, waiting := map[string]int{}, map[string]int{}
	for _, b := range s.Backends {
		connections[b.Address] += b.Connections
		waiting[b.Address] += b.Waiting
	}
	for address := range connections {
		gauge(openBackends, connections[address], address)
		gauge(waitingCalls, waiting[address], address)
	}
}
