package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// dist is the page that `make build` makes from web/app. It is empty in a fresh checkout.
//
//go:embed all:app/dist
var dist embed.FS

const notBuilt = "<!doctype html><html lang=en><meta charset=utf-8><title>Wince</title><h1>Wince is running</h1>" +
	"<p>Its page was not built into this program: run <code>make build</code> and start it again. The interface under /api/v1 works.</p>"

// pageFiles are the page's files as the build made them: packed ones beside those that it packed.
type pageFiles struct {
	files fs.FS
	tags  map[string]string // path -> entity tag of what it holds
	build string            // names this build of the page; empty where none was built in
}

// newPageFiles reads the files once, to know their tags.
func newPageFiles(files fs.FS) (*pageFiles, error) {
	p := &pageFiles{files: files, tags: map[string]string{}}
	all := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		p.tags[name] = `"` + hex.EncodeToString(sum[:12]) + `"`
		if !isPacked(name) {
			fmt.Fprintf(all, "%s %x\n", name, sum)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	if p.tags["index.html"] != "" {
		p.build = hex.EncodeToString(all.Sum(nil)[:6])
	}
	return p, nil
}

func isPacked(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// send answers with a file in the smallest form that the browser takes, or with 304 where it has that already. It reports false,
// and has answered nothing, where there is no such file. Packed and plain are different texts to a cache, so each has a tag of
// its own, and Vary says what decides between them, also on the plain one.
func (p *pageFiles) send(c *gin.Context, name string) bool {
	tag, ok := p.tags[name]
	if !ok || isPacked(name) {
		return false
	}
	from := name
	if p.tags[name+".br"] != "" || p.tags[name+".gz"] != "" {
		c.Header("Vary", "Accept-Encoding")
	}
	for _, pack := range []struct{ encoding, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if t := p.tags[name+pack.ending]; t != "" && takesEncoding(c.GetHeader("Accept-Encoding"), pack.encoding) {
			from, tag = name+pack.ending, t
			c.Header("Content-Encoding", pack.encoding)
			break
		}
	}
	if unchanged(c, tag) {
		return true
	}
	b, err := fs.ReadFile(p.files, from)
	if err != nil { // cannot happen: it was read at the start
		return false
	}
	c.Data(http.StatusOK, contentType(name), b)
	return true
}

// takesEncoding says whether an Accept-Encoding header takes an encoding by its name (RFC 9110, section 12.5.3): "br;q=0" does not.
func takesEncoding(header, encoding string) bool {
	for _, part := range strings.Split(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		key, value, _ := strings.Cut(strings.TrimSpace(weight), "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !strings.EqualFold(strings.TrimSpace(key), "q") || (err == nil && q > 0)
	}
	return false
}

// page answers with the page itself. Browsers ask each time whether there is a newer one.
func (s *Server) page(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	if !s.files.send(c, "index.html") {
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(notBuilt))
	}
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
	name := strings.TrimPrefix(path.Clean("/"+c.Request.URL.Path), "/")
	if s.files.tags[name] == "" || isPacked(name) {
		s.noRoute(c)
		return
	}
	cache := "no-cache"
	if strings.HasPrefix(name, "assets/") {
		cache = "public, max-age=31536000, immutable"
	}
	c.Header("Cache-Control", cache)
	if name == "sw.js" {
		c.Header("Service-Worker-Allowed", "/")
	}
	s.files.send(c, name)
}

// versionView is what a page asks for to see whether it is the server's own.
type versionView struct {
	Version string `json:"version"`
	Build   string `json:"build"` // of the page; another one means that there is a new page; empty where none was built in
	Not     bool   `json:"not_a_medical_device"`
}

func (s *Server) version(c *gin.Context) {
	c.JSON(http.StatusOK, versionView{s.opt.Version, s.files.build, true})
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
