package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// route is one address of the interface under /api/v1, what it takes to be let in, and its description.
type route struct {
	method, path string
	may          care.Permission
	do           gin.HandlerFunc
	doc          doc
	group        string
}

// row is a route of the table. Nobody can forget the description.
func row(method, path string, may care.Permission, do gin.HandlerFunc, d doc) route {
	return route{method: method, path: path, may: may, do: do, doc: d}
}

// table is every address under /api/v1. Nothing is reachable there that has no row here, and no row goes without a
// permission and a description.
func (s *Server) table() []route {
	return slices.Concat(
		s.loginRoutes(), s.ownRoutes(), s.staffRoutes(),
		s.residentRoutes(), s.consentRoutes(),
		s.sessionRoutes(), s.assessmentRoutes(), s.scaleRoutes(),
		s.reliefRoutes(), s.roundRoutes(), s.happeningRoutes(), s.homeRoutes(), s.enrolmentRoutes(), s.clientRoutes(), s.changeRoutes(), s.webhookRoutes(),
		s.downloadRoutes(), s.importRoutes(),
		s.trailRoutes(), s.overviewRoutes(), s.systemRoutes(), s.interfaceRoutes(),
	)
}

// routes builds the router from the table.
func (s *Server) routes() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // gin's debug mode writes to standard output past our logger
	e := gin.New(func(e *gin.Engine) {
		e.HandleMethodNotAllowed = true
		e.RedirectTrailingSlash = false
	})
	// nil cannot fail: no proxy is trusted, so nobody can claim another address.
	_ = e.SetTrustedProxies(nil)
	e.Use(s.identify, s.protect, s.record, s.recover, s.limit, s.holdAddress)
	e.NoRoute(s.noRoute)
	e.NoMethod(func(c *gin.Context) {
		s.fail(c, edge(codeMethod, "This address does not know the method "+c.Request.Method+"."))
	})
	e.GET("/healthz", s.health)
	e.GET("/readyz", s.ready)
	s.pageRoutes(e)
	e.GET("/api/docs", s.reference)
	e.GET("/api/docs.css", s.referenceStyle)
	e.POST(tokenPath, noStore, s.token)
	e.GET("/fhir/.well-known/smart-configuration", s.smartConfiguration)
	api := e.Group("/api/v1", noStore)
	for _, r := range s.table() {
		if !r.may.Known() {
			return nil, fmt.Errorf("route %s %s: the permission table has no row %q", r.method, r.path, r.may)
		}
		chain := []gin.HandlerFunc{know(&r), s.allow(r.may), s.holdPrincipal, s.behind(r), s.recordRead(r)}
		if r.takesKey() {
			chain = append(chain, s.once)
		}
		chain = append(chain, r.do)
		if r.doc.cached {
			chain = append([]gin.HandlerFunc{conditional}, chain...)
		}
		if r.doc.unheld {
			s.unheld[r.method+" /api/v1"+r.path] = true
		}
		api.Handle(r.method, r.path, chain...)
	}
	s.bulkRoutes(e)
	f := e.Group(fhirBase, s.negotiateFHIR)
	for _, r := range s.fhirRoutes() {
		if p := fhirPermission(r.kind, r.interaction); !p.Known() {
			return nil, fmt.Errorf("route %s /fhir%s: the permission table has no row %q", r.method, r.path, p)
		}
		f.Handle(r.method, r.path, s.allowFHIR(r.kind, r.interaction), s.holdPrincipal, s.behindFHIR, r.do)
	}
	return e, nil
}

// allow lets in whoever has a permission.
func (s *Server) allow(p care.Permission) gin.HandlerFunc {
	return func(c *gin.Context) {
		if p == care.Public {
			return
		}
		err := s.admitToken(c, clientToken(c))
		if err == nil {
			err = may(c, p)
		}
		if err != nil {
			s.fail(c, err)
		}
	}
}

// may returns nil where whoever asks has a permission: a person by role and how they signed in, a connected program by its scopes.
func may(c *gin.Context, p care.Permission) error {
	if a := client(c); a != nil {
		return a.May(p, opsOf(c))
	}
	if l := login(c); l != nil {
		return l.User.Role.May(p, l.Method.Strong())
	}
	return care.RoleProgram.May(p, true)
}

// opsOf returns what a request does, with the words of SMART scopes. Reading below a record's address is reading the record.
func opsOf(c *gin.Context) care.Ops {
	switch c.Request.Method {
	case http.MethodPost:
		return care.OpCreate
	case http.MethodPut: // adds, or replaces
		return care.OpCreate | care.OpUpdate
	case http.MethodPatch:
		return care.OpUpdate
	case http.MethodDelete:
		return care.OpDelete
	}
	if len(c.Params) > 0 {
		return care.OpRead
	}
	return care.OpSearch
}
