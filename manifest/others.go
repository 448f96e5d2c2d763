package manifest

// others are kinds that nothing is routed by and that lint speaks of: what
// GRPCRoutes are migrated from, and what one of our kinds was called before.
// Their documents are kept in [Set.Others].
var others = map[groupKind]bool{
	{"networking.k8s.io", "Ingress"}:          true,
	{"extensions", "Ingress"}:                 true,
	{"networking.istio.io", "VirtualService"}: true,
	{gatewayGroup, "ReferencePolicy"}:         true,
}

// identity names an object of a kind that we do not read.
type identity struct{ group, kind, namespace, name string }

// Holds reports whether the input holds an object of a kind that is counted in
// [Set.Ignored] and not read. An object that names no namespace counts for the
// default one.
func (s *Set) Holds(group, kind, namespace, name string) bool {
	return s.seen[identity{group, kind, namespace, name}]
}

// other takes in an object of a kind that we do not read: its identity, and the
// document where lint speaks of the kind.
func (d *documents) other(doc *Document) {
	gk := groupKind{groupOf(doc.Ref.APIVersion), doc.Ref.Kind}
	doc.identify(&kind{}, d.l.namespace)
	if doc.Ref.Name != "" {
		d.seen = append(d.seen, identity{gk.group, gk.kind, doc.Ref.Namespace, doc.Ref.Name})
	}
	if others[gk] {
		d.others = append(d.others, doc)
	}
}
