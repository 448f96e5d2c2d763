package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// partition is the grpcroute.regions/v1 contract. Indexes count from 0.
type partition struct {
	Schema  string       `json:"schema"`
	Hosts   []hostGroup  `json:"hosts"`
	Unknown []unknownWhy `json:"unknown"`
}

type unknownWhy struct {
	Why string `json:"why"`
}

type hostGroup struct {
	Gateways []string `json:"gateways"`
	Hosts    []string `json:"hosts"`
	Regions  []region `json:"regions"`
}

type region struct {
	Service  string    `json:"service"`
	Method   string    `json:"method"`
	Headers  []string  `json:"headers"`
	Route    *routeRef `json:"route"` // null when no rule takes the calls
	Rule     *int      `json:"rule"`
	Match    *int      `json:"match"`    // null for a rule without matches
	Response *response `json:"response"` // null when a backend answers
	Witness  *witness  `json:"witness"`
}

// RegionsJSON writes a partition in the grpcroute.regions/v1 format.
func RegionsJSON(w io.Writer, p *prove.Partition) error {
	out := partition{Schema: "grpcroute.regions/v1", Hosts: []hostGroup{}, Unknown: []unknownWhy{}}
	for _, g := range p.Groups {
		h := hostGroup{Gateways: list(g.Where), Hosts: list(g.Hosts), Regions: []region{}}
		for _, r := range g.Regions {
			wit := simulate.WitnessOf(r.Witness)
			v := region{
				Service: r.Service, Method: r.Method, Headers: list(r.Headers),
				Response: responseOf(r.Old.Answer), Witness: witnessOf(&wit),
			}
			if e := r.Owner; e != nil {
				v.Route, v.Rule = entryRef(e), &e.Rule.Index
				if e.Match >= 0 {
					v.Match = &e.Match
				}
			}
			h.Regions = append(h.Regions, v)
		}
		out.Hosts = append(out.Hosts, h)
	}
	for _, why := range p.Unknown {
		out.Unknown = append(out.Unknown, unknownWhy{why})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// entryRef names an entry's route with the line of its match.
func entryRef(e *routing.Entry) *routeRef {
	ref := &routeRef{Kind: e.Route.Kind, objectKey: objectKey{e.Route.Namespace, e.Route.Name}}
	if at := entryRange(e); e.Route.Doc != nil {
		ref.File, ref.Line = validText(at.File), at.Start.Line
	}
	return ref
}

func entryRange(e *routing.Entry) diag.Range {
	switch {
	case e.Route.Doc == nil:
		return diag.Range{}
	case e.Match < 0:
		return e.Route.Doc.Range(e.Rule.Path()...)
	}
	return e.Route.Doc.Range(e.Rule.Path("matches", e.Match)...)
}

// RegionsText writes a partition for people: a table for each group of hosts.
func RegionsText(w io.Writer, p *prove.Partition, o Options) error {
	s := o.style()
	for i, g := range p.Groups {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s %s\n", s.bold(plain(strings.Join(g.Hosts, ", "))), s.dim(plain("through "+strings.Join(g.Where, ", "))))
		t := table{header: []string{"SERVICE", "METHOD", "HEADERS", "TAKEN BY"}}
		for _, r := range g.Regions {
			headers := "any"
			if len(r.Headers) > 0 {
				headers = strings.Join(r.Headers, " and ")
			}
			t.rows = append(t.rows, []string{plain(r.Service), plain(r.Method), plain(headers), plain(takenBy(r))})
		}
		if err := t.write(w, o, "  "); err != nil {
			return err
		}
	}
	for _, why := range p.Unknown {
		fmt.Fprintln(w, s.doubt("unknown: ")+plain(why))
	}
	return nil
}

// takenBy names the match that takes a region's calls, or what they get.
func takenBy(r *prove.Region) string {
	if r.Owner == nil {
		return "no rule: " + responseText(responseOf(r.Old.Answer))
	}
	text := fmt.Sprintf("%s rules[%d]", r.Owner.Route.Key(), r.Owner.Rule.Index)
	if r.Owner.Match >= 0 {
		text += fmt.Sprintf(".matches[%d]", r.Owner.Match)
	}
	if r.Old.Answer != nil {
		text += ": " + responseText(responseOf(r.Old.Answer))
	}
	return text
}
