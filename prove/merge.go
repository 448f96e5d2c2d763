package prove

import "slices"

// merge joins parts of one place that are alike and differ in one header.
func merge(parts []*section) []*section {
	for again := true; again; {
		again = false
		for i := 0; i < len(parts); i++ {
			for j := i + 1; j < len(parts); j++ {
				if parts[i].key != parts[j].key {
					continue
				}
				if joined, ok := join(parts[i], parts[j]); ok {
					parts[i].piece = joined
					parts = slices.Delete(parts, j, j+1)
					again = true
					j--
				}
			}
		}
	}
	return parts
}

func join(a, b *section) (piece, bool) {
	at := -1
	for i := range a.piece {
		x, y := a.piece[i], b.piece[i]
		switch {
		case x == nil && y == nil || x != nil && y != nil && x.equal(y):
		case at >= 0:
			return nil, false
		default:
			at = i
		}
	}
	if at < 0 || a.piece[at] == nil || b.piece[at] == nil {
		return nil, at < 0
	}
	set := a.piece[at].or(b.piece[at])
	if a.frame.dims[at].all.within(set) {
		set = nil
	}
	return a.piece.with(at, set), true
}
