package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var sectionNotFound = &lint.Rule{
	ID:       "section-not-found",
	Summary:  "sectionName or port of a parentRef selects no listener",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkSectionNotFound,
}

func checkSectionNotFound(p *lint.Pass) {
	for parent := range grpcParents(p.Topology) {
		if parent.Refusal == nil || parent.Refusal.Certainty == diag.Unknown || definedBySet(parent) != nil {
			continue
		}
		candidates := sections(parent)
		if candidates == nil || selects(&p.Profile.Status, parent, candidates) {
			continue
		}
		path := parent.Path("sectionName")
		if parent.Ref.SectionName == nil {
			path = parent.Path("port")
		}
		p.Report(parent.Route.Doc, path, diag.Diagnostic{
			Certainty: parent.Refusal.Certainty,
			Message:   missingSection(parent, candidates),
		})
		suggestParentSection(p, parent, candidates)
	}
}

// suggestParentSection suggests the section that a parentRef nearly names, or the
// port of the one that it does name.
func suggestParentSection(p *lint.Pass, parent *topology.Parent, all []section) {
	if parent.Ref.SectionName == nil {
		p.Refuse("which listener is meant cannot be told from a port")
		return
	}
	name := string(*parent.Ref.SectionName)
	var names []string
	for _, s := range all {
		if s.name == name && parent.Ref.Port != nil {
			suggestValue(p, lint.OwnCalls, parent.Route.Doc, parent.Path("port"), int64(s.port))
			return
		}
		names = append(names, s.name)
	}
	suggestNear(p, lint.OwnCalls, parent.Route.Doc, parent.Path("sectionName"), name, names)
}

// section is a listener, or a Service port, that a parentRef can select.
type section struct {
	name string
	port int32
}

// sections returns what a parentRef can select; nil when the parent is not in the
// input.
func sections(p *topology.Parent) []section {
	out := []section{}
	switch {
	case p.Mesh && p.Service != nil:
		for _, port := range p.Service.Value.Spec.Ports {
			out = append(out, section{port.Name, port.Port})
		}
	case p.Set != nil:
		for _, l := range p.Set.Listeners {
			out = append(out, section{l.Name, l.Port})
		}
	case p.Gateway != nil && p.Gateway.Object != nil:
		for _, l := range p.Gateway.Listeners {
			if l.Set == nil {
				out = append(out, section{l.Name, l.Port})
			}
		}
	default:
		return nil
	}
	return out
}

// selects reports whether sectionName and port together select something; a
// reference without either does.
func selects(status *profile.Status, p *topology.Parent, all []section) bool {
	port := p.Ref.Port
	if status.ParentPortIgnored && !p.Mesh {
		port = nil
	}
	if p.Ref.SectionName == nil && port == nil {
		return true
	}
	return slices.ContainsFunc(all, func(s section) bool {
		return (p.Ref.SectionName == nil || string(*p.Ref.SectionName) == s.name) && (port == nil || int32(*port) == s.port)
	})
}

// missingSection says what a parentRef asks for and what there is.
func missingSection(p *topology.Parent, all []section) string {
	parent, what := "Gateway", "listener"
	switch {
	case p.Mesh:
		parent, what = "Service", "port"
	case p.Set != nil:
		parent = "ListenerSet"
	}
	parent += " " + quoted(string(p.Ref.Name))
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	if p.Ref.SectionName == nil {
		return fmt.Sprintf("%s has no %s on port %d%s", parent, what, *p.Ref.Port, ports(all))
	}
	name := string(*p.Ref.SectionName)
	if i := slices.Index(names, name); i >= 0 && p.Ref.Port != nil {
		return fmt.Sprintf("%s %q of %s is on port %d, not on %d", what, name, parent, all[i].port, *p.Ref.Port)
	}
	return also(fmt.Sprintf("%s has no %s called %q", parent, what, name), expected(name, names))
}

// ports lists the ports one could have meant.
func ports(all []section) string {
	var out []string
	for _, s := range all {
		if n := strconv.Itoa(int(s.port)); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	switch len(out) {
	case 0:
		return ""
	case 1:
		return ": expected " + out[0]
	}
	return ": expected one of " + strings.Join(out, ", ")
}
