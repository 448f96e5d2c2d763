package manifest

import (
	"math"

	kjson "sigs.k8s.io/json"
)

// jsonValue reads one JSON value as Kubernetes does: keys are case-sensitive,
// integers stay integers, and of a duplicate key the last one counts.
func (r *reader) jsonValue(text []byte) (any, error) {
	r.reset(text)
	var v any
	strict, err := kjson.UnmarshalStrict(text, &v, kjson.DisallowDuplicateFields)
	if err != nil {
		return nil, err
	}
	r.duplicates = len(strict) > 0
	r.wide = isWide(v)
	return v, nil
}

// isWide reports whether a value holds a number that may not fit an int32.
func isWide(v any) bool {
	switch v := v.(type) {
	case int64:
		return v < math.MinInt32 || v > math.MaxInt32
	case float64:
		return true
	case []any:
		for i := range v {
			if isWide(v[i]) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if isWide(e) {
				return true
			}
		}
	}
	return false
}
