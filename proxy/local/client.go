package local

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// askClients makes a configuration ask clients for a certificate, as the Gateway's
// spec.tls.frontend says for the port (GA apis/v1/gateway_types.go,
// FrontendTLSConfig). Without a usable authority no client is let in: the error
// says why.
func askClients(c *tls.Config, set *manifest.Set, f *front) error {
	v := frontendValidation(f)
	if v == nil {
		return nil
	}
	if v.Mode == gatewayv1.AllowInsecureFallback {
		c.ClientAuth = tls.RequestClientCert
		return nil
	}
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	var errs []error
	for _, ref := range v.CACertificateRefs {
		errs = append(errs, addAuthority(c.ClientCAs, set, f, ref))
	}
	return errors.Join(errs...)
}

// frontendValidation returns what a Gateway asks of its clients on a port, nil for
// nothing.
func frontendValidation(f *front) *gatewayv1.FrontendTLSValidation {
	if f.of.Object == nil || f.of.Object.Value.Spec.TLS == nil || f.of.Object.Value.Spec.TLS.Frontend == nil {
		return nil
	}
	spec := f.of.Object.Value.Spec.TLS.Frontend
	for i := range spec.PerPort {
		if int32(spec.PerPort[i].Port) == f.port {
			return spec.PerPort[i].TLS.Validation
		}
	}
	return spec.Default.Validation
}

func addAuthority(pool *x509.CertPool, set *manifest.Set, f *front, ref gatewayv1.ObjectReference) error {
	namespace := f.of.Namespace
	if ref.Namespace != nil && *ref.Namespace != "" {
		namespace = string(*ref.Namespace)
	}
	switch {
	case ref.Group != "" || ref.Kind != "ConfigMap":
		return fmt.Errorf("client CA certificates in a %s are not read: expected a ConfigMap", ref.Kind)
	case namespace != f.of.Namespace:
		return fmt.Errorf("client CA certificates of another namespace (ConfigMap %s/%s) are not read", namespace, ref.Name)
	}
	o := set.ConfigMaps.Get(namespace, string(ref.Name))
	if o == nil {
		return fmt.Errorf("ConfigMap %s/%s with client CA certificates is not in the input", namespace, ref.Name)
	}
	if !pool.AppendCertsFromPEM(topology.CAText(o.Value)) {
		return fmt.Errorf("ConfigMap %s/%s holds no PEM certificate in %q", namespace, ref.Name, topology.CAKey)
	}
	return nil
}
