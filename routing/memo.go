package routing

import (
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A memo keeps the candidates of paths that are not literal in a table: the
// methods of a service that is matched as a whole, whatever a pattern takes. It
// belongs to one matcher and dies with its table. Clients choose the paths, so
// all memos of a table share a budget; once it is spent nothing more is
// remembered, and nothing is thrown out, so that a flood of random paths costs
// no memory and does not displace the paths of honest clients.

// memoBytes is the budget of a table, with keys, lists and map cells.
const memoBytes = 32 << 20

// memoBudget is what the memos of one table have used.
type memoBudget struct{ used atomic.Int64 }

// take books n bytes, if there are as many.
func (b *memoBudget) take(n int64) bool {
	if b.used.Add(n) <= memoBytes {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *memoBudget) spent() bool { return b.used.Load() >= memoBytes-maxMemoPath }

// maxMemoPath is the longest path that is remembered.
const maxMemoPath = 4 << 10

// memo is a map that readers see without a lock. New paths gather in fresh and
// are published with a copy of the whole map when they, and the readers that had
// to ask for them, outweigh the cost of the copy.
type memo struct {
	budget *memoBudget
	live   atomic.Pointer[map[string]bucket]

	mu    sync.Mutex
	fresh map[string]bucket
	asked int // look-ups that found their path in fresh
}

// find returns what is published for a path.
func (m *memo) find(path string) (bucket, bool) {
	live := m.live.Load()
	if live == nil {
		return bucket{}, false
	}
	b, ok := (*live)[path]
	return b, ok
}

// open reports whether a path that find does not know should be added.
func (m *memo) open(path string) bool {
	if m.budget.spent() || len(path) > maxMemoPath || !m.mu.TryLock() {
		return false
	}
	defer m.mu.Unlock()
	if _, ok := m.fresh[path]; ok {
		m.asked++
		m.publish()
		return false
	}
	return true
}

// cellBytes is what one path costs beside its text and its candidates: two map
// cells, because maps are half empty after they grow, and the list's header.
const cellBytes = 2*int64(unsafe.Sizeof("")+unsafe.Sizeof(bucket{})) + int64(unsafe.Sizeof(pathList{}))

// add remembers a path. The caller's string may be part of a buffer.
func (m *memo) add(path string, b bucket) {
	size := cellBytes + int64(len(path))
	if b.list != nil {
		size += int64(cap(b.list.candidates)) * int64(unsafe.Sizeof(candidate{}))
	}
	if !m.budget.take(size) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fresh == nil {
		m.fresh = map[string]bucket{}
	}
	m.fresh[strings.Clone(path)] = b
	m.publish()
}

// publish makes the fresh paths visible once they are worth the copy. It needs
// the lock.
func (m *memo) publish() {
	var old map[string]bucket
	if p := m.live.Load(); p != nil {
		old = *p
	}
	if len(m.fresh)+m.asked <= len(old)/4 {
		return
	}
	merged := make(map[string]bucket, len(old)+len(m.fresh))
	for path, b := range old {
		merged[path] = b
	}
	for path, b := range m.fresh {
		merged[path] = b
	}
	m.live.Store(&merged)
	m.fresh, m.asked = nil, 0
}
