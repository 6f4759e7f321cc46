package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"
)

// withPage puts a page of few files in the place of the one that may or may not be built in.
func (g *rig) withPage() *rig {
	g.Helper()
	files := fstest.MapFS{}
	for name, text := range map[string]string{"index.html": "<html>", "index.html.br": "br", "index.html.gz": "gz", "sw.js": "worker", "manifest.webmanifest": "{}",
		"assets/a-1.js": "script", "assets/a-1.js.br": "packed", "favicon.svg": "<svg/>"} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var err error
	if g.server.files, err = newPageFiles(files); err != nil {
		g.Fatal(err)
	}
	return g
}

func TestPageFiles(t *testing.T) {
	g := newRig(t).withPage()
	for _, c := range []struct {
		path, accept, body, encoding, cache string
		vary                                bool
	}{
		{"/", "", "<html>", "", "no-cache", true},
		{"/", "gzip, deflate, br", "br", "br", "no-cache", true},
		{"/", "br;q=0, gzip;q=0.5", "gz", "gzip", "no-cache", true},
		{"/", "brotli, xgzip", "<html>", "", "no-cache", true},
		{"/assets/a-1.js", "gzip", "script", "", "public, max-age=31536000, immutable", true},
		{"/assets/a-1.js", "br", "packed", "br", "public, max-age=31536000, immutable", true},
		{"/sw.js", "br", "worker", "", "no-cache", false},
		{"/manifest.webmanifest", "", "{}", "", "no-cache", false},
	} {
		a := g.do("GET", c.path, nil, "Accept-Encoding", c.accept).want(200)
		if string(a.body) != c.body || a.Header.Get("Content-Encoding") != c.encoding || a.Header.Get("Cache-Control") != c.cache || (a.Header.Get("Vary") != "") != c.vary {
			t.Errorf("%s for %q: %q %v", c.path, c.accept, a.body, a.Header)
		}
		tag := a.Header.Get("ETag")
		b := g.do("GET", c.path, nil, "Accept-Encoding", c.accept, "If-None-Match", `"x", W/`+tag).want(304)
		if len(b.body) != 0 || b.Header.Get("ETag") != tag || b.Header.Get("Cache-Control") != c.cache || (b.Header.Get("Vary") != "") != c.vary {
			t.Errorf("%s again: %q %v", c.path, b.body, b.Header)
		}
		if c.encoding != "" {
			g.do("GET", c.path, nil, "Accept-Encoding", "identity", "If-None-Match", tag).want(200) // another text, another tag
		}
	}
	if got := g.do("GET", "/sw.js", nil).Header.Get("Service-Worker-Allowed"); got != "/" {
		t.Errorf("the worker may serve %q", got)
	}
	for _, path := range []string{"/assets/a-1.js.br", "/assets/none.js", "/assets/", "/icons/192.png"} {
		g.do("GET", path, nil).problem(404, codeRoute)
	}
}

func TestVersion(t *testing.T) {
	g := newRig(t)
	g.withPage()
	var v versionView
	a := g.do("GET", "/api/v1/version", nil).want(200).read(&v)
	if v.Version != "test" || len(v.Build) != 12 || !v.Not || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %+v", v)
	}
	first := v.Build
	files, err := newPageFiles(fstest.MapFS{"index.html": {Data: []byte("<html>")}, "sw.js": {Data: []byte("newer worker")}})
	if err != nil {
		t.Fatal(err)
	}
	if files.build == first || files.build == "" {
		t.Errorf("another worker, the same build %q", files.build)
	}
	if none, err := newPageFiles(fstest.MapFS{".gitkeep": {}}); err != nil || none.build != "" {
		t.Errorf("no page: %+v %v", none, err)
	}
}

func TestPageThatIsNotBuilt(t *testing.T) {
	files, err := newPageFiles(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	(&Server{files: files}).page(c)
	if w.Code != 200 || w.Body.String() != notBuilt || w.Header().Get("ETag") != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

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
