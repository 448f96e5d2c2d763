package routing

import "hash/maphash"

// pathIndex maps literal paths to their candidates. It is built once and then
// only read. Beside Go's map it saves a cache miss a look-up, which at 100,000
// paths is a third of its cost: a slot carries what tells most strangers apart,
// and two slots fill a cache line.
type pathIndex struct {
	seed  maphash.Seed
	slots []pathSlot // a power of two, at most half full
	text  string     // the paths, one after the other
}

type pathSlot struct {
	print  uint32 // part of the hash, 0 for an empty slot
	length uint32
	at     int // where the path begins in text
	bucket bucket
}

// newPathIndex takes parallel lists of distinct paths and buckets.
func newPathIndex(paths []string, buckets []bucket) pathIndex {
	x := pathIndex{seed: maphash.MakeSeed()}
	if len(paths) == 0 {
		return x
	}
	size, bytes := 4, 0
	for size < 2*len(paths) {
		size *= 2
	}
	for _, p := range paths {
		bytes += len(p)
	}
	x.slots = make([]pathSlot, size)
	text := make([]byte, 0, bytes)
	for i, p := range paths {
		hash := maphash.String(x.seed, p)
		at := hash & uint64(size-1)
		for x.slots[at].print != 0 {
			at = (at + 1) & uint64(size-1)
		}
		x.slots[at] = pathSlot{fingerprint(hash), uint32(len(p)), len(text), buckets[i]}
		text = append(text, p...)
	}
	x.text = string(text)
	return x
}

// fingerprint is the half of a hash that does not choose the slot.
func fingerprint(hash uint64) uint32 { return uint32(hash>>32) | 1 }

// find returns the bucket of a path.
func (x *pathIndex) find(path string) (bucket, bool) {
	if len(x.slots) == 0 {
		return bucket{}, false
	}
	hash := maphash.String(x.seed, path)
	print, mask := fingerprint(hash), uint64(len(x.slots)-1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &x.slots[at]
		if s.print == print && int(s.length) == len(path) && x.text[s.at:s.at+len(path)] == path {
			return s.bucket, true
		}
		if s.print == 0 {
			return bucket{}, false
		}
	}
}
