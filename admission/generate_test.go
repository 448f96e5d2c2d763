package admission_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// texts are strings that some rule or pattern of the Gateway API has an opinion
// on, good and bad.
var texts = []string{
	"", "a", "b", "foo", "bar", "example.com", "*.example.com", "a.example.com", "Service", "Gateway", "GRPCRoute", "Secret",
	"ConfigMap", "gateway.networking.k8s.io", "apps", "HTTP", "HTTPS", "TLS", "TCP", "UDP", "Exact", "RegularExpression", "PathPrefix",
	"/", "/foo", "/foo/bar", "//", "/a/../b", "/a/./b", "/..", "/.", "/a%2fb", "/a%2Fb", "/a#b", "/a b", "foo/bar", "pkg.Service",
	".pkg.Service", "pkg/Service", "Get", "get-it", "_x9", "10s", "1m30s", "0s", "500ms", "2h", "1h", "5d", "99999999h", "10", "x-Header", "bad header",
	"1.2.3.4", "01.2.3.4", "::1", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.256", "Foo", "foo_bar", "-foo", "foo-", "a..b", "*", "*.", "*.*.com",
	"a.cluster.local", "http://a.com", "https://*.a.com:443", "http://a.com/x", "a.com/name", "example.com/gw-controller", "System", "IPAddress",
	"Hostname", "NamedAddress", "ReplaceFullPath", "ReplacePrefixMatch", "Cookie", "Header", "Permanent", "Session", "spiffe://x/y", "GET", "POST",
	"é", "日本", "a\tb", "a\nb", " a", "\x00", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 254),
	strings.Repeat("é", 300), strings.Repeat("k", 260) + "/x", strings.Repeat("a", 1024), strings.Repeat("a", 1025), "/" + strings.Repeat("b", 1024), strings.Repeat("v", 4097),
}

var odd = []any{
	nil, true, false, int64(0), int64(-1), int64(1), int64(5), int64(42), int64(80), int64(301), int64(65535), int64(65536), int64(1000001), int64(1) << 40, -int64(1) << 40,
	1.0, 80.0, 1.5, 301.5, -0.5, 1e10, 1e300, 0.0, 9007199254740993.0, []any{}, map[string]any{}, []any{nil}, []any{"a"}, map[string]any{"a": "b"}, map[string]any{"name": nil},
	[]any{map[string]any{}}, []any{[]any{"a"}},
}

// source draws objects that follow a schema more or less.
type source struct {
	*rand.Rand
	patterns map[string]*regexp.Regexp
}

func newSource(seed uint64) *source {
	return &source{rand.New(rand.NewPCG(seed, 1)), map[string]*regexp.Regexp{}}
}

func (s *source) chance(percent int) bool { return s.IntN(100) < percent }

func pick[T any](s *source, list []T) T { return list[s.IntN(len(list))] }

// object draws a whole object.
func (s *source) object(r *reference) map[string]any {
	m, _ := s.value(r.schema, 0).(map[string]any)
	m["apiVersion"], m["kind"] = r.apiVersion(), r.gvk.Kind
	m["metadata"] = map[string]any{"name": "x", "namespace": "default"}
	if s.chance(95) {
		delete(m, "status")
	}
	return m
}

func (s *source) value(p *apiextensionsv1.JSONSchemaProps, depth int) any {
	switch {
	case len(p.Enum) > 0 && s.chance(97):
		var v any
		_ = json.Unmarshal(pick(s, p.Enum).Raw, &v)
		if f, ok := v.(float64); ok {
			return int64(f)
		}
		return v
	case p.Type == "object":
		return s.fields(p, depth)
	case p.Type == "array":
		return s.list(p, depth)
	case p.Type == "integer":
		return s.integer(p)
	case p.Type == "boolean":
		return s.chance(70)
	}
	return s.text(p)
}

func (s *source) integer(p *apiextensionsv1.JSONSchemaProps) any {
	from := []int64{0, 1, 2, 80, 443, 100, 50}
	if p.Minimum != nil {
		from = append(from, int64(*p.Minimum))
	}
	if p.Maximum != nil {
		from = append(from, int64(*p.Maximum))
	}
	v := pick(s, from)
	if p.Minimum != nil && s.chance(97) {
		v = max(v, int64(*p.Minimum))
	}
	return v
}

func (s *source) text(p *apiextensionsv1.JSONSchemaProps) any {
	for range 40 {
		t := pick(s, texts)
		if s.fits(p, t) {
			return t
		}
	}
	return pick(s, texts)
}

func (s *source) fits(p *apiextensionsv1.JSONSchemaProps, t string) bool {
	n := int64(len([]rune(t)))
	if p.MinLength != nil && n < *p.MinLength || p.MaxLength != nil && n > *p.MaxLength || len(t) > 20 && s.chance(90) {
		return false
	}
	if p.Pattern == "" {
		return true
	}
	re := s.patterns[p.Pattern]
	if re == nil {
		re = regexp.MustCompile(p.Pattern)
		s.patterns[p.Pattern] = re
	}
	return re.MatchString(t)
}

func (s *source) list(p *apiextensionsv1.JSONSchemaProps, depth int) any {
	n := pick(s, []int{0, 1, 1, 1, 2, 2, 3})
	if p.MinItems != nil && s.chance(97) {
		n = max(n, int(*p.MinItems))
	}
	out := []any{}
	for range n {
		out = append(out, s.value(p.Items.Schema, depth+1))
	}
	return out
}

