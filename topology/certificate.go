package topology

import (
	"crypto/tls"
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Certificate is a reference to a Secret with a certificate and its key.
type Certificate struct {
	Namespace, Name string
	Secret          *manifest.Object[corev1.Secret] // nil when the input lacks it
	Path            manifest.Path
	Refusal         *Refusal
}

var secretKind = profile.GroupKind{Kind: "Secret"}

// certificate resolves a certificate reference of a Gateway or ListenerSet: its
// kind, the grant that another namespace asks for, then the Secret. reason is
// that of a reference which is allowed and leads to nothing usable (GA
// apis/v1/gateway_types.go, ListenerReasonInvalidCertificateRef).
func (x *resolver) certificate(ref *gatewayv1.SecretObjectReference, doc *manifest.Document, path manifest.Path, reason string) *Certificate {
	c := &Certificate{
		Namespace: string(value(ref.Namespace, gatewayv1.Namespace(doc.Ref.Namespace))),
		Name:      string(ref.Name),
		Path:      path,
	}
	refuse := func(reason, message string, certainty diag.Certainty) *Certificate {
		c.Refusal = &Refusal{Reason: reason, Message: message, Doc: doc, Path: path, Certainty: certainty}
		return c
	}
	kind := profile.GroupKind{Group: string(value(ref.Group, "")), Kind: string(value(ref.Kind, "Secret"))}
	if kind != secretKind {
		return refuse(reason, fmt.Sprintf("certificates of kind %q in group %q are not supported: expected a Secret", kind.Kind, kind.Group), diag.Certain)
	}
	allowed := x.permission(grant{
		from:          profile.GroupKind{Group: gatewayv1.GroupName, Kind: doc.Ref.Kind},
		fromNamespace: doc.Ref.Namespace,
		to:            secretKind,
		namespace:     c.Namespace,
		name:          c.Name,
	})
	if !allowed.exists {
		return refuse("RefNotPermitted", allowed.why, allowed.certainty)
	}
	c.Secret = x.Set.Secrets.Get(c.Namespace, c.Name)
	if c.Secret == nil {
		if gone := x.missing("", "Secret", c.Namespace, c.Name); gone.certainty == diag.Unknown || !gone.exists {
			return refuse(reason, gone.why, gone.certainty)
		}
		return c
	}
	if sealed(c.Secret.Value) {
		return refuse(reason, fmt.Sprintf("what Secret %s holds is not in the input", c.Secret.Doc.Ref.Key()), diag.Unknown)
	}
	if wrong := unusable(c.Secret.Value); wrong != "" {
		refuse(reason, fmt.Sprintf("Secret %s %s", c.Secret.Doc.Ref.Key(), wrong), diag.Certain)
		c.Refusal.see(c.Secret.Doc, manifest.Path{"type"}, "the Secret")
	}
	return c
}

// sealed reports whether another tool fills in a certificate or its key.
func sealed(s *corev1.Secret) bool {
	return s.Type == corev1.SecretTypeTLS &&
		(manifest.Sealed(string(secretData(s, corev1.TLSCertKey))) || manifest.Sealed(string(secretData(s, corev1.TLSPrivateKeyKey))))
}

// unusable says what keeps a Secret from being a certificate, "" when nothing
// does. The text never quotes its data.
func unusable(s *corev1.Secret) string {
	if s.Type != corev1.SecretTypeTLS {
		return fmt.Sprintf("is of type %q: expected %q", s.Type, corev1.SecretTypeTLS)
	}
	certificate, key := secretData(s, corev1.TLSCertKey), secretData(s, corev1.TLSPrivateKeyKey)
	switch {
	case len(certificate) == 0:
		return fmt.Sprintf("has no %q", corev1.TLSCertKey)
	case len(key) == 0:
		return fmt.Sprintf("has no %q", corev1.TLSPrivateKeyKey)
	}
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		return fmt.Sprintf("has a %q and a %q that are no PEM certificate and its key", corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
	}
	return ""
}

// secretData reads a key as the API server stores it: stringData wins.
func secretData(s *corev1.Secret, key string) []byte {
	if text, ok := s.StringData[key]; ok {
		return []byte(text)
	}
	return s.Data[key]
}
