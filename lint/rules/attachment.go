package rules

import (
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// lastRefusals returns the refusals of the stage of the funnel that the listeners
// got furthest to which the parentRef selects, and that stage. It returns nothing
// when a listener takes the route, when the input does not show that none does,
// and when no listener is selected at all: see section-not-found.
func lastRefusals(status *profile.Status, p *topology.Parent) ([]*topology.Attachment, profile.Stage) {
	var last []*topology.Attachment
	furthest := -1
	for _, a := range p.Attachments {
		if a.Refusal == nil || a.Refusal.Certainty == diag.Unknown {
			return nil, 0
		}
		if !selects(status, p, []section{{a.Listener.Name, a.Listener.Port}}) {
			continue
		}
		switch rank := stageRank(status, a.Stage); {
		case rank > furthest:
			furthest, last = rank, append(last[:0], a)
		case rank == furthest:
			last = append(last, a)
		}
	}
	if last == nil {
		return nil, 0
	}
	return last, last[0].Stage
}

// stageRank is a stage's place in the order in which the implementation asks.
func stageRank(status *profile.Status, s profile.Stage) int {
	if s == profile.ConflictStage {
		return len(status.StageOrder())
	}
	return slices.Index(status.StageOrder(), s)
}

// othersRefused lists why each other listener of a parent refuses the route.
func othersRefused(p *topology.Parent, but *topology.Attachment) []diag.Related {
	var out []diag.Related
	for _, a := range p.Attachments {
		if a == but || a.Refusal == nil || a.Stage == profile.SectionStage || a.Listener.Doc() == nil {
			continue
		}
		out = append(out, diag.Related{
			Message: a.Refusal.Message,
			Range:   a.Listener.Doc().Range(a.Listener.Path("name")...),
		})
	}
	return out
}

// reportRefused reports, for each parent of a GRPCRoute that no listener takes,
// the refusals of one stage. Only the first listener of that stage makes a
// finding: the others are named beside it, so that one parentRef is one finding.
func reportRefused(p *lint.Pass, stage profile.Stage, report func(*topology.Parent, *topology.Attachment)) {
	for parent := range grpcParents(p.Topology) {
		if parent.Refusal == nil || parent.Refusal.Certainty == diag.Unknown {
			continue
		}
		if last, s := lastRefusals(&p.Profile.Status, parent); last != nil && s == stage {
			report(parent, last[0])
		}
	}
}
