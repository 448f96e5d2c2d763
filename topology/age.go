package topology

import (
	"cmp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Conflicts go to the older object, then to the smaller "namespace/name". Files
// rarely hold a creationTimestamp: the order is then that of the names, and what
// follows from it is unknown.

// older orders two objects: those with a creationTimestamp first, by it, then by
// "namespace/name" as one string.
func older(a, b *metav1.ObjectMeta, aRef, bRef diag.Ref) int {
	at, bt := &a.CreationTimestamp, &b.CreationTimestamp
	switch {
	case at.IsZero() != bt.IsZero():
		if at.IsZero() {
			return 1
		}
		return -1
	case !at.Equal(bt):
		return at.Compare(bt.Time)
	}
	return cmp.Or(strings.Compare(aRef.Key(), bRef.Key()), strings.Compare(aRef.Kind, bRef.Kind))
}

// ordered reports whether the input shows which of two objects is first.
func ordered(a, b *metav1.ObjectMeta, aRef, bRef diag.Ref) bool {
	if a.CreationTimestamp.IsZero() || b.CreationTimestamp.IsZero() {
		return false
	}
	return !a.CreationTimestamp.Equal(&b.CreationTimestamp) || aRef.Key() != bRef.Key()
}

// byAge is the certainty of what follows from the order of two objects.
func byAge(a, b *metav1.ObjectMeta, aRef, bRef diag.Ref) diag.Certainty {
	if ordered(a, b, aRef, bRef) {
		return diag.Certain
	}
	return diag.Unknown
}
