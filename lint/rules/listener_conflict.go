package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var listenerConflict = &lint.Rule{
	ID:       "listener-conflict",
	Summary:  "two listeners cannot stand on one port, so that one or both are not programmed",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkListenerConflict,
}

// GA apis/v1/gateway_types.go, GatewaySpec.Listeners: listeners of one port must
// be distinct by protocol and hostname. Inside one Gateway all that are not are
// refused; between ListenerSets the later one is (apis/v1/listenerset_types.go).
func checkListenerConflict(p *lint.Pass) {
	for l := range listeners(p.Topology) {
		for _, r := range l.Refusals {
			switch r.Reason {
			case "HostnameConflict", "ProtocolConflict", "ListenerConflict", "TooManyListeners":
				p.ReportRefusal(r, diag.Diagnostic{})
			}
		}
	}
}
