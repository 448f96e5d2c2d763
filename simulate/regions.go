package simulate

import (
	"context"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// Regions divides the calls that the tables of several implementations get by the
// match that takes them. Of c, Gateway, Port and Authority narrow it down: only
// calls through that Gateway, to that port, and to that host.
func Regions(ctx context.Context, tables []*routing.Table, c Call, o prove.Options) *prove.Partition {
	out := &prove.Partition{}
	for _, t := range tables {
		keep := func(r *routing.Request) bool {
			switch {
			case c.Gateway != "" && r.Gateway != c.Gateway && !strings.HasSuffix(r.Gateway, "/"+c.Gateway),
				c.Port != 0 && r.Port != 0 && r.Port != c.Port:
				return false
			case c.Authority == "":
				return true
			}
			return sameHost(t, r, c.Authority)
		}
		p := prove.Partitions(ctx, t, keep, o)
		out.Groups = append(out.Groups, p.Groups...)
		out.Unknown = append(out.Unknown, p.Unknown...)
	}
	return out
}

// sameHost reports whether calls to an authority consult what a request consults,
// and some route answers for it.
func sameHost(t *routing.Table, r *routing.Request, authority string) bool {
	q := *r
	q.Authority = authority
	if q.SNI != "" {
		q.SNI = authority
	}
	a, b := t.Lookup(r), t.Lookup(&q)
	return a.Host != nil && a.Host == b.Host
}
