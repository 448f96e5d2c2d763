package render

import (
	"fmt"
	"math"
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

func shareOf(s *routing.Share, total int64) backendShare {
	b := s.Backend
	out := backendShare{
		Group: b.Group, Kind: b.Kind, Namespace: b.Namespace, Name: b.Name, Port: b.Port, Weight: s.Weight,
		Share: fraction(s.Weight, total), Percent: percent(s.Weight, total), Protocol: s.Protocol.Name,
		Certainty: s.Certainty.String(), Response: responseOf(s.Answer),
	}
	if b.Policy != nil && b.Policy.Object != nil {
		v := b.Policy.Object.Value
		out.TLS = &backendTLS{objectKey{b.Policy.Object.Doc.Ref.Namespace, v.Name}, string(v.Spec.Validation.Hostname), "caCertificateRefs"}
		if ca := v.Spec.Validation.WellKnownCACertificates; ca != nil {
			out.TLS.CA = string(*ca)
		}
	}
	if len(b.Filters) > 0 {
		out.Filters = filtersOf(b.Filters)
	}
	switch {
	case b.Refusal == nil && s.Protocol.Reason != "":
		out.Refusal = &refusal{s.Protocol.Reason, s.Protocol.Message}
	case b.Refusal == nil:
	case b.Refusal.Certainty == diag.Unknown:
		out.Unknown = b.Refusal.Message
	default:
		out.Refusal = refusalOf(b.Refusal)
	}
	return out
}

func refusalOf(r *topology.Refusal) *refusal {
	if r == nil {
		return nil
	}
	return &refusal{r.Reason, r.Message}
}

func filtersOf(fs []*topology.Filter) []filter {
	out := []filter{}
	for _, f := range fs {
		v := filter{Index: f.Index, Type: f.Type, Refusal: refusalOf(f.Refusal)}
		if g := f.GRPC; g != nil {
			v.RequestHeaderModifier, v.ResponseHeaderModifier, v.RequestMirror, v.ExtensionRef = g.RequestHeaderModifier, g.ResponseHeaderModifier, g.RequestMirror, g.ExtensionRef
		}
		if h := f.HTTP; h != nil {
			v.RequestHeaderModifier, v.ResponseHeaderModifier, v.RequestMirror, v.ExtensionRef = h.RequestHeaderModifier, h.ResponseHeaderModifier, h.RequestMirror, h.ExtensionRef
		}
		out = append(out, v)
	}
	return out
}

func responseOf(a *profile.Answer) *response {
	if a == nil {
		return nil
	}
	return &response{a.HTTP, profile.CodeName(a.GRPC), a.GRPC}
}

// fraction returns weight/total in lowest terms.
func fraction(weight, total int64) string {
	if weight <= 0 || total <= 0 {
		return "0"
	}
	a, b := weight, total
	for b != 0 {
		a, b = b, a%b
	}
	if total == a {
		return strconv.FormatInt(weight/a, 10)
	}
	return fmt.Sprintf("%d/%d", weight/a, total/a)
}

// percent is rounded to four decimals; fraction is exact.
func percent(weight, total int64) float64 {
	if weight <= 0 || total <= 0 {
		return 0
	}
	return math.Round(float64(weight)/float64(total)*1e6) / 1e4
}

func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
