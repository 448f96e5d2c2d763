package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// maxCalls is how many sets of calls are listed for one route unless verbose.
const maxCalls = 5

// ConvertText writes what convert did: the routes that stay, and why, what is left
// to do elsewhere, and a line that counts. Tried is true when no file was written.
func ConvertText(w io.Writer, r *convert.Result, tried bool, o Options) error {
	s := o.style()
	var b strings.Builder
	n := 0
	for _, route := range r.Routes {
		if route.New != nil {
			n++
		}
		convertRoute(&b, s, route, o.Verbose)
	}
	for _, g := range r.Grants {
		fmt.Fprintf(&b, "%s: %s: it lets GRPCRoutes of namespace %s in, too; once none is left, take HTTPRoute out %s\n",
			plain(g.Doc.Range("spec", "from").String()), s.good("extended"), g.From, s.dim("["+plain(g.Doc.Ref.String())+"]"))
	}
	for i := range r.References {
		d := &r.References[i]
		fmt.Fprintf(&b, "%s: %s: %s %s\n", plain(d.Range.String()), s.doubt("left to do"), plain(d.Message), s.dim("["+plain(d.Object.String()+" "+d.Field)+"]"))
		hint(&b, s, d.Hint)
	}
	b.WriteString(convertCount(r, n, tried) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func convertCount(r *convert.Result, n int, tried bool) string {
	if len(r.Routes) == 0 {
		return "no HTTPRoute has the path of a gRPC call: name one with --route NS/NAME"
	}
	verb := "converted"
	if tried && n > 0 {
		verb = "converted, without writing a file,"
	}
	text := fmt.Sprintf("%s %d of %s", verb, n, count(len(r.Routes), "HTTPRoute"))
	if n > 0 {
		text += "; requests that are not gRPC do not match them any more\n" +
			"take the HTTPRoutes out of the cluster in the same change: where both kinds claim a host, the older one keeps it"
	}
	return text
}

func convertRoute(b *strings.Builder, s style, r *convert.Route, verbose bool) {
	quiet := r.New != nil && len(r.Losses)+len(r.Changes)+len(r.Unknown)+len(r.Notes) == 0
	if quiet && !verbose {
		return
	}
	title := s.good("converted")
	if r.New == nil {
		title = s.doubt("not converted")
	}
	fmt.Fprintf(b, "%s: %s: %s\n", plain(r.Doc.Range("kind").String()), title, plain(r.Doc.Ref.String()))
	if r.Why != "" {
		fmt.Fprintf(b, "  %s\n", plain(r.Why))
	}
	verb := "lost"
	if r.New == nil {
		verb = "no place in a GRPCRoute"
	}
	for _, l := range r.Losses {
		lossText(b, s, r.Doc, l, verb)
	}
	if r.New != nil {
		for _, l := range r.Notes {
			lossText(b, s, r.Doc, l, "note")
		}
	}
	verb = "changes"
	if r.New == nil {
		verb = "would change"
	}
	changeText(b, s, r.Changes, verb, verbose)
	for _, why := range r.Unknown {
		fmt.Fprintf(b, "  %s%s\n", s.label("not known: "), plain(why))
	}
}

func lossText(b *strings.Builder, s style, doc *manifest.Document, l convert.Remark, verb string) {
	fmt.Fprintf(b, "  %s%s %s\n", s.label(verb+": "), plain(l.Message), s.dim("["+plain(doc.Range(l.Path...).String()+" "+l.Path.String())+"]"))
	hint(b, s, l.Hint)
}

func hint(b *strings.Builder, s style, text string) {
	if text != "" {
		fmt.Fprintf(b, "    %s%s\n", s.label("hint: "), plain(text))
	}
}

func changeText(b *strings.Builder, s style, cs []convert.Change, verb string, verbose bool) {
	for i, c := range cs {
		if i == maxCalls && !verbose {
			fmt.Fprintf(b, "  … and %s more; -v lists them\n", count(len(cs)-i, "set of calls"))
			return
		}
		fmt.Fprintf(b, "  %s%s: %s before, %s after\n", s.label(verb+": "), plain(c.Calls()), plain(c.Before()), plain(c.After()))
		fmt.Fprintf(b, "    %s%s\n", s.label("such as: "), plain(callText(c.Witness())))
	}
}

// callText writes a call as grpcurl users do, with what else it takes.
func callText(w diag.Witness) string {
	text := w.Authority + w.Path
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		text += fmt.Sprintf(" -H '%s: %s'", name, w.Headers[name])
	}
	if w.Gateway != "" {
		text += " at " + w.Gateway
		if w.Port != 0 {
			text += fmt.Sprintf(":%d", w.Port)
		}
	}
	return text
}
