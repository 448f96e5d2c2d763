package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mutant is a route that differs in one field.
type mutant struct {
	field string
	route *routev3.Route
}

// mutants changes each field of a route, set or not, in each way that its type has.
func mutants(r *routev3.Route) []mutant {
	var out []mutant
	mutate(r.ProtoReflect(), "", 0, func(field string, change, undo func()) {
		change()
		out = append(out, mutant{strings.TrimPrefix(field, "."), proto.Clone(r).(*routev3.Route)})
		undo()
	})
	return out
}

// mutate visits the fields of a message and of those in it.
func mutate(m protoreflect.Message, path string, depth int, each func(field string, change, undo func())) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		at := path + "." + string(f.Name())
		old, had := proto.Clone(m.Interface()).ProtoReflect(), m.Has(f)
		undo := func() {
			proto.Reset(m.Interface())
			proto.Merge(m.Interface(), old.Interface())
		}
		try := func(how string, v protoreflect.Value) { each(at+" "+how, func() { m.Set(f, v) }, undo) }
		if had {
			each(at+" cleared", func() { m.Clear(f) }, undo)
		}
		switch {
		case f.IsMap():
		case f.IsList():
			mutateList(m, f, at, depth, each, undo)
		case f.Message() != nil:
			if strings.HasPrefix(string(f.Message().FullName()), "google.protobuf.Any") {
				continue
			}
			if had {
				mutate(m.Mutable(f).Message(), at, depth+1, func(field string, change, inner func()) { each(field, change, inner) })
				continue
			}
			try("set", sample(f, m))
		default:
			for n, v := range scalars(f, m.Get(f)) {
				try(fmt.Sprintf("changed (%d)", n), v)
			}
		}
	}
}

func mutateList(m protoreflect.Message, f protoreflect.FieldDescriptor, at string, depth int, each func(field string, change, undo func()), undo func()) {
	n := m.Get(f).List().Len()
	if n > 1 {
		each(at+" reversed", func() {
			l := m.Mutable(f).List()
			for i := range n / 2 {
				a, b := l.Get(i), l.Get(n-1-i)
				l.Set(i, b)
				l.Set(n-1-i, a)
			}
		}, undo)
		each(at+" shortened", func() { m.Mutable(f).List().Truncate(n - 1) }, undo)
	}
	each(at+" lengthened", func() {
		l := m.Mutable(f).List()
		if f.Message() != nil {
			l.Append(l.NewElement())
		} else {
			l.Append(protoreflect.ValueOfString("x"))
		}
	}, undo)
	if f.Message() == nil {
		return
	}
	for i := range n {
		mutate(m.Get(f).List().Get(i).Message(), fmt.Sprintf("%s[]", at), depth+1, each)
	}
}

// sample is a value for a message that is not set.
func sample(f protoreflect.FieldDescriptor, m protoreflect.Message) protoreflect.Value {
	v := m.NewField(f)
	inner := v.Message()
	if value := inner.Descriptor().Fields().ByName("value"); value != nil && value.Message() == nil && !value.IsList() {
		inner.Set(value, scalars(value, inner.Get(value))[0])
	}
	if seconds := inner.Descriptor().Fields().ByName("seconds"); seconds != nil {
		inner.Set(seconds, protoreflect.ValueOfInt64(7))
	}
	return v
}

// scalars are other values of a field.
func scalars(f protoreflect.FieldDescriptor, v protoreflect.Value) []protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return []protoreflect.Value{protoreflect.ValueOfBool(!v.Bool())}
	case protoreflect.StringKind:
		return []protoreflect.Value{protoreflect.ValueOfString(v.String() + "x"), protoreflect.ValueOfString("/")}
	case protoreflect.BytesKind:
		return []protoreflect.Value{protoreflect.ValueOfBytes([]byte("x"))}
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		at := values.ByNumber(v.Enum()).Index()
		return []protoreflect.Value{protoreflect.ValueOfEnum(values.Get((at + 1) % values.Len()).Number())}
	case protoreflect.Uint32Kind:
		return []protoreflect.Value{protoreflect.ValueOfUint32(uint32(v.Uint()) + 1)}
	case protoreflect.Uint64Kind:
		return []protoreflect.Value{protoreflect.ValueOfUint64(v.Uint() + 1)}
	case protoreflect.Int64Kind:
		return []protoreflect.Value{protoreflect.ValueOfInt64(v.Int() + 1)}
	case protoreflect.Int32Kind:
		return []protoreflect.Value{protoreflect.ValueOfInt32(int32(v.Int()) + 1)}
	}
	return nil
}

