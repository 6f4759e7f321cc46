package web

import (
	"crypto/sha256"
	_ "embed" // openapi.json
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// openAPI is the description of the interface (OpenAPI 3.1). A test makes it of the route table; see doc.
//
//go:embed openapi.json
var openAPI []byte

// openAPIDocument answers with the description of the interface, which changes with the program only.
func (s *Server) openAPIDocument(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=300")
	if fresh(c, openAPI) {
		return
	}
	c.Data(http.StatusOK, "application/json", openAPI)
}

// fresh sets the entity tag of a text and, where the client has that text already, answers so (RFC 9110, section 13.1.2).
func fresh(c *gin.Context, text []byte) bool {
	sum := sha256.Sum256(text)
	return unchanged(c, `"`+hex.EncodeToString(sum[:8])+`"`)
}

// unchanged sets an entity tag and answers 304 where If-None-Match has it.
func unchanged(c *gin.Context, tag string) bool {
	c.Header("ETag", tag)
	for _, t := range strings.Split(c.GetHeader("If-None-Match"), ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			c.Status(http.StatusNotModified)
			c.Writer.WriteHeaderNow()
			return true
		}
	}
	return false
}
