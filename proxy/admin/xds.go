package admin

import "github.com/prometheus/client_golang/prometheus"

// XDSClient is a stream of a client that asks for a Gateway over xDS.
type XDSClient struct {
	Gateway string // "NS/NAME"
	Kind    string // "envoy" or "grpc"
	Delta   bool   // it asks for changes only
}

// xdsClients counts streams at the moment of a scrape.
type xdsClients struct{ list func() []XDSClient }

var xdsStreams = prometheus.NewDesc("grpcroute_xds_streams", "Streams of clients that ask for a Gateway over xDS.", []string{"gateway", "kind", "protocol"}, nil)

// Describe fits [prometheus.Collector].
func (x *xdsClients) Describe(out chan<- *prometheus.Desc) { out <- xdsStreams }

// Collect fits [prometheus.Collector].
func (x *xdsClients) Collect(out chan<- prometheus.Metric) {
	counts := map[XDSClient]int{}
	for _, c := range x.list() {
		counts[c]++
	}
	for c, n := range counts {
		protocol := "sotw"
		if c.Delta {
			protocol = "delta"
		}
		out <- prometheus.MustNewConstMetric(xdsStreams, prometheus.GaugeValue, float64(n), c.Gateway, c.Kind, protocol)
	}
}
