package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
)

// NoKind is the key of [Set.Ignored] for documents that are no Kubernetes
// objects.
const NoKind = "no apiVersion and kind"

// documents reads the chunks of one batch.
type documents struct {
	*part
	r     *reader
	l     *loader
	named bool
	read  []*Document // objects of a kind we know, of the source read last
}

func (l *loader) batch(r *reader, f *File, chunks []chunk, named bool) *part {
	d := documents{part: &part{file: f}, r: r, l: l, named: named}
	for _, c := range chunks {
		d.chunk(&source{file: f, chunk: c})
	}
	return d.part
}

// chunk reads one document of a file.
func (d *documents) chunk(src *source) {
	if src.end-src.start < listItemsBytes || !d.list(src) {
		d.one(src)
	}
}

// one reads a source as a whole.
func (d *documents) one(src *source) {
	v, ok := d.value(src)
	if !ok {
		return
	}
	d.whole(src, nil, v)
	if len(d.read) == 1 && d.read[0].dropped {
		d.r.recycle()
	}
}

// whole takes in all that a source holds, its value given.
func (d *documents) whole(src *source, base Path, v any) {
	d.read = d.read[:0]
	duplicates := d.r.duplicates
	d.object(src, base, v, d.r.wide)
	if duplicates {
		d.duplicateKeys(src)
	}
}

// value reads the JSON value of a document, or reports why there is none.
func (d *documents) value(src *source) (any, bool) {
	text := src.file.Data[src.start:src.end]
	if len(text) > MaxDocumentBytes {
		d.report(src.problem(ruleTooLarge, src.begin(),
			fmt.Sprintf("the document is larger than the %d MiB that are read", MaxDocumentBytes>>20),
			"an API server takes 3 MiB; split a List into documents"))
		return nil, false
	}
	if !utf8.Valid(text) {
		at := src.start + invalidUTF8(text)
		d.report(src.problem(ruleNotUTF8, src.file.span(at, at+1),
			fmt.Sprintf("the document is not UTF-8: byte 0x%02x cannot stand here", src.file.Data[at]),
			"save the file as UTF-8"))
		return nil, false
	}
	if len(text) >= denseBytes {
		d.l.dense.Lock()
		defer d.l.dense.Unlock()
	}
	var v any
	var err error
	if src.json {
		v, err = d.r.jsonValue(text)
	} else {
		if text = src.text(); bytes.Contains(text, endMarker) {
			d.unread(src, text)
		}
		v, err = d.r.yamlValue(text)
	}
	switch {
	case err == nil:
		if !src.json {
			d.unreadAfterBrace(src, text)
		}
		return v, true
	case d.full():
		d.dropped++
	default:
		d.report(src.readProblem(d.r, text, err))
	}
	return nil, false
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return 0
}

// problem makes a finding about the document.
func (s *source) problem(rule string, at diag.Range, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: rule, Severity: diag.Error, Source: diag.Strict,
		Message: message, Hint: hint, Range: at,
	}
}

// object takes in one object, or the items of a List.
func (d *documents) object(src *source, base Path, v any, wide bool) {
	m, _ := v.(map[string]any)
	apiVersion, _ := m["apiVersion"].(string)
	kindName, _ := m["kind"].(string)
	doc := &Document{File: src.file, Value: m, src: src, base: base}
	if items, ok := m["items"]; ok && strings.HasSuffix(kindName, "List") {
		d.items(src, base, apiVersion, kindName, items, wide)
		return
	}
	doc.Ref = diag.Ref{APIVersion: apiVersion, Kind: kindName}
	if apiVersion == "" || kindName == "" {
		if v != nil {
			d.untyped(doc, v)
		}
		return
	}
	k := kinds[groupKind{groupOf(apiVersion), kindName}]
	if k == nil {
		d.ignore(apiVersion+", Kind="+kindName, 1)
		d.unknownKind(doc)
		d.other(doc)
		if d.l.unread {
			d.unknown = append(d.unknown, doc)
		}
		return
	}
	doc.identify(k, d.l.namespace)
	typed := k.typed(d.r, doc, wide)
	d.check(doc, typed)
	d.read = append(d.read, doc)
	if !d.shelve(doc, k, typed) {
		d.entries = append(d.entries, entry{doc, k, typed})
	}
}

// items takes in the items of a List. As in apimachinery's UnstructuredJSONScheme
// the items of a typed list need not repeat its type.
func (d *documents) items(src *source, base Path, apiVersion, kindName string, items any, wide bool) {
	list, ok := items.([]any)
	if !ok {
		return
	}
	item := strings.TrimSuffix(kindName, "List")
	for i, v := range list {
		if m, ok := v.(map[string]any); ok && item != "" {
			inheritType(m, apiVersion, item)
		}
		d.object(src, append(base[:len(base):len(base)], "items", i), v, wide)
	}
}

func inheritType(m map[string]any, apiVersion, kindName string) {
	_, hasVersion := m["apiVersion"]
	_, hasKind := m["kind"]
	if !hasVersion && !hasKind {
		m["apiVersion"], m["kind"] = apiVersion, kindName
	}
}

// identify fills in name and namespace.
func (d *Document) identify(k *kind, namespace string) {
	meta, _ := d.Value["metadata"].(map[string]any)
	switch name := meta["name"].(type) {
	case string:
		d.Ref.Name = name
	case int64, float64, bool: // not a name, but what a finding can call it
		d.Ref.Name = fmt.Sprint(name)
	}
	if k.clusterScoped {
		return
	}
	d.Ref.Namespace, _ = meta["namespace"].(string)
	if d.placed = d.Ref.Namespace != ""; !d.placed {
		d.Ref.Namespace = namespace
	}
}

// duplicateKeys reports the keys given twice in a document. The reader says when
// there may be any, the positions which.
func (d *documents) duplicateKeys(src *source) {
	t := src.positions()
	if t == nil {
		return
	}
	unseparated := false
	for _, dup := range t.duplicates(maxProblemsPerDocument) {
		key := t.nodes[dup.second].key
		hint := "remove one of the two: kubectl takes the last without a word, other tools refuse the file"
		if len(dup.path) == 1 {
			if unseparated {
				continue // the other fields of the second object
			}
			if unseparated = !src.json && (key == "apiVersion" || key == "kind"); unseparated {
				hint = "does another object begin here? then put a line \"---\" before it, else remove one of the two: kubectl takes the last without a word"
			}
		}
		p := src.problem(ruleDuplicateKey, src.span(t, dup.second), fmt.Sprintf("key %q is given twice in one mapping", key), hint)
		p.Related = []diag.Related{{Message: "given here before", Range: src.span(t, dup.first)}}
		p.Object, p.Field = owner(d.read, dup.path)
		if src.json { // kubectl sends it as it is; of YAML the server never sees the first
			p.Admission = fmt.Sprintf("strict decoding error: duplicate field %q", p.Field)
		}
		d.report(p)
	}
}

// owner returns the object that a path of the document is in, and the field
// within the object.
func owner(docs []*Document, path Path) (diag.Ref, string) {
	for _, doc := range docs {
		if base := doc.base; len(base) <= len(path) && base.String() == path[:len(base)].String() {
			return doc.Ref, path[len(base):].String()
		}
	}
	return diag.Ref{}, path.String()
}