// fields draws an object. A union (type and one body of that name) is drawn so
// that the two mostly agree: else nearly no object would be valid.
func (s *source) fields(p *apiextensionsv1.JSONSchemaProps, depth int) any {
	out := map[string]any{}
	if p.AdditionalProperties != nil {
		for range s.IntN(3) {
			out[pick(s, []string{"a", "example.com/b", "B_c", "bad key", "x/y/z"})] = s.value(p.AdditionalProperties.Schema, depth+1)
		}
		return out
	}
	union := ""
	if t, ok := p.Properties["type"]; ok && (len(t.Enum) > 0 || t.Pattern != "") && s.chance(90) {
		out["type"] = s.value(&t, depth)
		union, _ = out["type"].(string)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		sub := p.Properties[name]
		body := sub.Type == "object" && union != "" && strings.EqualFold(name, union)
		percent := max(45-depth*3, 15)
		switch {
		case slices.Contains(p.Required, name), body:
			percent = 95
		case union != "" && sub.Type == "object" && len(p.Properties) > 3:
			percent = 5
		}
		if _, done := out[name]; !done && s.chance(percent) {
			out[name] = s.value(&sub, depth+1)
		}
	}
	return out
}

// place is where a value stands: in a map or in a list.
type place struct {
	in    map[string]any
	list  []any
	set   func([]any) // replaces the list
	key   string
	index int
}

func (p place) get() any {
	if p.in != nil {
		return p.in[p.key]
	}
	return p.list[p.index]
}

func (p place) put(v any) {
	if p.in != nil {
		p.in[p.key] = v
	} else {
		p.list[p.index] = v
	}
}

func places(v any, put func(any), out []place) []place {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, place{in: v, key: k})
			out = places(v[k], func(n any) { v[k] = n }, out)
		}
	case []any:
		for i := range v {
			out = append(out, place{list: v, index: i, set: func(l []any) { put(l) }})
			out = places(v[i], func(n any) { v[i] = n }, out)
		}
	}
	return out
}

// mutate changes an object in one place.
func (s *source) mutate(object map[string]any) {
	all := places(object, nil, nil)
	all = slices.DeleteFunc(all, func(p place) bool {
		return p.in != nil && (p.key == "apiVersion" || p.key == "kind") && sameMap(p.in, object) || p.key == "metadata" && s.chance(95)
	})
	if len(all) == 0 {
		return
	}
	p := pick(s, all)
	switch s.IntN(15) {
	case 0:
		s.remove(p)
	case 1, 2:
		p.put(runtime.DeepCopyJSONValue(pick(s, odd)))
	case 3, 4:
		p.put(pick(s, texts))
	case 5:
		s.rename(p)
	case 6:
		if m, ok := p.get().(map[string]any); ok {
			m[pick(s, []string{"extra", "metod", "Name", "x.y", "a[b]", "", "type", "name", "namespace", "value"})] = runtime.DeepCopyJSONValue(pick(s, odd))
		}
	case 7, 8:
		s.repeat(p)
	case 9, 10:
		p.put(runtime.DeepCopyJSONValue(pick(s, all).get()))
	case 11:
		s.tweak(p)
	default:
		s.provoke(all)
	}
}

func sameMap(a, b map[string]any) bool {
	b["\x01"] = true
	defer delete(b, "\x01")
	_, ok := a["\x01"]
	return ok
}

func (s *source) remove(p place) {
	if p.in != nil {
		delete(p.in, p.key)
	} else {
		p.set(slices.Delete(slices.Clone(p.list), p.index, p.index+1))
	}
}

func (s *source) rename(p place) {
	if p.in == nil || p.key == "" {
		return
	}
	v := p.in[p.key]
	delete(p.in, p.key)
	runes := []rune(p.key)
	i := s.IntN(len(runes))
	p.in[pick(s, []string{string(runes[:i]) + string(runes[i+1:]), strings.ToUpper(p.key), p.key + "s", strings.ToLower(p.key)})] = v
}

// repeat makes a list longer, up to around the limits there are.
func (s *source) repeat(p place) {
	list, ok := p.get().([]any)
	if !ok || len(list) == 0 {
		if p.set == nil {
			return
		}
		p.set(append(slices.Clone(p.list), runtime.DeepCopyJSONValue(p.get())))
		return
	}
	var out []any
	for range pick(s, []int{2, 2, 2, 3, 4, 9, 16, 17, 33, 65}) {
		out = append(out, runtime.DeepCopyJSONValue(list[len(out)%len(list)]))
	}
	p.put(out)
}

// tweak changes a value a little, and items of a list apart from each other.
func (s *source) tweak(p place) {
	switch v := p.get().(type) {
	case string:
		runes := []rune(v)
		i := s.IntN(len(runes) + 1)
		p.put(string(runes[:i]) + pick(s, []string{"a", "-", ".", "_", "*", "/", " ", "0", "A"}) + string(runes[i:]))
	case int64:
		p.put(v + int64(s.IntN(5)) - 2)
	case []any:
		for i := range v {
			if m, ok := v[i].(map[string]any); ok {
				m["name"] = "n" + string(rune('a'+i%26))
			}
		}
	}
}
