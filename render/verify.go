package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/simulate"
)

// verifyReport is the grpcroute.verify/v1 contract. Of a region, old is what the
// manifests say and new what the data plane does. Equal is a proof that there is no
// region and no open question.
type verifyReport struct {
	Schema   string         `json:"schema"`
	Equal    bool           `json:"equal"`
	Profile  string         `json:"profile"`
	Domain   string         `json:"domain"`
	Files    []string       `json:"files"`    // of the data plane
	Compared []string       `json:"compared"` // ports, each with what was compared with it
	Regions  []verifyRegion `json:"regions"`
	Unknown  []unknownWhy   `json:"unknown"`
	Settings []string       `json:"settings"`
	Notes    []string       `json:"notes"`
}

type verifyRegion struct {
	Change    string     `json:"change"`
	Gateways  []string   `json:"gateways"`
	Hosts     []string   `json:"hosts"`
	Service   string     `json:"service"`
	Method    string     `json:"method"`
	Headers   []string   `json:"headers"`
	Certainty string     `json:"certainty"`
	Unknown   string     `json:"unknown,omitempty"` // what the manifests do not show
	Witness   witness    `json:"witness"`
	Old       diffAction `json:"old"`
	New       diffAction `json:"new"`
}

// VerifyJSON writes a verification as grpcroute.verify/v1.
func VerifyJSON(w io.Writer, v *simulate.Verification) error {
	out := verifyReport{
		Schema: "grpcroute.verify/v1", Equal: v.Equal(), Profile: strings.Join(v.Old.Profiles, ","), Domain: v.Domain,
		Files: validList(v.New.Files), Compared: validList(v.Compared), Regions: []verifyRegion{}, Unknown: []unknownWhy{},
		Settings: validList(v.Settings), Notes: validList(v.Notes),
	}
	for i := range v.Regions {
		r := diffRegionOf(0, &v.Regions[i])
		out.Regions = append(out.Regions, verifyRegion{
			r.Change, r.Gateways, validList(r.Hosts), validText(r.Service), validText(r.Method), validList(r.Headers), r.Certainty, r.Unknown, r.Witness, r.Old, r.New,
		})
	}
	for _, why := range v.Unknown {
		out.Unknown = append(out.Unknown, unknownWhy{validText(why)})
	}
	return encode(w, out)
}

func validList(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, validText(t))
	}
	return out
}

// verifyMeanings say what each change is, for people.
var verifyMeanings = map[simulate.Change]string{
	simulate.ChangeLost:       "calls fail that the manifests serve",
	simulate.ChangeMoved:      "calls go to other backends than the manifests say",
	simulate.ChangeReweighted: "the backends get other shares",
	simulate.ChangeGained:     "calls are served that the manifests let fail",
	simulate.ChangeFilters:    "the right backends, with other headers, mirrors or paths",
	simulate.ChangeStatus:     "what fails fails with another status",
}

// VerifyText writes a verification for people: one line where both sides are proven
// to do the same.
func VerifyText(w io.Writer, v *simulate.Verification, o Options) error {
	p := diffPrinter{Options: o, style: o.style(), sides: [2]string{"wanted", "does"}, meanings: verifyMeanings}
	p.command = func(d *simulate.Diff, r *simulate.DiffRegion) string { return explainOn(&d.Old, r) }
	text := plain(verifySummary(v))
	if v.Equal() {
		text = p.good(text)
	} else {
		text = strings.Join(wrap(text, p.width()-2), "\n  ")
	}
	fmt.Fprintln(&p, p.bold(text))
	if !p.Quiet {
		p.regions(&v.Diff)
		p.list("not decided", v.Unknown)
		p.list("settings that no manifest asks for", v.Settings)
		if p.Verbose || !v.Equal() {
			p.list("compared", v.Compared)
			p.list("notes", append(v.Notes, "the calls are those with "+v.Domain))
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// verifySummary says in one line how a verification ends.
func verifySummary(v *simulate.Verification) string {
	under := fmt.Sprintf("under profile %s", strings.Join(v.Old.Profiles, ", "))
	open := ""
	if n := len(v.Unknown); n > 0 {
		open = fmt.Sprintf("%s not decided", count(n, "question"))
	}
	switch {
	case v.Equal():
		return fmt.Sprintf("equivalent for all gRPC requests %s: %s routes %s as %s says (%s)", under, v.New.Label, count(len(v.Compared), "port"), v.Old.Label, v.Domain)
	case len(v.Regions) == 0:
		return fmt.Sprintf("not proven %s: no difference between %s and %s was found, %s", under, v.Old.Label, v.New.Label, open)
	}
	text := fmt.Sprintf("%s does not route as %s says %s: %s (%s)", v.New.Label, v.Old.Label, under, count(len(v.Regions), "difference"), strings.Join(diffCounts(&v.Diff), ", "))
	if open != "" {
		text += ", " + open
	}
	return text
}
