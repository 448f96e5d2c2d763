package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v2"
)

// reader turns the text of documents into the JSON values that Kubernetes would
// read, which is what sigs.k8s.io/yaml makes of YAML and sigs.k8s.io/json of
// JSON, without going through JSON text in between. It is for one goroutine.
type reader struct {
	words map[string]string // strings met before, so that equal ones share memory
	keys  [128]string       // some of them, see keyOf
	arena
	typing

	// About the document read last:
	duplicates bool // a mapping may hold a key twice
	wide       bool // a number does not fit an int32, or is none of JSON's
	values     int  // how many values there are, aliases expanded
	limit      int  // how many there may be
	depth      int  // how deep the conversion stands
}

var (
	errAliases = errors.New("yaml: document contains excessive aliasing")
	errDepth   = errors.New("json: exceeded max depth")
	mergeKey   = []byte("<<")
)

// maxWords and maxWordBytes bound what a reader remembers: the field names and
// the usual values of Kubernetes objects are few and short.
const (
	maxWords     = 4096
	maxWordBytes = 64
)

// yamlValue reads the first YAML document of the text. A nil value is a document
// without content.
func (r *reader) yamlValue(text []byte) (value any, err error) {
	if v, ok := r.quickValue(text); ok {
		return v, nil
	}
	return r.parsedValue(text)
}

// parsedValue is yamlValue by the parser of sigs.k8s.io/yaml.
func (r *reader) parsedValue(text []byte) (value any, err error) {
	r.reset(text)
	// MapSlice keeps order and duplicates and is quicker than maps, but loses
	// merge keys, so it is for documents that cannot have any.
	if !bytes.Contains(text, mergeKey) {
		var root yaml.MapSlice
		if err := unmarshal(text, &root); err == nil && root != nil {
			if value, err := r.convert(root); err == nil {
				return value, nil
			}
			r.reset(text)
		}
	} else {
		r.duplicates = true
	}
	// The very reading of sigs.k8s.io/yaml, also for its errors.
	var root any
	if err := unmarshal(text, &root); err != nil {
		return nil, err
	}
	return r.convert(root)
}

func (r *reader) reset(text []byte) {
	if r.words == nil {
		r.words = map[string]string{}
	}
	r.keep()
	r.duplicates, r.wide = false, false
	r.values, r.limit, r.depth = 0, len(text)+maxExpandedValues, 0
}

// unmarshal parses with the parser of sigs.k8s.io/yaml. Whatever a foreign
// parser does on foreign bytes, it is that document which is broken.
func unmarshal(text []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", p)
		}
	}()
	return yaml.Unmarshal(text, into)
}

// convert makes the JSON value of a YAML value, as sigs.k8s.io/yaml.YAMLToJSON
// followed by a JSON decoder that keeps integers.
func (r *reader) convert(v any) (any, error) {
	if r.values++; r.values > r.limit {
		return nil, errAliases
	}
	if r.depth++; r.depth > MaxDepth {
		return nil, errDepth
	}
	defer func() { r.depth-- }()
	switch v := v.(type) {
	case string:
		return r.word(v), nil
	case int:
		return r.integer(int64(v)), nil
	case int64:
		return r.integer(v), nil
	case uint64: // only beyond int64
		r.wide = true
		return float64(v), nil
	case float64:
		return r.float(v)
	case []any:
		var err error
		for i := range v {
			if v[i], err = r.convert(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case yaml.MapSlice:
		return r.ordered(v)
	case map[any]any:
		return r.unordered(v)
	default: // bool and nil
		return v, nil
	}
}

func (r *reader) ordered(items yaml.MapSlice) (any, error) {
	m := make(map[string]any, len(items))
	for _, item := range items {
		key, err := r.key(item.Key, item.Value)
		if err != nil {
			return nil, err
		}
		if m[key], err = r.convert(item.Value); err != nil {
			return nil, err
		}
	}
	if len(m) < len(items) {
		r.duplicates = true
	}
	return m, nil
}

func (r *reader) unordered(items map[any]any) (any, error) {
	m := make(map[string]any, len(items))
	for k, v := range items {
		key, err := r.key(k, v)
		if err != nil {
			return nil, err
		}
		value, err := r.convert(v)
		if err != nil {
			return nil, err
		}
		if _, ok := m[key]; ok {
			// 1 and "1" are two keys to the parser and one in JSON. Which one
			// Kubernetes takes is left to chance; here it is the string.
			r.duplicates = true
			if _, ok := k.(string); !ok {
				continue
			}
		}
		m[key] = value
	}
	return m, nil
}

// key is the JSON key of a YAML key. The rules are those of sigs.k8s.io/yaml,
// down to the precision of floats.
func (r *reader) key(k, v any) (string, error) {
	switch k := k.(type) {
	case string:
		return r.word(k), nil
	case int:
		return strconv.Itoa(k), nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case float64:
		switch s := strconv.FormatFloat(k, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	case bool:
		return strconv.FormatBool(k), nil
	default:
		return "", fmt.Errorf("unsupported map key of type: %T, key: %+#v, value: %+#v", k, k, v)
	}
}

func (r *reader) integer(v int64) any {
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.wide = true
	}
	return v
}

// float is what remains of a float that was written as JSON: encoding/json
// writes those without a fraction below 1e21 as integers, which JSON decoders of
// Kubernetes keep as int64 where they fit.
func (r *reader) float(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("json: unsupported value: %s", strconv.FormatFloat(f, 'g', -1, 64))
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e21 {
		// The digits that are written are the shortest that mean f, so beyond 2^53
		// they are another integer than f itself.
		if i, err := strconv.ParseInt(strconv.FormatFloat(f, 'f', -1, 64), 10, 64); err == nil {
			return r.integer(i), nil
		}
	}
	r.wide = true
	return f, nil
}

// word returns the string itself, or an equal one that is in memory already.
func (r *reader) word(s string) string {
	if len(s) > maxWordBytes {
		return validUTF8(s)
	}
	if w, ok := r.words[s]; ok {
		return w
	}
	w := validUTF8(s)
	if len(r.words) < maxWords {
		r.words[s] = w
	}
	return w
}

// validUTF8 replaces each byte that is not UTF-8, as writing JSON does. Only a
// !!binary value can have any.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
