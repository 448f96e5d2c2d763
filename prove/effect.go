package prove

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
)

// Effect is all that happens to a call, in canonical form: what differs only in
// how it is written down has the same [Effect.Key]. Statuses are compared as gRPC
// clients see them, by code.
type Effect struct {
	// Entry is the match that takes the call, nil when none does. It says who, not
	// what, and is not compared.
	Entry *routing.Entry
	// Who takes the call where that is no match of a table, "" for none, and Range is
	// where it stands.
	Who   string
	Range diag.Range
	Why   string // why Answer, where that is not plain
	// Answer is what the client gets when no call reaches a backend.
	Answer *profile.Answer
	// Targets are where calls go, without those that get none; their shares add up
	// to 1. It is empty when Answer is set.
	Targets []Target
	// Drained are the targets that are named and get no call.
	Drained []Target
	Filters []string // of the rule, canonical: "set request header x-a: 1"
	Extras  []string // what else the rule asks for: session persistence, timeouts
	key     string
}

// Target is one destination and its exact share of the calls, Num in Den.
type Target struct {
	Group, Kind, Namespace, Name string
	Port                         int32
	TLS                          string // hostname that a BackendTLSPolicy verifies; "" without
	Filters                      []string
	// Answer is what its calls get when it cannot be used.
	Answer   *profile.Answer
	Num, Den int64
}

// Key is equal for two effects exactly when no client can tell them apart by more
// than chance.
func (e *Effect) Key() string { return e.key }

// Failing returns the share of the calls that reach no backend, Num in Den.
func (e *Effect) Failing() (num, den int64) {
	if e.Answer != nil {
		return 1, 1
	}
	num, den = 0, 1
	for i := range e.Targets {
		if t := &e.Targets[i]; t.Answer != nil {
			num, den = addFractions(num, den, t.Num, t.Den)
		}
	}
	return num, den
}

// String names the target as explain does: "shop/users:50051".
func (t *Target) String() string {
	name := t.Namespace + "/" + t.Name
	if t.Kind != "Service" || t.Group != "" {
		name = t.Kind + " " + name
	}
	if t.Port != 0 {
		name += fmt.Sprintf(":%d", t.Port)
	}
	return name
}

// identity is what makes two targets one.
func (t *Target) identity() string {
	return string(t.appendIdentity(nil))
}

func (t *Target) appendIdentity(b []byte) []byte {
	if t.Answer != nil {
		return strconv.AppendInt(append(b, "status "...), int64(t.Answer.GRPC), 10)
	}
	b = t.appendName(b)
	b = strconv.AppendQuote(append(b, ' '), t.TLS)
	return appendQuoted(append(b, ' '), t.Filters)
}

func (t *Target) appendName(b []byte) []byte {
	for _, part := range [...]string{t.Group, "/", t.Kind, "/", t.Namespace, "/", t.Name, ":"} {
		b = append(b, part...)
	}
	return strconv.AppendInt(b, int64(t.Port), 10)
}

// appendQuoted writes a list as %q does.
func appendQuoted(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, text := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendQuote(b, text)
	}
	return append(b, ']')
}

// EffectOf is the effect of a result of [routing.Table.Lookup].
func EffectOf(res *routing.Result) *Effect {
	if res.Entry == nil {
		return answerEffect(res.Answer)
	}
	return actionEffect(res.Entry)
}

// answerEffect is what a call gets that no rule takes.
func answerEffect(a *profile.Answer) *Effect {
	if a == nil {
		// No server is there to have an answer; explain's is that of the specification.
		a = &profile.Spec.Answers.NoListener
	}
	return &Effect{Answer: a, key: fmt.Sprintf("status %d", a.GRPC)}
}

// actionEffect is what happens to the calls an entry takes.
func actionEffect(entry *routing.Entry) *Effect {
	a := entry.Action
	e := &Effect{Entry: entry, Answer: a.Answer}
	if a.Answer != nil {
		e.key = fmt.Sprintf("status %d", a.Answer.GRPC)
		return e
	}
	e.Filters = canonicalFilters(a.Filters)
	e.Extras = extras(entry.Rule)
	e.targets(a)
	b := make([]byte, 0, 128)
	for i := range e.Targets {
		t := &e.Targets[i]
		b = strconv.AppendInt(b, t.Num, 10)
		b = strconv.AppendInt(append(b, '/'), t.Den, 10)
		b = append(t.appendIdentity(append(b, ' ')), '\n')
	}
	b = appendQuoted(append(appendQuoted(b, e.Filters), ' '), e.Extras)
	e.key = string(b)
	return e
}

// targets gathers the shares of an action: equal targets add up.
func (e *Effect) targets(a *routing.Action) {
	if len(a.Shares) == 1 {
		if t := targetOf(&a.Shares[0]); t.Num == 0 {
			e.Drained = append(e.Drained, t)
		} else {
			e.Targets = append(e.Targets, t)
		}
		return
	}
	byIdentity := map[string]int{}
	for i := range a.Shares {
		t := targetOf(&a.Shares[i])
		if t.Num == 0 {
			e.Drained = append(e.Drained, t)
			continue
		}
		id := t.identity()
		if at, ok := byIdentity[id]; ok {
			old := &e.Targets[at]
			old.Num, old.Den = addFractions(old.Num, old.Den, t.Num, t.Den)
			continue
		}
		byIdentity[id] = len(e.Targets)
		e.Targets = append(e.Targets, t)
	}
	slices.SortStableFunc(e.Targets, func(a, b Target) int { return cmp.Compare(a.identity(), b.identity()) })
}

func targetOf(s *routing.Share) Target {
	b := s.Backend
	t := Target{
		Group: b.Group, Kind: b.Kind, Namespace: b.Namespace, Name: b.Name, Port: b.Port,
		Filters: canonicalFilters(s.Filters), Answer: s.Answer,
	}
	t.Num, t.Den = s.Fraction()
	if b.Policy != nil && b.Policy.Object != nil {
		t.TLS = string(b.Policy.Object.Value.Spec.Validation.Hostname)
	}
	return t
}

// addFractions adds two fractions and reduces the sum.
func addFractions(a, b, c, d int64) (num, den int64) {
	num, den = a*d+c*b, b*d
	x, y := num, den
	for y != 0 {
		x, y = y, x%y
	}
	if x == 0 {
		return 0, 1
	}
	return num / x, den / x
}
