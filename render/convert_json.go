package render

import (
	"io"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// convertReport is the grpcroute.convert/v1 contract.
type convertReport struct {
	Schema     string             `json:"schema"`
	Converted  int                `json:"converted"`
	Routes     []convertedRoute   `json:"routes"`
	Grants     []convertedGrant   `json:"grants"`
	References []convertReference `json:"references"` // what is left to do
	Files      []string           `json:"files"`      // whose text changes
}

type convertedRoute struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	span
	Converted bool            `json:"converted"`
	Why       string          `json:"why,omitempty"`
	Losses    []convertLoss   `json:"losses"`
	Notes     []convertLoss   `json:"notes"`
	Changes   []convertChange `json:"changes"`
	Unknown   []string        `json:"unknown"`
}

type convertLoss struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	span
}

type convertChange struct {
	Profile  string   `json:"profile"`
	Gateways []string `json:"gateways"`
	Hosts    []string `json:"hosts"`
	Service  string   `json:"service"`
	Method   string   `json:"method"`
	Headers  []string `json:"headers"`
	Witness  witness  `json:"witness"`
	Before   string   `json:"before"`
	After    string   `json:"after"`
}

type convertedGrant struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	span
	From string `json:"from"` // namespace whose GRPCRoutes it lets in
}

type convertReference struct {
	Object  *objectRef `json:"object"`
	Field   string     `json:"field"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
	span
}

// ConvertJSON writes what convert did as grpcroute.convert/v1.
func ConvertJSON(w io.Writer, r *convert.Result) error {
	out := convertReport{
		Schema: "grpcroute.convert/v1", Routes: []convertedRoute{}, Grants: []convertedGrant{},
		References: []convertReference{}, Files: []string{},
	}
	for _, x := range r.Routes {
		if x.New != nil {
			out.Converted++
		}
		out.Routes = append(out.Routes, convertedRoute{
			Namespace: x.Doc.Ref.Namespace, Name: x.Doc.Ref.Name, span: spanOf(x.Doc.Range()),
			Converted: x.New != nil, Why: x.Why, Losses: lossesOf(x.Doc, x.Losses), Notes: lossesOf(x.Doc, x.Notes),
			Changes: changesOf(x.Changes), Unknown: list(x.Unknown),
		})
	}
	for _, g := range r.Grants {
		out.Grants = append(out.Grants, convertedGrant{g.Doc.Ref.Namespace, g.Doc.Ref.Name, spanOf(g.Doc.Range("spec", "from")), g.From})
	}
	for i := range r.References {
		d := &r.References[i]
		out.References = append(out.References, convertReference{objectOf(d.Object), d.Field, d.Message, d.Hint, spanOf(d.Range)})
	}
	for _, f := range r.Files {
		out.Files = append(out.Files, validText(f.Name))
	}
	return encode(w, out)
}

func lossesOf(doc *manifest.Document, ls []convert.Remark) []convertLoss {
	out := []convertLoss{}
	for _, l := range ls {
		out = append(out, convertLoss{l.Path.String(), l.Message, l.Hint, spanOf(rangeOf(doc, l))})
	}
	return out
}

func rangeOf(doc *manifest.Document, l convert.Remark) diag.Range { return doc.Range(l.Path...) }

func changesOf(cs []convert.Change) []convertChange {
	out := []convertChange{}
	for _, c := range cs {
		w := c.Witness()
		out = append(out, convertChange{
			Profile: c.Profile.Name, Gateways: list(c.Region.Where), Hosts: list(c.Region.Hosts),
			Service: c.Region.Service, Method: c.Region.Method, Headers: list(c.Region.Headers),
			Witness: *witnessOf(&w), Before: c.Before(), After: c.After(),
		})
	}
	return out
}
