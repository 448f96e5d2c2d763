// Package crdbin is the binary form in which the Gateway API definitions travel
// from the generator into the binary: [Writer] writes it, [Reader] reads it, and
// the constants below are what both sides agree on.
//
// An artifact is [Magic] followed by four tables, each a count, the length of
// every entry, and the entries themselves, so that an entry can be reached
// without reading the ones before it:
//
//	strings   texts, each once
//	rules     message, text for evaluation errors, expression tree
//	nodes     schema nodes, each once; children before parents
//	releases  minor, channel and their kinds
//
// Numbers are varints, texts are indexes into the string table, and schema
// children are indexes into the node table: what several releases share is
// stored once.
package crdbin

// Magic opens every artifact; its last byte counts format changes.
const Magic = "GRPCCRD\x01"

// MaxVars is how deep loops may stand inside each other.
const MaxVars = 4

// Type is the JSON type that a schema node asks for.
type Type uint64

// The types of the structural schemas in use.
const (
	Any Type = iota
	Object
	Array
	String
	Integer
	Boolean
)

// Fields of a schema node, as bits: those that are set follow in this order.
const (
	HasFormat      = 1 << iota // text
	HasProperties              // count, then name and node of each, by name
	HasAdditional              // node
	HasItems                   // node
	HasRequired                // texts
	HasEnum                    // texts
	HasScalars                 // an enum of integers or booleans: texts
	HasMinimum                 // signed
	HasMaximum                 // signed
	HasMinLength               // number
	HasMaxLength               // number
	HasPattern                 // text
	HasMinItems                // number
	HasMaxItems                // number
	HasMaxProps                // number
	HasDefault                 // JSON text
	HasListSet                 // nothing
	HasListMapKeys             // texts
	HasOneOf                   // nodes
	HasAnyOf                   // nodes
	HasNot                     // node
	HasRules                   // rules
)

// Op is an operation of an expression tree. Operands follow the operation, each
// a tree unless the comment says otherwise.
type Op uint64

// The operations that the rules of the Gateway API use, on the operand types on
// which they use them. The generator refuses any other.
const (
	Self      Op = iota + 1
	Var          // number of the variable
	Text         // text
	Int          // signed
	True         //
	False        //
	Null         //
	Texts        // a list: texts
	Select       // object, field text
	Has          // object, field text
	Not          // a
	And          // count, operands
	Or           // count, operands
	Cond         // condition, then, else
	Eq           // a, b: both texts, integers, booleans or durations
	Ne           // a, b: the same
	Lt           // a, b: integers or durations
	Le           // a, b
	Gt           // a, b
	Ge           // a, b
	Add          // a, b: integers
	In           // text, list of texts
	Index        // list, integer
	SizeText     // text
	SizeList     // list
	SizeMap      // map
	Matches      // text, pattern text
	HasPrefix    // a, b
	HasSuffix    // a, b
	Contains     // a, b
	Substring    // text, start
	Split        // a, separator
	Duration     // text
	IsIP         // text
	DNSLabel     // text: format.dns1123Label().validate(text)
	EqNull       // a: comparison with null
	All          // variable number, list, predicate
	Exists       // variable number, list, predicate
	ExistsOne    // variable number, list, predicate
	Filter       // variable number, list, predicate
)
