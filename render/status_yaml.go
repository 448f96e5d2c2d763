package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// The stanza types hold an object's identity and status alone, in the form in
// which a controller writes it: the API's own wire form.
type stanza struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   stanzaMetadata `json:"metadata"`
	Status     any            `json:"status"`
}

type stanzaMetadata struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

type stanzaRoute struct {
	Parents []stanzaParent `json:"parents"`
}

type stanzaParent struct {
	ParentRef      gatewayv1.ParentReference `json:"parentRef"`
	ControllerName string                    `json:"controllerName,omitempty"`
	Conditions     []stanzaCondition         `json:"conditions"`
}

type stanzaGateway struct {
	Conditions []stanzaCondition `json:"conditions"`
	Listeners  []stanzaListener  `json:"listeners"`
}

type stanzaListener struct {
	Name           string            `json:"name"`
	AttachedRoutes int               `json:"attachedRoutes"`
	SupportedKinds []stanzaKind      `json:"supportedKinds"`
	Conditions     []stanzaCondition `json:"conditions"`
}

type stanzaKind struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
}

type stanzaCondition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// LastTransitionTime is required by the CRD and not predictable: it holds the
	// time that the CRD's own default conditions have.
	LastTransitionTime string `json:"lastTransitionTime"`
}

const epoch = "1970-01-01T00:00:00Z"

// StatusYAML writes predicted conditions as status stanzas ready to paste, one
// document per object. What is not certain stands above each in comments.
func StatusYAML(w io.Writer, r *simulate.StatusReport) error {
	var b bytes.Buffer
	write := func(s stanza, comments []string) error {
		text, err := yaml.Marshal(s)
		if err != nil {
			return fmt.Errorf("write the status of %s %s: %w", s.Kind, s.Metadata.Name, err)
		}
		b.WriteString("---\n")
		for _, c := range comments {
			b.WriteString("# " + plain(c) + "\n")
		}
		b.Write(text)
		return nil
	}
	for i := range r.Routes {
		if err := write(routeStanza(&r.Routes[i])); err != nil {
			return err
		}
	}
	for i := range r.Gateways {
		if err := write(gatewayStanza(gatewayParts(&r.Gateways[i]))); err != nil {
			return err
		}
	}
	for i := range r.ListenerSets {
		if err := write(gatewayStanza(setParts(&r.ListenerSets[i]))); err != nil {
			return err
		}
	}
	_, err := w.Write(bytes.TrimPrefix(b.Bytes(), []byte("---\n")))
	return err
}

func routeStanza(s *simulate.RouteStatus) (stanza, []string) {
	var comments []string
	status := stanzaRoute{Parents: []stanzaParent{}}
	if s.Why != "" {
		comments = append(comments, "no status: "+s.Why)
	}
	for _, p := range s.Parents {
		of := parentText(p.Parent)
		if p.Controller == "" {
			comments = append(comments, fmt.Sprintf("%s: fill in controllerName, which the input does not show", of))
		}
		comments = append(comments, doubts(of, p.Conditions)...)
		status.Parents = append(status.Parents, stanzaParent{p.Parent.Ref, p.Controller, stanzaConditions(p.Conditions)})
	}
	for _, p := range s.Skipped {
		comments = append(comments, fmt.Sprintf("%s: no entry: %s", parentText(p.Parent), p.Why))
	}
	return stanzaOf(s.Route.Doc, s.Route.Kind, s.Route.Namespace, s.Route.Name, status), comments
}

func gatewayStanza(s listening) (stanza, []string) {
	comments := doubts("", s.conditions)
	if s.why != "" {
		comments = append(comments, "no status: "+s.why)
	}
	status := stanzaGateway{Conditions: stanzaConditions(s.conditions), Listeners: []stanzaListener{}}
	for _, l := range s.listeners {
		kinds := []stanzaKind{}
		for _, kind := range l.SupportedKinds {
			kinds = append(kinds, kindOf(kind))
		}
		comments = append(comments, doubts("listener "+l.Listener.Name, l.Conditions)...)
		status.Listeners = append(status.Listeners, stanzaListener{l.Listener.Name, l.AttachedRoutes, kinds, stanzaConditions(l.Conditions)})
	}
	return stanzaOf(s.doc, s.kind, s.doc.Ref.Namespace, s.doc.Ref.Name, status), comments
}

func stanzaOf(doc *manifest.Document, kind, namespace, name string, status any) stanza {
	s := stanza{gatewayv1.GroupVersion.String(), kind, stanzaMetadata{name, namespace}, status}
	if doc != nil && doc.Ref.APIVersion != "" {
		s.APIVersion = doc.Ref.APIVersion
	}
	return s
}

// kindOf reads "GROUP/KIND"; a kind alone is the Gateway API's.
func kindOf(text string) stanzaKind {
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		return stanzaKind{text[:i], text[i+1:]}
	}
	return stanzaKind{gatewayv1.GroupName, text}
}

func stanzaConditions(cs []simulate.Condition) []stanzaCondition {
	out := []stanzaCondition{}
	for _, c := range cs {
		if c.Status == simulate.Undetermined {
			continue // nothing to paste; the comment says what it depends on
		}
		out = append(out, stanzaCondition{c.Type, c.Status, c.Reason, c.Message, epoch})
	}
	return out
}

// doubts says which conditions are less than certain, and what they depend on.
func doubts(of string, cs []simulate.Condition) []string {
	var out []string
	for _, c := range cs {
		var text string
		switch {
		case c.Status == simulate.Undetermined:
			text = fmt.Sprintf("%s: %s is unknown: %s", of, c.Type, c.Message)
		case c.Certainty != diag.Certain:
			text = fmt.Sprintf("%s: %s=%s is %s", of, c.Type, c.Status, c.Certainty)
		default:
			continue
		}
		if c.Note != "" {
			text += ": " + c.Note
		}
		out = append(out, strings.TrimPrefix(text, ": "))
	}
	return out
}

// parentText names a parent: "Gateway infra/edge, section grpc, port 443".
func parentText(p *topology.Parent) string {
	kind, namespace := "Gateway", p.Route.Namespace
	if p.Ref.Kind != nil {
		kind = string(*p.Ref.Kind)
	}
	if p.Ref.Namespace != nil {
		namespace = string(*p.Ref.Namespace)
	}
	text := fmt.Sprintf("%s %s/%s", kind, namespace, p.Ref.Name)
	if p.Ref.SectionName != nil {
		text += fmt.Sprintf(", section %s", *p.Ref.SectionName)
	}
	if p.Ref.Port != nil {
		text += fmt.Sprintf(", port %d", *p.Ref.Port)
	}
	return text
}
