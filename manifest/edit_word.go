package manifest

// plainName reports whether a string is a name that YAML 1.1 reads as a text: it
// begins with a letter, goes on with letters, digits and "._", and is none of the
// words for booleans and null. It spares [isPlain] the parser for nearly all names.
func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '.' && c != '_' && (c < '0' || '9' < c)) {
			return false
		}
	}
	return s != "" && !isYAMLWord([]byte(s))
}
