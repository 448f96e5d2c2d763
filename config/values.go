package config

import (
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/profile"
)

// Values returns what a setting may be, the default first where there is one. The
// names are those of the flags; "rule" are the ids of rules and "level" what may
// become of one.
func Values(name string) []string {
	switch name {
	case "profile":
		out := []string{"auto"}
		for _, p := range profile.All {
			out = append(out, p.Name)
		}
		return out
	case "gateway-api":
		out := slices.Clone(admission.Versions())
		slices.Reverse(out)
		return out
	case "channel":
		return admission.Channels()
	case "assume":
		return []string{"unknown", "present", "absent"}
	case "tunnel-protocol":
		return []string{"input", "auto", "http2", "quic"}
	case "fail-on":
		return []string{"error", "warning", "info", "never"}
	case "level":
		return []string{string(Off), string(On), "info", "warning", "error"}
	case "rule":
		var out []string
		for _, r := range rules.All {
			out = append(out, r.ID)
		}
		return out
	}
	return nil
}
