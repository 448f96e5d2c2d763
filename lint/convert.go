package lint

import (
	"context"
	"time"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// conversionTime bounds one proof of a conversion. What it does not allow to
// decide is unknown, and no finding.
const conversionTime = time.Second

// convert tries to convert HTTPRoutes under the profile of the pass.
func (p *Pass) convert() *convert.Result {
	out, err := convert.Run(context.Background(), p.Set, convert.Options{
		Profiles: []*profile.Profile{p.Profile}, Auto: p.Options.Profile == nil,
		Assume: p.Options.Assume, TunnelProtocol: p.Options.TunnelProtocol,
		Server: p.Admission.Server, Budget: prove.Budget{Time: conversionTime}, Before: []*routing.Table{p.Table},
	})
	if err != nil { // without names and an end of its context there is none
		return &convert.Result{Before: p.Set, After: p.Set}
	}
	return out
}
