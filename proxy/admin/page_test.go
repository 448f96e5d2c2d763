package admin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		if os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed: the page is not tested")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	got, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	return run(t, ctx, chromedp.Text(selector))
}

// TestPage looks at the page as a person does.
func TestPage(t *testing.T) {
	w := open(t)
	ctx := browser(t)
	failed := w.call(t, "/shop.Cart/Get", 20)
	if failed == 20 {
		t.Fatal("every call failed")
	}
	run(t, ctx, chromedp.Navigate(w.web.URL))
	run(t, ctx, chromedp.WaitVisible(`#calls tr`))
	topology, calls, state := text(t, ctx, "#topology"), text(t, ctx, "#calls"), text(t, ctx, "#state")
	lines := run(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('#edges path').length`))
	explain := func(call, headers, wait string) string {
		run(t, ctx, chromedp.Evaluate[string](fmt.Sprintf("$('call').value = %q; $('headers').value = %q", call, headers)))
		run(t, ctx, chromedp.Click(`#explain button`))
		run(t, ctx, chromedp.WaitVisible(wait))
		return text(t, ctx, "#answer")
	}
	answer := explain("shop.example.org/shop.Cart/Get", "x-tier: gold", "#answer .good")
	hit := text(t, ctx, ".box.hit")
	wrong := explain("bad", "", "#answer .bad")
	for what, seen := range map[string]struct{ got, want string }{
		"the listener":   {topology, "127.0.0.1:8080"},
		"the host":       {topology, "shop.example.org"},
		"the rule":       {topology, "GRPCRoute demo/shop rule 0 (carts)"},
		"the condition":  {topology, "/shop.Cart/Add and x-tier: gold"},
		"the backend":    {topology, "demo/cart:1"},
		"the share":      {topology, "3/4 of GRPCRoute demo/shop rule 0"},
		"the failure":    {topology, "UNIMPLEMENTED: the rule has no backendRefs"},
		"the calls":      {calls, "demo/cart:1"},
		"the state":      {state, "1 client connection, 0 open calls"},
		"the answer":     {answer, "3/4 to demo/cart:1"},
		"the rule found": {hit, "GRPCRoute demo/shop rule 0"},
		"the error":      {wrong, "bad is no call"},
	} {
		if !strings.Contains(seen.got, seen.want) {
			t.Errorf("%s: %q is not in %q", what, seen.want, seen.got)
		}
	}
	// listener to host, host to two rules, a rule to two backends.
	if lines != 5 {
		t.Errorf("%d lines in the drawing, want 5", lines)
	}
	if file := os.Getenv("GRPCROUTE_SCREENSHOT"); file != "" {
		image := run(t, ctx, chromedp.FullScreenshot(90))
		if err := os.WriteFile(file, image, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
