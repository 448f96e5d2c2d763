// Package routing compiles a topology into immutable, ordered tables and answers
// which rule a call hits. There is one matcher: [Table.Explain] is the walk of
// [Table.Lookup], recorded. Explain, serve, the translators and the exact engine
// all read the same table. Why a route is attached is decided in package
// topology.
package routing

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// Header is one request header; Name is lower case.
type Header struct{ Name, Value string }

// Request is one gRPC call: POST Path over HTTP/2.
type Request struct {
	Gateway   string // "NS/NAME"; "" when only one is possible
	Port      int32  // 0 when only one is possible
	SNI       string // "" for cleartext, or to take it from Authority
	Authority string // a port and one trailing dot are dropped
	Path      string // "/SERVICE/METHOD"
	Headers   []Header
}

// Outcome is how a look-up ends.
type Outcome int

// The outcomes, as design.md's explain contract names them.
const (
	Routed     Outcome = iota // a rule takes the call; its backends may still fail
	NoListener                // no listener serves the host, or the listener is not the connection's (421)
	NoMatch                   // the listener has no matching rule
	Refused                   // a rule takes the call and every share of it fails
)

// Table is the routing decision as data, one Server per thing a client can
// connect to.
type Table struct {
	Topology *topology.Topology
	Servers  []*Server
}

// Server is one port of one Gateway, or, where an implementation shares one
// table across ports or Gateways, that shared table.
type Server struct {
	Gateways  []*topology.Gateway
	Port      int32 // 0 when shared across ports, or when the Gateway is not in the input
	Profile   *profile.Profile
	Listeners []*Listener
}

// Listener is the routes one listener consults. Where listeners share a table,
// all of them have the same Hosts.
type Listener struct {
	Topology *topology.Listener // nil for a shared table without a listener of its own
	Hosts    []*Host            // exact names first, then wildcards by length, then any
}

// Host is the ordered entries for the requests whose most specific host it is.
type Host struct {
	Name    string   // "" for any host
	Entries []*Entry // in precedence order
}

// Entry is one match of one rule under one effective hostname.
type Entry struct {
	Route  *topology.Route
	Rule   *topology.Rule
	Match  int // index in the rule's matches; -1 for a rule without matches
	Host   topology.Host
	Unit   profile.Unit
	Keys   []int // one per criterion of the profile, greater wins
	Action *Action
	// Certainty is that of the attachment and of the order: Unknown when the
	// input does not show whether the entry is there.
	Certainty diag.Certainty
	Why       string
}

// Action is what happens to the calls an entry takes. All matches of one rule
// share it.
type Action struct {
	Shares  []Share // one per backendRef, as written
	Total   int64   // sum of the weights that count
	Filters []*topology.Filter
	// Answer is set when no call reaches a backend: no backendRefs, all weights
	// zero, an unsupported filter, every weighted reference invalid.
	Answer *profile.Answer
	Why    string
}

// Share is one backendRef's part of an Action: Weight / Action.Total.
type Share struct {
	Backend  *topology.Backend
	Weight   int64
	Protocol profile.Protocol
	Answer   *profile.Answer // what its calls get when it cannot be used
	// Certainty is Unknown when the input does not show whether it resolves.
	Certainty diag.Certainty
}

// Result is what a look-up finds. Entry is nil unless Outcome is Routed or
// Refused.
type Result struct {
	Outcome  Outcome
	Server   *Server
	Listener *Listener
	Host     *Host
	Entry    *Entry
	// Answer is what the client gets when no backend does.
	Answer *profile.Answer
	// Misdirected: the authority belongs to another listener than the SNI (2.7).
	Misdirected bool
}

// Decision is a Result with the reasons.
type Decision struct {
	Result
	Certainty  diag.Certainty
	Unknowns   []string // what the input does not show and the answer depends on
	Considered []Candidate
}

// Verdict says how a candidate fared.
type Verdict int

// The verdicts of candidates.
const (
	Won       Verdict = iota
	Lost              // matched, lost on Key
	Unmatched         // did not match: Why
)

// Candidate is one entry that explain looked at.
type Candidate struct {
	Entry   *Entry
	Verdict Verdict
	Key     string // Lost: the name of the criterion it lost on
	Why     string // Unmatched: the condition that failed, with both values; Lost: both values of Key
}

// Compile builds the tables of a topology. It never fails: what cannot be used
// answers with an error.
func Compile(t *topology.Topology) *Table { return &Table{Topology: t} }

// Lookup finds where a call goes. It allocates nothing.
func (t *Table) Lookup(r *Request) Result { return Result{Outcome: NoListener} }

// Explain is Lookup, recorded: Considered holds every entry of every host the
// request could have matched, best first.
func (t *Table) Explain(r *Request) *Decision { return &Decision{Result: t.Lookup(r)} }