// opaque are the fields whose meaning verify does not read: to set them makes the
// calls of the route unknown. Not all of them are loaded by an Envoy.
var opaque = []string{
	"match.dynamic_metadata", "match.tls_context", "match.filter_state", "match.path_match_policy",
	"match.headers[].string_match.custom", "route.weighted_clusters", "route.cluster_specifier_plugin", "route.inline_cluster_specifier_plugin",
	"filter_action", "non_forwarding_action",
}

var mutationManifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "kind: ConfigMap, name: bad, port: 80"},
	Filters: []string{"", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: 'more%'}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}, percent: 10}}"},
}

// ownConfig is our own configuration of a table, read.
func ownConfig(t testing.TB, table *routing.Table) *Config {
	t.Helper()
	b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Read([]*manifest.File{{Name: "envoy.json", Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// routes lists the routes of a configuration.
func (c *Config) routes() (out []*route) {
	for _, l := range c.listeners {
		for _, ch := range l.all() {
			if ch.table == nil {
				continue
			}
			for _, h := range ch.table.hosts {
				out = append(out, h.routes...)
			}
		}
	}
	return out
}

// TestEveryMutationIsFoundOrHarmless changes each field of routes of our own: verify
// has to find it, with a witness that differs, or say that both do the same, and then
// random calls do.
func TestEveryMutationIsFoundOrHarmless(t *testing.T) {
	n := 20
	if testing.Short() {
		n = 6
	}
	found, refused, harmless, settings, unknown := 0, 0, map[string]int{}, 0, map[string]int{}
	for seed := range n {
		p := profile.All[seed%len(profile.All)]
		table := agreement.Compile(t, random.New(uint64(seed)+7).Manifests(mutationManifests), p)
		if len(table.Topology.Routes) == 0 {
			continue
		}
		config := ownConfig(t, table)
		all := config.routes()
		source := random.New(uint64(seed))
		for _, i := range source.Perm(len(all))[:min(3, len(all))] {
			r := all[i]
			original := r.proto
			for _, m := range mutants(original) {
				if m.route.ValidateAll() != nil {
					refused++ // by Envoy, too
					continue
				}
				r.proto = m.route
				report := Compare(context.Background(), []*routing.Table{table}, config, Options{})
				switch {
				case slices.ContainsFunc(report.Unknown, func(why string) bool { return strings.Contains(why, "please report") }):
					t.Errorf("seed %d, route %s: %s: %v", seed, original.Name, m.field, report.Unknown)
				case len(report.Regions) > 0:
					found++
				case len(report.Unknown) > 0:
					unknown[m.field]++
				default:
					if harmless[m.field]++; len(report.Settings) > 0 {
						settings++
					}
					alike(t, table, config, source, m.field)
				}
			}
			r.proto = original
		}
	}
	total := 0
	for _, c := range harmless {
		total += c
	}
	t.Logf("%d mutations found, %d harmless (%d of them reported as settings), %d that Envoy refuses, unknown: %v", found, total, settings, refused, unknown)
	for field := range unknown {
		if !slices.ContainsFunc(opaque, func(o string) bool { return strings.HasPrefix(field, o) }) {
			t.Errorf("unknown: %s (%d times)", field, unknown[field])
		}
	}
	if testing.Verbose() {
		t.Logf("harmless: %s", strings.Join(slices.Sorted(keys(harmless)), "\n"))
	}
	if found < 10*n {
		t.Errorf("%d mutations were found", found)
	}
}

// alike makes random calls that both sides have to treat alike.
func alike(t testing.TB, table *routing.Table, config *Config, source random.Source, field string) {
	t.Helper()
	x := newComparing(config, []*routing.Table{table}, Options{})
	for range 40 {
		q := source.Call()
		for _, d := range x.match([]*routing.Table{table}) {
			if d.port != q.Port {
				continue
			}
			if len(q.Headers) > 1 && q.Headers[0].Name == q.Headers[1].Name && !x.each {
				q.Headers = q.Headers[:1]
			}
			res := table.Lookup(&q)
			want := answered(res.Answer)
			if res.Entry != nil {
				want, _ = expected(res.Entry)
			}
			have, unknown := x.Decide(d.listener, &q)
			if unknown != "" || want == nil || want.Key() != have.Key() {
				t.Errorf("%s is said to be harmless: %+v: want %s, have %s, %s", field, q, keyOf(want), keyOf(have), unknown)
				return
			}
		}
	}
}

func keyOf(e *prove.Effect) string {
	if e == nil {
		return "nothing"
	}
	return e.Key()
}
