package verify

import (
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// wanted is the list of what the manifests say for a result, without path and
// headers.
func (x *comparing) wanted(res *routing.Result) *boxed {
	miss := res.Answer
	if res.Host != nil {
		miss = &res.Server.Profile.Answers.NoMatch
	}
	effect := answered(miss)
	switch {
	case res.Misdirected:
		effect.Why = "the SNI leads to another listener than the authority"
	case res.Host == nil && res.Listener == nil:
		effect.Why = "no listener is for the host"
	}
	key := wantKey{res.Host, effect.Key() + effect.Why}
	if l := x.wants[key]; l != nil {
		return l
	}
	l := &prove.List{Miss: effect}
	if res.Host != nil {
		for _, e := range res.Host.Entries {
			if e.Dead != "" && !e.Opaque() {
				continue
			}
			b := prove.Box{Entry: e}
			b.Effect, b.Unknown = x.expected(e)
			l.Boxes = append(l.Boxes, b)
		}
	}
	x.wants[key] = newBoxed(l)
	return x.wants[key]
}

// expected is [expected], worked out once for all entries of an action, but for the
// entry's name.
func (x *comparing) expected(e *routing.Entry) (*prove.Effect, string) {
	w, ok := x.actions[e.Action]
	if !ok {
		w.effect, w.unknown = expected(e)
		x.actions[e.Action] = w
	}
	if w.effect == nil || w.effect.Entry == e {
		return w.effect, w.unknown
	}
	mine := *w.effect
	mine.Entry = e
	return &mine, w.unknown
}
