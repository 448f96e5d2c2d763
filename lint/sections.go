package lint

// Sections lists the chapters of the catalogue in the order users see.
var Sections = []Section{
	SchemaSection, AttachmentSection, HostnameSection, MatchingSection, BackendSection, GrantSection, TLSSection, ImplementationSection,
	InputSection, SuppressionSection,
}
