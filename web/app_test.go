package web

import "testing"

// A browser runs no worker and reads no manifest of another type (nosniff), whatever the machine's own table says.
func TestContentType(t *testing.T) {
	for name, want := range map[string]string{
		"/sw.js": "text/javascript; charset=utf-8", "/manifest.webmanifest": "application/manifest+json", "/icons/192.png": "image/png",
		"/assets/index-1.css": "text/css; charset=utf-8", "/favicon.svg": "image/svg+xml", "/assets/x": "application/octet-stream",
	} {
		if got := contentType(name); got != want {
			t.Errorf("%s is sent as %q, want %q", name, got, want)
		}
	}
}
