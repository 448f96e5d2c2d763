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
	// Service is "NS/NAME" of the Service a mesh call is made to; Gateway and SNI
	// are then not asked. From is the caller's namespace, "" when not known.
	Service, From string
}

// Outcome is how a look-up ends.
type Outcome int

// The outcomes, as explain's output names them.
const (
	Routed     Outcome = iota // a rule takes the call; some of its backends may still fail
	NoListener                // no listener serves the host, or the listener is not the connection's (421)
	NoMatch                   // the listener has no matching rule
	Refused                   // a rule takes the call and every share of it fails
)

var outcomeNames = [...]string{Routed: "routed", NoListener: "no-listener", NoMatch: "no-match", Refused: "refused"}

// String returns "routed", "no-listener", "no-match" or "refused".
func (o Outcome) String() string { return outcomeNames[o] }

// Table is the routing decision as data, one Server per thing a client can
// connect to. It does not change after [Compile] and is safe for concurrent use.
type Table struct {
	Topology *topology.Topology
	Servers  []*Server

	gateways  []*Server            // the servers that are not a mesh's
	byGateway map[string][]*Server // by "NS/NAME" of each of their Gateways
	byService map[string][]*Server // a mesh's, by "NS/NAME" of the Service
}

// Listener is the routes one listener consults. Where listeners share a table,
// all of them have the same Hosts.
type Listener struct {
	// Topology is nil for the routes of a Service parent.
	Topology *topology.Listener
	Hosts    []*Host // exact names first, then wildcards by length, then any
	// Consumer is the namespace whose calls alone consult these routes of a
	// Service parent; "" for the producer's, and for a Gateway's listener.
	Consumer string

	hosts *hostTable
	open  []*Entry // of routes that may or may not be attached; Lookup leaves them out
}

// Host is the ordered entries for the requests whose most specific host it is.
type Host struct {
	Name string // "" for any host
	// Entries are in precedence order. Unless the implementation has no
	// fall-through they hold the units of all less specific hosts as well; of one
	// route only those under its most specific hostname.
	Entries []*Entry

	own   []*Entry // those under this very name
	match *matcher
	// grouped: in Entries the hostname decides before all else, as it does in the
	// specification, so that less specific hosts are asked when own has no answer.
	grouped bool
}

// Clause is one match of one rule, whatever the hostname. The entries of the match
// under all hostnames share it.
type Clause struct {
	Route *topology.Route
	Rule  *topology.Rule
	Match int // index in the rule's matches; -1 for a rule without matches
	// Unit is the match as precedence sees it, but for the hostnames, which are
	// those of Entry.Host.
	Unit   profile.Unit
	Action *Action
	// Dead is why the match can take no gRPC call at all; "" when it can. It is in
	// the table so that nothing is dropped.
	Dead string

	order *routeOrder
	// opaque: Dead because a pattern is of a dialect that cannot be read here.
	opaque bool
	// dropped: the implementation leaves the match out, so that it does not count
	// towards its rule's rank either.
	dropped bool
}

// Entry is one match of one rule under one effective hostname.
type Entry struct {
	*Clause
	Host topology.Host
	Keys []int // one per criterion of the profile, greater wins
	// Listeners are those the entry is attached through: one, or several where
	// they share a table.
	Listeners []*Listener
	// Certainty is that of the attachment: Unknown when the input does not show
	// whether the entry is there.
	Certainty diag.Certainty
	Why       string

	cond *condition
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
	// Misdirected: the authority belongs to another listener than the SNI.
	Misdirected bool
}

// Decision is a Result with the reasons.
type Decision struct {
	Result
	// Why says what ended the look-up when no entry takes the call.
	Why string
	// Certainty is that of the choice of the entry and of what its filters do.
	// Whether a backend resolves is said by its Share.
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
	// Unmatched: which condition failed ("service", "method", "path", "header
	// NAME", "host", "listener" or "rule"), the value it wants and the request's.
	Condition, Want, Got string
}
