package verify

//lint:file-ignore SA1019 older configurations have these fields

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/grpcroute/grpcroute/routing"
)

// olderPattern reads a header matcher as it was written before there were string
// matchers.
func olderPattern(h *routev3.HeaderMatcher) (routing.Pattern, error) {
	switch s := h.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_ExactMatch:
		return literal(s.ExactMatch), nil
	case *routev3.HeaderMatcher_PrefixMatch:
		return folded("^", s.PrefixMatch, "", false), nil
	case *routev3.HeaderMatcher_SuffixMatch:
		return folded("", s.SuffixMatch, "$", false), nil
	case *routev3.HeaderMatcher_ContainsMatch:
		return folded("", s.ContainsMatch, "", false), nil
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return wholly(s.SafeRegexMatch.GetRegex())
	}
	return routing.Pattern{}, fmt.Errorf("its header matcher is of a kind that is not read (%T)", h.GetHeaderMatchSpecifier())
}

// actionOf says whether a header is appended to what is there; older configurations
// have a yes or no.
func actionOf(o *corev3.HeaderValueOption) corev3.HeaderValueOption_HeaderAppendAction {
	if o.GetAppend() == nil {
		return o.GetAppendAction()
	}
	if o.GetAppend().GetValue() {
		return corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
	}
	return corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
}
