package topology

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// nameLabel is the one label that every Namespace has: the API server sets it.
const nameLabel = "kubernetes.io/metadata.name"

// verdict is whether a namespace is admitted. An unknown one is ok: the route is
// treated as attached and marked.
type verdict struct {
	ok        bool
	certainty diag.Certainty
	why       string
}

// admitsNamespace asks a listener's allowedRoutes.namespaces.
func (x *resolver) admitsNamespace(l *Listener, namespace string) verdict {
	if v, ok := l.verdicts[namespace]; ok {
		return v
	}
	var rules gatewayv1.RouteNamespaces
	if l.allowed != nil && l.allowed.Namespaces != nil {
		rules = *l.allowed.Namespaces
	}
	v := x.admits(value(rules.From, gatewayv1.NamespacesFromSame), rules.Selector, l.namespace(), namespace)
	if l.verdicts == nil {
		l.verdicts = map[string]verdict{}
	}
	l.verdicts[namespace] = v
	return v
}

// admits decides allowedRoutes.namespaces and allowedListeners.namespaces (GA
// apis/v1/gateway_types.go, RouteNamespaces and ListenerNamespaces).
func (x *resolver) admits(from gatewayv1.FromNamespaces, selector *metav1.LabelSelector, owner, namespace string) verdict {
	switch from {
	case gatewayv1.NamespacesFromAll:
		return verdict{ok: true}
	case gatewayv1.NamespacesFromSame:
		return verdict{ok: namespace == owner, why: fmt.Sprintf("from: Same takes only namespace %q", owner)}
	case gatewayv1.NamespacesFromNone:
		return verdict{why: "from: None takes no namespace"}
	case gatewayv1.NamespacesFromSelector:
		if selector == nil {
			return verdict{why: "from: Selector has no selector, which takes no namespace"}
		}
		return x.selects(selector, namespace)
	}
	return verdict{why: fmt.Sprintf("from: %s is not known", from)}
}

// answer is a truth value of three.
type answer int

const (
	no answer = iota
	open
	yes
)

// selects evaluates a label selector. Of a Namespace that is not in the input
// only its name is known, which may be enough.
func (x *resolver) selects(selector *metav1.LabelSelector, namespace string) verdict {
	labels := map[string]string{nameLabel: namespace}
	object := x.Set.Namespaces.Get("", namespace)
	if object != nil {
		for k, v := range object.Value.Labels {
			labels[k] = v
		}
		labels[nameLabel] = namespace
	}
	switch all, failed := asks(selector, labels, object != nil); all {
	case yes:
		return verdict{ok: true}
	case no:
		return verdict{why: fmt.Sprintf("namespace %q does not have %s", namespace, failed)}
	default:
		return x.unlabelled(selector, labels, namespace, failed)
	}
}

// asks evaluates the requirements of a selector; failed is the one that decides.
// Labels that are not known to be all leave what they lack open.
func asks(selector *metav1.LabelSelector, labels map[string]string, known bool) (all answer, failed string) {
	all = yes
	ask := func(a answer, requirement string) {
		if a < all {
			all, failed = a, requirement
		}
	}
	for _, key := range sortedKeys(selector.MatchLabels) {
		want := selector.MatchLabels[key]
		ask(requirement(metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{want}}, labels, known), key+"="+want)
	}
	for _, r := range selector.MatchExpressions {
		ask(requirement(r, labels, known), strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Key, r.Operator, strings.Join(r.Values, ","))))
	}
	return all, failed
}

// unlabelled is the verdict on a namespace whose labels are not in the input and
// decide. In a complete input it has none but its name.
func (x *resolver) unlabelled(selector *metav1.LabelSelector, labels map[string]string, namespace, failed string) verdict {
	gone := x.missing("", "Namespace", "", namespace)
	switch {
	case gone.certainty == diag.Unknown:
		return verdict{true, diag.Unknown, fmt.Sprintf("%s, so that its labels (%s) are not known", gone.why, failed)}
	case gone.exists:
		return verdict{true, diag.Assumed, fmt.Sprintf("the labels of namespace %q (%s) are assumed", namespace, failed)}
	}
	all, failed := asks(selector, labels, true)
	if all == yes {
		return verdict{true, diag.Assumed, fmt.Sprintf("namespace %q is assumed to have no labels", namespace)}
	}
	return verdict{false, diag.Assumed, fmt.Sprintf("namespace %q has no label %s in the input", namespace, failed)}
}

// requirement evaluates one requirement as a label selector does: NotIn and
// DoesNotExist hold where the key is missing.
func requirement(r metav1.LabelSelectorRequirement, labels map[string]string, known bool) answer {
	v, has := labels[r.Key]
	if !has && !known {
		return open
	}
	holds := false
	switch r.Operator {
	case metav1.LabelSelectorOpIn:
		holds = has && slices.Contains(r.Values, v)
	case metav1.LabelSelectorOpNotIn:
		holds = !has || !slices.Contains(r.Values, v)
	case metav1.LabelSelectorOpExists:
		holds = has
	case metav1.LabelSelectorOpDoesNotExist:
		holds = !has
	}
	if holds {
		return yes
	}
	return no
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
