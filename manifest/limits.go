package manifest

// What one input may cost. The limits stand far above what an API server takes
// (3 MiB for a request, 1.5 MiB for a stored object), so that no manifest that
// can be applied ever meets them, and low enough that no input can exhaust the
// memory of a laptop or a CI runner.
const (
	// MaxFileBytes is the size above which a file is not read: a file stays in
	// memory whole, because findings show its lines.
	MaxFileBytes = 256 << 20

	// MaxDocumentBytes is the size above which one document is not parsed: the
	// parser needs up to two hundred times the source of a dense document. The
	// items of a large List are parsed one by one and count one by one.
	MaxDocumentBytes = 4 << 20

	// MaxDepth is how deeply collections may nest: the limit of the YAML parser
	// and of the JSON decoder of Kubernetes, so nothing deeper could be applied.
	MaxDepth = 10000

	// maxExpandedValues is how many values a document may hold beyond the bytes
	// it has. A value written out needs at least one byte, so only aliases get
	// there; the parser's own limit catches most of them earlier.
	maxExpandedValues = 500_000

	// maxProblemsPerDocument keeps one broken document from drowning the others.
	maxProblemsPerDocument = 100

	// listItemsBytes is the size from which the items of a List are parsed one
	// by one. Below it one parse is quicker.
	listItemsBytes = 256 << 10

	// denseBytes is the size from which documents are parsed one at a time, so
	// that as many of them as there are processors do not add up.
	denseBytes = 512 << 10

	// batchBytes is how much source one worker takes at a time from a large
	// file.
	batchBytes = 128 << 10
)
