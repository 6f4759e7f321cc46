package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// conditional answers 304 where the client has what the handler answers already (RFC 9110, section 13.1.2). It is for records that are
// the same as long as their ETag is: not for those that also tell how something stands now.
func conditional(c *gin.Context) {
	if tags := c.GetHeader("If-None-Match"); tags != "" {
		c.Writer = &conditionalWriter{ResponseWriter: c.Writer, tags: tags}
	}
}

// conditionalWriter leaves the body out where its ETag is one of the client's.
type conditionalWriter struct {
	gin.ResponseWriter
	tags string
	same bool
}

func (w *conditionalWriter) WriteHeader(status int) {
	if status == http.StatusOK && hasTag(w.tags, w.Header().Get("ETag")) {
		w.same, status = true, http.StatusNotModified
		w.Header().Del("Content-Type")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *conditionalWriter) Write(b []byte) (int, error) {
	if w.same {
		w.Header().Del("Content-Type")
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// hasTag says whether If-None-Match names an entity tag.
func hasTag(tags, tag string) bool {
	for _, t := range strings.Split(tags, ",") {
		if t = strings.TrimSpace(t); tag != "" && (t == "*" || strings.TrimPrefix(t, "W/") == tag) {
			return true
		}
	}
	return false
}

// unchanged sets an entity tag and answers 304 where the client has what it stands for.
func unchanged(c *gin.Context, tag string) bool {
	c.Header("ETag", tag)
	if !hasTag(c.GetHeader("If-None-Match"), tag) {
		return false
	}
	c.Status(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
	return true
}
