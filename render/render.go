// Package render writes results: text with source snippets, tables, JSON and
// YAML. Every machine format is a versioned struct of its own. All colour of the
// tool lives here.
package render
