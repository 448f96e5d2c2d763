package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
)

// The page is one document: style and script are put into it when the program
// starts.
var (
	//go:embed page/page.html
	pageHTML []byte
	//go:embed page/page.css
	pageCSS []byte
	//go:embed page/page.js
	pageJS []byte

	page = bytes.Replace(bytes.Replace(pageHTML, []byte("/* style */"), pageCSS, 1), []byte("/* script */"), pageJS, 1)

	// pagePolicy lets the browser run and load what is in the page and nothing else.
	pagePolicy = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; " +
		"style-src '" + digest(pageCSS) + "'; script-src '" + digest(pageJS) + "'"
)

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func servePage(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(page) // the client may be gone
}
