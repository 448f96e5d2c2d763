package topology

import (
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// CAKey is where ConfigMaps and Secrets keep CA certificates.
const CAKey = "ca.crt"

// Authority returns the CA certificates, in PEM, that a reference of a policy of a
// namespace names: those of a ConfigMap, or of a Secret, which some implementations
// take. It is empty when the input has none.
func Authority(set *manifest.Set, namespace string, ref gatewayv1.LocalObjectReference) []byte {
	switch {
	case ref.Group == "" && ref.Kind == "ConfigMap":
		if o := set.ConfigMaps.Get(namespace, string(ref.Name)); o != nil {
			return CAText(o.Value)
		}
	case ref.Group == "" && ref.Kind == "Secret":
		if o := set.Secrets.Get(namespace, string(ref.Name)); o != nil {
			if text, ok := o.Value.StringData[CAKey]; ok {
				return []byte(text)
			}
			return o.Value.Data[CAKey]
		}
	}
	return nil
}

// CAText returns the CA certificates of a ConfigMap, in PEM; empty for none.
func CAText(m *corev1.ConfigMap) []byte {
	if text := m.Data[CAKey]; text != "" {
		return []byte(text)
	}
	return m.BinaryData[CAKey]
}
