package web

import (
	_ "embed" // openapi.json

	"github.com/gin-gonic/gin"
)

// openAPI is the description of the interface (OpenAPI 3.1). A test makes it of the route table; see doc.
//
//go:embed openapi.json
var openAPI []byte

// openAPIDocument answers with the description of the interface.
func (s *Server) openAPIDocument(c *gin.Context) { s.public(c, "application/json", openAPI, nil) }
