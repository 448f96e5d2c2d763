package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/yaml"
)

const (
	controller = "example.com/grpcroute"
	class      = "grpcroute"
)

const gatewayClass = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ` + class + `}
spec: {controllerName: ` + controller + `}
`

// TestGRPCRouteConformance runs every test of a GRPCRoute on a Gateway.
func TestGRPCRouteConformance(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
			t.Fatal("the Gateways of the tests listen on port 80, which takes root")
		}
		t.Skip("the Gateways of the tests listen on port 80, which takes root")
	}
	program := build(t)
	ran := 0
	for _, test := range tests.ConformanceTests {
		if !strings.HasPrefix(test.ShortName, "GRPC") {
			continue
		}
		ran++
		t.Run(test.ShortName, func(t *testing.T) {
			dir := manifests(t, test.Manifests)
			objects := predicted(t, program, dir)
			serve(t, program, dir, objects)
			for _, name := range backends(objects) {
				objects = append(objects, pod(name))
			}
			scheme := runtime.NewScheme()
			for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, gatewayv1.Install} {
				if err := add(scheme); err != nil {
					t.Fatal(err)
				}
			}
			timeouts := config.DefaultTimeoutConfig()
			timeouts.MaxTimeToConsistency = 10 * time.Second // nothing has to settle
			test.Test(t, &suite.ConformanceTestSuite{
				Client:         fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(),
				ControllerName: controller, GatewayClassName: class, TimeoutConfig: timeouts,
			})
		})
	}
	if ran < 5 {
		t.Errorf("%d tests ran", ran)
	}
}

// build compiles the program.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grpcroute")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/grpcroute")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// manifests writes the base manifests and those of a test to a folder.
func manifests(t *testing.T, names []string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append([]string{"base/manifests.yaml"}, names...) {
		data, err := fs.ReadFile(conformance.Manifests, name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "{GATEWAY_CLASS_NAME}", class)
		if name == "base/manifests.yaml" {
			text += gatewayClass
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.yaml"), secret(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// predicted returns the objects that the tests ask for, with the status that
// `grpcroute status` says a controller would write. Each Gateway has an address of
// its own.
func predicted(t *testing.T, program, dir string) []client.Object {
	t.Helper()
	cmd := exec.Command(program, "status", "-o", "yaml", "-f", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	statuses := map[string][]byte{}
	for _, doc := range documents(out) {
		statuses[identity(t, doc)] = doc
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var objects []client.Object
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range documents(data) {
			o := object(t, doc)
			if o == nil {
				continue
			}
			if status := statuses[identity(t, doc)]; status != nil {
				if err := yaml.Unmarshal(status, o); err != nil {
					t.Fatal(err)
				}
			}
			if g, ok := o.(*gatewayv1.Gateway); ok {
				kind := gatewayv1.IPAddressType
				g.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Type: &kind, Value: fmt.Sprintf("127.1.0.%d", len(objects)+1)}}
			}
			objects = append(objects, o)
		}
	}
	return objects
}

func documents(data []byte) [][]byte {
	return bytes.Split(append([]byte("\n"), data...), []byte("\n---"))
}

// identity names the object of a document.
func identity(t *testing.T, doc []byte) string {
	t.Helper()
	var o struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
	}
	if err := yaml.Unmarshal(doc, &o); err != nil {
		t.Fatal(err)
	}
	return o.Kind + " " + o.Metadata.Namespace + "/" + o.Metadata.Name
}

// object decodes the kinds that the tests ask for.
func object(t *testing.T, doc []byte) client.Object {
	t.Helper()
	kind, _, _ := strings.Cut(identity(t, doc), " ")
	var o client.Object
	switch kind {
	case "Gateway":
		o = &gatewayv1.Gateway{}
	case "GRPCRoute":
		o = &gatewayv1.GRPCRoute{}
	case "Namespace":
		o = &corev1.Namespace{}
	default:
		return nil
	}
	if err := yaml.Unmarshal(doc, o); err != nil {
		t.Fatal(err)
	}
	return o
}

// backends names the Services that routes refer to.
func backends(objects []client.Object) (names []string) {
	for _, o := range objects {
		r, ok := o.(*gatewayv1.GRPCRoute)
		if !ok {
			continue
		}
		for _, rule := range r.Spec.Rules {
			for _, b := range rule.BackendRefs {
				names = append(names, string(b.Name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// serve runs the program on the manifests, with an echo server for each backend,
// until the test ends.
func serve(t *testing.T, program, dir string, objects []client.Object) {
	t.Helper()
	args := []string{"serve", "-f", dir}
	for _, o := range objects {
		if g, ok := o.(*gatewayv1.Gateway); ok {
			args = append(args, "--gateway-address", fmt.Sprintf("%s/%s=%s", g.Namespace, g.Name, g.Status.Addresses[0].Value))
		}
	}
	for _, name := range backends(objects) {
		args = append(args, "--backend", fmt.Sprintf("%s/%s:8080=%s", suite.InfrastructureNamespace, name, echo(t, name)))
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive a test that is killed
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("serve ended with %v", err)
		}
	})
	ready := make(chan string, 1)
	go func() {
		var said strings.Builder
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
			if lines.Text() == "ready" {
				ready <- ""
			}
		}
		ready <- said.String()
	}()
	select {
	case said := <-ready:
		if said != "" {
			t.Fatalf("serve is not ready:\n%s", said)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("serve is not ready after 10 seconds")
	}
}
