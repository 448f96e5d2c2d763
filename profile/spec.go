package profile

// Spec is the Gateway API specification itself, v1.6.3, with the readings that
// RATIONALE.md fixes where it is silent.
var Spec = &Profile{Name: "spec", Title: "Gateway API specification 1.6"}
