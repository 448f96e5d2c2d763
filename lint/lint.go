// Package lint is what a rule is and how rules are run. The rules themselves are
// in lint/rules.
package lint

import (
	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// Fix says whether a rule's findings can be edited away.
type Fix string

// The kinds of fixes.
const (
	NoFix    Fix = ""
	AutoFix  Fix = "auto"  // a safe edit
	OfferFix Fix = "offer" // an edit that changes meaning and needs consent
)

// Section is a chapter of the catalogue.
type Section string

// The chapters.
const (
	SchemaSection         Section = "schema"
	AttachmentSection     Section = "attachment"
	HostnameSection       Section = "hostnames"
	MatchingSection       Section = "matching"
	BackendSection        Section = "backends"
	GrantSection          Section = "grants"
	FilterSection         Section = "filters"
	TLSSection            Section = "tls"
	ImplementationSection Section = "implementation"
	MigrationSection      Section = "migration"
	HygieneSection        Section = "hygiene"
	ProtoSection          Section = "protobuf"
	InputSection          Section = "input"
	SuppressionSection    Section = "suppression"
)

// Rule is one check of the catalogue. Its page, ID.md with underscores, stands
// beside its file in lint/rules.
type Rule struct {
	ID       string // "backend-port-not-found"
	Summary  string // one line, no full stop
	Section  Section
	Severity diag.Severity // the default one; a finding may be milder or, where the rule says so, worse
	Since    string        // release that brought it: "0.1"
	Profiles []string      // implementations it speaks of; nil means all
	Fix      Fix
	// Check looks for the rule's findings. It is nil for a rule that is raised
	// while the input is read (manifest.Set.Problems), and for those of
	// [SuppressionSection], which [Run] reports.
	Check func(*Pass)
	// PerSet: Check reads Set, Admission and Options only. It runs once, whatever
	// the number of profiles, and its findings hold under all of them.
	PerSet bool
	// General: another rule that explains the same admission failure better takes
	// its place (see [Pass.ReportFailure]).
	General bool
	// OptIn: advice that healthy manifests would get, too. It runs only when it is
	// named, or with Options.Advice.
	OptIn bool
	// WholeHosts: Check asks whether any route of a host does something: the routes
	// of a host are then looked at together, whatever services they name (see
	// [RunRead]).
	WholeHosts bool
}

// Options steer [Run].
type Options struct {
	Profile        *profile.Profile // nil: auto, see topology.Profiles
	GatewayAPI     string           // "1.6"; "" means the newest
	Channel        string           // "standard", which "" means too
	Assume         topology.Assume
	TunnelProtocol string
	StrictDocs     bool // documented constraints are errors
	Advice         bool // rules that are OptIn run, too
	// Descriptors are the services that are known from .proto files and descriptor
	// sets; nil when none were given, so that rules about them find nothing.
	Descriptors *descriptor.Set
	// BackendDescriptors are what single backends serve, by "NAMESPACE/NAME" of
	// their Service.
	BackendDescriptors map[string]*descriptor.Set
	Rules              []string // only these
	Skip               []string // not these
	Enable             []string // these OptIn rules, too
	Severities         map[string]diag.Severity
	Paths              []PathRules
	RequireReason      bool // suppressions have to say why
	// GroupRoutes is how many routes of a large input are looked at together at
	// least, see [RunRead]; 0 means what is best.
	GroupRoutes int
	// Progress, when set, is called after each group of a large input with the number
	// of routes looked at and of all. Calls do not overlap.
	Progress func(done, total int)
}

// Result is what [Run] found.
type Result struct {
	Diagnostics diag.List // sorted
	Profiles    []*profile.Profile
	Objects     int
	Groups      int             // in which the routes of a large input were looked at, see [RunRead]
	Ran         map[string]bool // ids of the rules that were looked for
	Suppressed  []Suppressed    // in the order of Diagnostics
	// What else is not among Diagnostics: findings in the baseline ([Baseline.Filter]),
	// findings that a change cannot have caused ([Difference.Filter]), and findings in
	// files that are read for resolution only.
	Known, Unaffected, Elsewhere int
	Suggestions                  map[*diag.Fix]*Suggestion // what Diagnostic.Fix of each finding was made from
}
