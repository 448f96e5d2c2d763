package topology

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
)

// Of a GRPCRoute and an HTTPRoute with hostnames in common exactly one is
// accepted: the older, then the one whose "namespace/name" is first (GA
// apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames). With more than two routes
// they are taken in that order, each against the accepted ones of the other kind.

// resolveCrossKind applies the profile's policy.
func (x *resolver) resolveCrossKind() {
	if x.Set.GRPCRoutes.All == nil || x.Set.HTTPRoutes.All == nil {
		return
	}
	switch x.Profile.Hosts.CrossKind {
	case profile.RejectNewer:
		x.rejectPerListener()
	case profile.RejectNewerEverywhere:
		x.rejectEverywhere()
	}
}

// rejectPerListener settles each listener by itself, by effective hostnames.
func (x *resolver) rejectPerListener() {
	byListener := map[*Listener][]*Attachment{}
	for _, a := range x.accepted() {
		byListener[a.Listener] = append(byListener[a.Listener], a)
	}
	for _, attached := range byListener {
		if !bothKinds(attached) {
			continue
		}
		slices.SortStableFunc(attached, func(a, b *Attachment) int { return byAgeOrder(a.Parent.Route, b.Parent.Route) })
		var grpc, http hostClaims[Attachment]
		for _, a := range attached {
			own, other := &grpc, &http
			if a.Parent.Route.HTTP != nil {
				own, other = &http, &grpc
			}
			if host, winner := taken(other, a.Hosts); winner != nil {
				x.lose(a, winner, host)
				continue
			}
			for _, h := range a.Hosts {
				own.add(h.Name, a)
			}
		}
	}
}

// rejectEverywhere settles each Gateway by the hostnames that routes write, and a
// route that loses on one loses on all of its parents.
func (x *resolver) rejectEverywhere() {
	type claims struct{ grpc, http hostClaims[Attachment] }
	byGateway := map[*Gateway]*claims{}
	byRoute := map[*Route][]*Attachment{}
	var routes []*Route
	for _, a := range x.accepted() {
		r := a.Parent.Route
		if byRoute[r] == nil {
			routes = append(routes, r)
		}
		byRoute[r] = append(byRoute[r], a)
	}
	slices.SortStableFunc(routes, byAgeOrder)
	for _, r := range routes {
		hosts := effectiveHosts("", r.Hostnames, false)
		var winner *Attachment
		var host string
		for _, a := range byRoute[r] {
			c := byGateway[a.Listener.Gateway]
			if c == nil {
				c = &claims{}
				byGateway[a.Listener.Gateway] = c
			}
			other := &c.http
			if r.HTTP != nil {
				other = &c.grpc
			}
			if host, winner = taken(other, hosts); winner != nil {
				break
			}
		}
		for _, a := range byRoute[r] {
			if winner != nil {
				x.lose(a, winner, host)
				continue
			}
			own := &byGateway[a.Listener.Gateway].grpc
			if r.HTTP != nil {
				own = &byGateway[a.Listener.Gateway].http
			}
			for _, h := range hosts {
				own.add(h.Name, a)
			}
		}
	}
}

// accepted lists the attachments that stand so far, in route order.
func (x *resolver) accepted() []*Attachment {
	var list []*Attachment
	for _, r := range x.Routes {
		for _, p := range r.Parents {
			for _, a := range p.Attachments {
				if a.Refusal == nil {
					list = append(list, a)
				}
			}
		}
	}
	return list
}

func bothKinds(list []*Attachment) bool {
	for _, a := range list {
		if a.Parent.Route.Kind != list[0].Parent.Route.Kind {
			return true
		}
	}
	return false
}

func byAgeOrder(a, b *Route) int { return older(a.meta(), b.meta(), a.Doc.Ref, b.Doc.Ref) }

// taken returns the first of the hostnames that is claimed, and by whom.
func taken(claims *hostClaims[Attachment], hosts []Host) (string, *Attachment) {
	for _, h := range hosts {
		if by := claims.find(h.Name); by != nil {
			return h.Name, by
		}
	}
	return "", nil
}

// lose refuses an attachment because of a route of the other kind. Where the
// input does not show which route is older, neither is sure.
func (x *resolver) lose(a, winner *Attachment, host string) {
	loser, by := a.Parent.Route, winner.Parent.Route
	certainty := diag.Weakest(a.Certainty, winner.Certainty, byAge(loser.meta(), by.meta(), loser.Doc.Ref, by.Doc.Ref))
	name := fmt.Sprintf("%q", host)
	if host == "" {
		name = "every host"
	}
	message := fmt.Sprintf("%s is also claimed by %s, which is older", name, by.Doc.Ref)
	if !ordered(loser.meta(), by.meta(), loser.Doc.Ref, by.Doc.Ref) {
		message = fmt.Sprintf("%s is also claimed by %s; the older of the two keeps it, and the input does not show which one that is", name, by.Doc.Ref)
		winner.doubt(diag.Unknown, fmt.Sprintf("%s is also claimed by %s, which may be older", name, loser.Doc.Ref))
	}
	a.Refusal = (&Refusal{Reason: x.Profile.Status.CrossKindReason, Message: message, Doc: loser.Doc, Path: hostnamesPath, Certainty: certainty}).
		see(by.Doc, hostnamesPath, "the %s that keeps the hostname", by.Kind)
	a.Stage = profile.ConflictStage
	if refused(a.Refusal) {
		a.Hosts = nil
		return
	}
	a.doubt(diag.Unknown, message)
}
