package lint

// Sections lists the chapters of the catalogue in the order users see.
var Sections = []Section{
	SchemaSection, AttachmentSection, HostnameSection, MatchingSection, BackendSection, GrantSection, FilterSection, TLSSection,
	ImplementationSection, MigrationSection, HygieneSection, ProtoSection, InputSection, SuppressionSection,
}
