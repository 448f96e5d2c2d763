package cloudflare

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/diag"
)

// config checks what the proxy checks (internal/proxy/config.go) and compiles its
// patterns, which the proxy does when it builds its table.
func (r *reader) config(c *Config) {
	if c.Version < 0 {
		r.errorf("version", "version %d is negative", c.Version)
	}
	if c.Version == 0 {
		r.report(diag.Warning, "version", "version is 0: the proxy is ready only once it has a configuration with a version above 0")
	}
	for i := range c.Rules {
		r.rule(fmt.Sprintf("rules[%d]", i), &c.Rules[i])
	}
}

func (r *reader) rule(at string, rule *Rule) {
	for i := range rule.Matches {
		r.match(fmt.Sprintf("%s.matches[%d]", at, i), &rule.Matches[i])
	}
	r.filters(at, rule.Filters)
	if t := rule.Timeouts; t != nil {
		r.duration(at+".timeouts.request", t.Request)
		r.duration(at+".timeouts.backend", t.Backend)
	}
	r.status(at, rule.UnavailableStatus)
	for i := range rule.Backends {
		r.backend(fmt.Sprintf("%s.backends[%d]", at, i), &rule.Backends[i])
	}
}

func (r *reader) duration(at, text string) {
	if text == "" {
		return
	}
	if _, err := time.ParseDuration(text); err != nil {
		r.errorf(at, "%q is not a duration, as \"15s\" is", text)
	}
}

func (r *reader) status(at string, code int) {
	if code != 0 && (code < 100 || code > 599) {
		r.errorf(at+".unavailableStatus", "%d is not an HTTP status", code)
	}
}

func (r *reader) match(at string, m *Match) {
	if p := m.Path; p != nil {
		r.oneOf(at+".path.type", p.Type, "Exact", "PathPrefix", "RegularExpression")
		if p.Value == "" {
			r.errorf(at+".path", "path needs a value")
		}
		if p.Type == "RegularExpression" {
			r.pattern(at+".path.value", p.Value)
		}
	}
	for name, list := range map[string][]ValueMatch{"headers": m.Headers, "queryParams": m.QueryParams} {
		for i := range list {
			h, at := &list[i], fmt.Sprintf("%s.%s[%d]", at, name, i)
			r.oneOf(at+".type", h.Type, "Exact", "RegularExpression")
			if h.Name == "" {
				r.errorf(at, "a match of %s needs a name", name)
			}
			if h.Type == "RegularExpression" {
				r.pattern(at+".value", h.Value)
			}
		}
	}
}

func (r *reader) pattern(at, text string) {
	if _, err := regexp.Compile(text); err != nil {
		r.errorf(at, "%v: the proxy refuses the whole configuration", err)
	}
}

func (r *reader) oneOf(at, got string, allowed ...string) {
	if slices.Contains(allowed, got) {
		return
	}
	if _, there := r.places[at]; !there {
		at = at[:strings.LastIndexByte(at, '.')]
	}
	r.errorf(at, "type %q is not known, expected one of %s", got, strings.Join(allowed, ", "))
}

func (r *reader) backend(at string, b *Backend) {
	r.url(at, "url", b.URL)
	if b.Weight < 0 {
		r.errorf(at+".weight", "weight %d is negative", b.Weight)
	}
	r.protocol(at, b.Protocol)
	r.status(at, b.UnavailableStatus)
	r.filters(at, b.Filters)
}

func (r *reader) protocol(at, got string) {
	if got != "" && got != "h2c" {
		r.errorf(at+".protocol", "protocol %q is not known, expected \"h2c\" or none", got)
	}
}

func (r *reader) url(at, name, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		r.errorf(at, "%s is required", name)
	case err != nil:
		r.errorf(at+"."+name, "%q is not a URL", text)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		r.errorf(at+"."+name, "%q has no http or https scheme, or no host", text)
	}
}

// payloads are the filter types with what must come with each.
var payloads = map[string]func(*Filter) bool{
	"RequestHeaderModifier":  func(f *Filter) bool { return f.RequestHeaderModifier != nil },
	"ResponseHeaderModifier": func(f *Filter) bool { return f.ResponseHeaderModifier != nil },
	"RequestRedirect":        func(f *Filter) bool { return f.RequestRedirect != nil },
	"URLRewrite":             func(f *Filter) bool { return f.URLRewrite != nil },
	"RequestMirror":          func(f *Filter) bool { return f.RequestMirror != nil },
	"CORS":                   func(f *Filter) bool { return f.CORS != nil },
}

// payloadNames are the fields that hold them.
var payloadNames = map[string]string{
	"RequestHeaderModifier": "requestHeaderModifier", "ResponseHeaderModifier": "responseHeaderModifier", "RequestRedirect": "requestRedirect",
	"URLRewrite": "urlRewrite", "RequestMirror": "requestMirror", "CORS": "cors",
}

var filterTypes = []string{"RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "RequestMirror", "CORS"}

func (r *reader) filters(at string, list []Filter) {
	for i := range list {
		f, at := &list[i], fmt.Sprintf("%s.filters[%d]", at, i)
		r.oneOf(at+".type", f.Type, filterTypes...)
		if there := payloads[f.Type]; there != nil && !there(f) {
			r.errorf(at, "a filter %s needs %s", f.Type, payloadNames[f.Type])
		}
		if m := f.RequestMirror; m != nil {
			r.url(at+".requestMirror", "backendUrl", m.BackendURL)
			r.protocol(at+".requestMirror", m.Protocol)
			if m.Percent != nil && (*m.Percent < 0 || *m.Percent > 100) {
				r.errorf(at+".requestMirror.percent", "%d percent: expected 0 to 100", *m.Percent)
			}
		}
	}
}
