package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// resources are what one kind of client of a Gateway is told, by type and name.
type resources map[string]map[string]types.Resource

// backing are the types that listeners and routes need. They come before, and go
// afterwards.
var backing = []string{envoy.ClusterType, envoy.EndpointType, envoy.SecretType, envoy.RuntimeType}

// routing are the types that decide where a call goes.
var routing = []string{envoy.ListenerType, envoy.RouteType}

// put adds a resource.
func (r resources) put(kind string, m types.Resource) {
	if r[kind] == nil {
		r[kind] = map[string]types.Resource{}
	}
	r[kind][cache.GetResourceName(m)] = m
}

func putAll[M types.Resource](r resources, kind string, list []M) {
	for _, m := range list {
		r.put(kind, m)
	}
}

// resourcesOf sorts what was translated.
func resourcesOf(d *envoy.Discovered) resources {
	out := resources{}
	putAll(out, envoy.ListenerType, d.Listeners)
	putAll(out, envoy.RouteType, d.Routes)
	putAll(out, envoy.ClusterType, d.Clusters)
	putAll(out, envoy.EndpointType, d.Endpoints)
	putAll(out, envoy.SecretType, d.Secrets)
	if d.Runtime != nil {
		out.put(envoy.RuntimeType, d.Runtime)
	}
	return out
}

// with returns resources of which some types are those of another.
func (r resources) with(other resources, kinds []string) resources {
	out := maps.Clone(r)
	for _, kind := range kinds {
		out[kind] = other[kind]
	}
	return out
}

// and returns the backing types of both; next counts where both have a name. Of
// endpoints those stay that a cluster asks for.
func (r resources) and(next resources) resources {
	out := maps.Clone(r)
	for _, kind := range backing {
		all := maps.Clone(r[kind])
		if all == nil {
			all = map[string]types.Resource{}
		}
		maps.Copy(all, next[kind])
		out[kind] = all
	}
	asked := map[string]bool{}
	for _, m := range out[envoy.ClusterType] {
		if c, ok := m.(*clusterv3.Cluster); ok && c.GetType() == clusterv3.Cluster_EDS {
			name := c.GetEdsClusterConfig().GetServiceName()
			if name == "" {
				name = c.Name
			}
			asked[name] = true
		}
	}
	maps.DeleteFunc(out[envoy.EndpointType], func(name string, _ types.Resource) bool { return !asked[name] })
	return out
}

// digests are versions of resources, which are never changed.
type digests map[types.Resource]string

// snapshot makes what the cache takes of resources. A version, of a resource or of a
// type, changes with what it says, so that what stays is not sent again. Versions
// that are known already are old's; all are in the digests that are returned.
func (r resources) snapshot(old digests) (*cache.Snapshot, digests, error) {
	out, now := &cache.Snapshot{VersionMap: map[string]map[string]string{}}, digests{}
	for _, kind := range slices.Concat(backing, routing) {
		list := make([]types.Resource, 0, len(r[kind]))
		versions := make(map[string]string, len(r[kind]))
		all := sha256.New()
		for _, name := range slices.Sorted(maps.Keys(r[kind])) {
			m := r[kind][name]
			version, ok := old[m]
			if !ok {
				text, err := cache.MarshalResource(m)
				if err != nil {
					return nil, nil, fmt.Errorf("write %s %s: %w", kind, name, err)
				}
				sum := sha256.Sum256(text)
				version = hex.EncodeToString(sum[:])
			}
			now[m], versions[name] = version, version
			fmt.Fprintf(all, "%d %s %s ", len(name), name, version)
			list = append(list, m)
		}
		out.VersionMap[kind] = versions
		out.Resources[cache.GetResponseType(kind)] = cache.NewResources(hex.EncodeToString(all.Sum(nil)[:8]), list)
	}
	if err := r.consistent(*out); err != nil {
		return nil, nil, fmt.Errorf("the resources do not fit together: %w", err)
	}
	return out, now, nil
}

// consistent asks whether everything is there that something names. What listeners
// of gRPC clients name is not seen by the snapshot's own check.
func (r resources) consistent(s cache.Snapshot) error {
	api := false
	for _, m := range r[envoy.ListenerType] {
		l, ok := m.(*listenerv3.Listener)
		if !ok || l.ApiListener == nil {
			continue
		}
		api = true
		manager := &hcmv3.HttpConnectionManager{}
		if err := l.ApiListener.ApiListener.UnmarshalTo(manager); err != nil {
			return err
		}
		if name := manager.GetRds().GetRouteConfigName(); r[envoy.RouteType][name] == nil {
			return fmt.Errorf("listener %q names routes %q, which are not there", l.Name, name)
		}
	}
	if api || len(r[envoy.ListenerType]) == 0 {
		s.Resources[types.Route] = cache.Resources{}
	}
	return s.Consistent()
}

// changed names the resources of a type in which two differ.
func changed(old, now *cache.Snapshot, kind string) map[string]bool {
	out := map[string]bool{}
	if old == nil {
		return out
	}
	was, is := old.GetVersionMap(kind), now.GetVersionMap(kind)
	for name, version := range is {
		if was[name] != version {
			out[name] = true
		}
	}
	for name := range was {
		if is[name] == "" {
			out[name] = true
		}
	}
	return out
}
