package envoy

import (
	"fmt"
	"path"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/protobuf/proto"
)

// File is one file of a folder of resources.
type File struct {
	Name   string // with slashes, in the folder, without an ending
	Text   []byte // JSON
	Secret bool   // it holds a private key
}

// BootstrapFile is the name of the bootstrap of a folder of resources.
const BootstrapFile = "bootstrap"

// folders are where the resources of a type are that Envoy takes from files of
// their own: it reads one such resource from a file, and no more.
var folders = map[string]string{RouteType: "routes", EndpointType: "endpoints", SecretType: "secrets"}

// fileOf names the file of a resource. Names of objects have no underscore.
func fileOf(kind, name string) string {
	return folders[kind] + "/" + strings.NewReplacer("/", "_", ":", "_", " ", "_", "*", "_").Replace(name)
}

// Files translates as [Translate] does, into a folder that Envoy watches, dir on its
// machine: a bootstrap, all listeners in one file, all clusters in another, and a
// file for each route configuration, each cluster's endpoints and each certificate.
// ending is that of the files, ".yaml" or ".json". The files come in the order in
// which they are to be written, so that each finds what it names.
func Files(tables []*routing.Table, o Options, dir, ending string) ([]File, diag.List, error) {
	at := func(file string) *corev3.ConfigSource {
		return &corev3.ConfigSource{
			ConfigSourceSpecifier: &corev3.ConfigSource_PathConfigSource{PathConfigSource: &corev3.PathConfigSource{Path: path.Join(dir, file+ending)}},
			ResourceApiVersion:    corev3.ApiVersion_V3,
		}
	}
	d, notes, err := Discover(tables, o, func(kind, name string) *corev3.ConfigSource { return at(fileOf(kind, name)) })
	if err != nil {
		return nil, nil, err
	}
	w := &filer{names: map[string]bool{}}
	for _, r := range d.Secrets {
		w.resources(fileOf(SecretType, r.Name), SecretType, r)
	}
	for _, r := range d.Endpoints {
		w.resources(fileOf(EndpointType, r.ClusterName), EndpointType, r)
	}
	w.resources("clusters", ClusterType, messages(d.Clusters)...)
	for _, r := range d.Routes {
		w.resources(fileOf(RouteType, r.Name), RouteType, r)
	}
	w.resources("listeners", ListenerType, messages(d.Listeners)...)
	b := &bootstrapv3.Bootstrap{
		Node:             &corev3.Node{Id: nodeID(o), Cluster: nodeID(o)},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{LdsConfig: at("listeners"), CdsConfig: at("clusters")},
		LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
			Name: RuntimeName, LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: d.Runtime.Layer},
		}}},
	}
	if o.Admin != "" {
		b.Admin = &bootstrapv3.Admin{Address: address(o.Admin)}
	}
	w.add(BootstrapFile, b)
	return w.files, notes, w.err
}

// nodeID is what Envoy calls itself: without a name it takes nothing from files that
// it watches.
func nodeID(o Options) string {
	if o.Gateway != "" {
		return o.Gateway
	}
	return RuntimeName
}

func messages[M proto.Message](list []M) []proto.Message {
	out := make([]proto.Message, len(list))
	for i, m := range list {
		out[i] = m
	}
	return out
}

// filer gathers files.
type filer struct {
	files []File
	names map[string]bool
	err   error
}

// resources adds a file with resources of one type, as Envoy is answered when it asks
// for them.
func (w *filer) resources(name, kind string, list ...proto.Message) {
	response := &discoveryv3.DiscoveryResponse{VersionInfo: hash(list), TypeUrl: kind}
	for _, m := range list {
		response.Resources = append(response.Resources, packed(m))
	}
	w.add(name, response)
}

func (w *filer) add(name string, m proto.Message) {
	text, err := JSON(m)
	if w.names[name] && err == nil {
		err = fmt.Errorf("two resources would be written to the file %s", name)
	}
	if err != nil && w.err == nil {
		w.err = err
	}
	w.names[name] = true
	w.files = append(w.files, File{Name: name, Text: text, Secret: HoldsKey(text)})
}

// hash is the version of resources.
func hash(list []proto.Message) string {
	all := &discoveryv3.DiscoveryResponse{}
	for _, m := range list {
		all.Resources = append(all.Resources, packed(m))
	}
	return digest(all)
}
