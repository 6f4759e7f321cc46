package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

// dist is the page that `make build` makes from web/app. It is empty in a fresh checkout.
//
//go:embed all:app/dist
var dist embed.FS

const notBuilt = "<!doctype html><html lang=en><meta charset=utf-8><title>Wince</title><h1>Wince is running</h1>" +
	"<p>Its page was not built into this program: run <code>make build</code> and start it again. The interface under /api/v1 works.</p>"

func (s *Server) page(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	b, err := packed(c, "/index.html")
	if err != nil {
		b = []byte(notBuilt)
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", b)
}

// packed reads one of the page's files, in the smallest form that the browser takes: the build packs them once and for all.
func packed(c *gin.Context, name string) ([]byte, error) {
	accepted := c.GetHeader("Accept-Encoding")
	for _, p := range []struct{ encoding, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !strings.Contains(accepted, p.encoding) {
			continue
		}
		if b, err := fs.ReadFile(dist, "app/dist"+name+p.ending); err == nil {
			c.Header("Content-Encoding", p.encoding)
			c.Header("Vary", "Accept-Encoding")
			return b, nil
		}
	}
	return fs.ReadFile(dist, "app/dist"+name)
}

// pageRoutes are the addresses of the page's files: the page itself, what it loads, its service worker, and what a tablet
// that installs it asks for.
func (s *Server) pageRoutes(e *gin.Engine) {
	e.GET("/", s.page)
	for _, path := range []string{"/assets/*file", "/icons/*file", "/favicon.svg", "/manifest.webmanifest", "/sw.js"} {
		e.GET(path, s.asset)
	}
}

// asset serves the page's files. Those under /assets have their content's hash in the name and never change.
func (s *Server) asset(c *gin.Context) {
	name := path.Clean("/" + c.Request.URL.Path)
	b, err := packed(c, name)
	if err != nil {
		s.noRoute(c)
		return
	}
	if strings.HasPrefix(name, "/assets/") {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		c.Header("Cache-Control", "no-cache")
	}
	c.Data(http.StatusOK, contentType(name), b)
}

// contentType does not ask the machine's table, which differs from one to the next.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

func (s *Server) noRoute(c *gin.Context) {
	s.fail(c, edge(codeRoute, "There is nothing at this address: see the description of the interface, or open the server's first page."))
}
