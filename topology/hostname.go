package topology

// Intersect returns the hostnames two hostnames have in common, as one hostname,
// and whether there are any. "" stands for no hostname (semantics 2.5).
func Intersect(listener, route string) (string, bool) { return "", false }
