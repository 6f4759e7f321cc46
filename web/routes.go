package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// route is one address of the interface under /api/v1 and what it takes to be let in.
type route struct {
	method, path string
	may          care.Permission
	do           gin.HandlerFunc
}

// table is every address under /api/v1. Nothing is reachable there that has no row here, and no row goes without a
// permission.
func (s *Server) table() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return slices.Concat([]route{
		{get, "/problems", care.Public, s.problems},
		{get, "/setup", care.Public, s.setUpNeeded},
		{post, "/setup", care.Public, s.setUp},
		{post, "/login", care.Public, s.login},
		{post, "/login/pin", care.Public, s.loginPIN},
		{get, "/login/people", care.Public, s.devicePeople}, // asks for an enrolled tablet itself
		{post, "/login/passkey/options", care.Public, s.passkeyOptions},
		{post, "/login/passkey", care.Public, s.loginPasskey},
		{get, "/login/provider", care.Public, s.toProvider},
		{get, "/login/provider/callback", care.Public, s.fromProvider},
		{post, "/invitation", care.Public, s.acceptInvitation},

		{post, "/logout", care.OwnAccount, s.logout},
		{get, "/me", care.OwnAccount, s.me},
		{put, "/me/password", care.OwnSecrets, s.changePassword},
		{put, "/me/pin", care.OwnSecrets, s.setPIN},
		{del, "/me/pin", care.OwnSecrets, s.removePIN},
		{get, "/me/passkeys", care.OwnAccount, s.listPasskeys},
		{post, "/me/passkeys/options", care.OwnSecrets, s.newPasskeyOptions},
		{post, "/me/passkeys", care.OwnSecrets, s.addPasskey},
		{del, "/me/passkeys/:id", care.OwnSecrets, s.removePasskey},

		{get, "/sites", care.ReadSites, s.listSites},
		{get, "/sites/:id", care.ReadSites, s.getSite},
		{post, "/sites", care.ChangeSites, s.addSite},
		{patch, "/sites/:id", care.ChangeSites, s.changeSite},
		{get, "/users", care.ReadUsers, s.listUsers},
		{get, "/users/:id", care.ReadUsers, s.getUser},
		{post, "/users", care.ChangeUsers, s.addUser},
		{patch, "/users/:id", care.ChangeUsers, s.changeUser},
		{post, "/users/:id/invitation", care.ChangeUsers, s.invite},
		{put, "/users/:id/identity", care.ChangeUsers, s.linkIdentity},
		{get, "/devices", care.ReadDevices, s.listDevices},
		{post, "/devices", care.ChangeDevices, s.enrol},
		{del, "/devices/:id", care.ChangeDevices, s.revoke},

		{post, "/residents", care.ChangeResidents, s.addResident},
		{get, "/residents", care.ReadResidents, s.listResidents},
		{get, "/residents/:id", care.ReadResidents, s.getResident},
		{patch, "/residents/:id", care.ChangeResidents, s.changeResident},
		{post, "/residents/:id/erase", care.EraseIdentity, s.eraseResident},
		{put, "/residents/by-external-id/:external", care.ChangeResidents, s.upsertResident},
		{get, "/residents/:id/consents", care.ReadResidents, s.listConsents},
		{post, "/residents/:id/consents", care.ChangeConsent, s.addConsent},
		{post, "/residents/:id/consents/:record/withdraw", care.ChangeConsent, s.withdrawConsent},
		{get, "/residents/:id/baselines", care.ReadResidents, s.listBaselines},
		{post, "/residents/:id/baselines", care.ChangeBaselines, s.addBaseline},
		{post, "/residents/:id/baselines/:record/choose", care.ChangeBaselines, s.chooseBaseline},
		{post, "/residents/:id/baselines/:record/retire", care.ChangeBaselines, s.retireBaseline},
		{get, "/residents/:id/reliefs", care.ReadRelief, s.listReliefs},
		{post, "/residents/:id/reliefs", care.AddRelief, s.addRelief},
		{get, "/residents/:id/reliefs/:record", care.ReadRelief, s.getRelief},
		{post, "/residents/:id/reliefs/:record/entered-in-error", care.AddRelief, s.markReliefWrong},
		{get, "/residents/:id/pauses", care.ReadRounds, s.listPauses},
		{post, "/residents/:id/pauses", care.AddEvents, s.addPause},
		{post, "/residents/:id/pauses/:record/end", care.AddEvents, s.endPause},
		{get, "/residents/:id/events", care.ReadRounds, s.listEvents},
		{post, "/residents/:id/events", care.AddEvents, s.addEvent},
		{post, "/residents/:id/events/:record/entered-in-error", care.AddEvents, s.markEventWrong},
		{get, "/residents/:id/due", care.ReadRounds, s.due},
		{get, "/residents/:id/scores", care.ReadResidents, s.scores},

		{get, "/measures", care.ReadRelief, s.listMeasures},
		{put, "/measures/:id", care.ChangeRounds, s.putMeasure},
		{get, "/cadences", care.ReadRelief, s.cadences},
		{get, "/schedules", care.ReadRounds, s.listSchedules},
		{post, "/schedules", care.ChangeRounds, s.addSchedule},
		{get, "/schedules/:id", care.ReadRounds, s.getSchedule},
		{post, "/schedules/:id/end", care.ChangeRounds, s.endSchedule},
		{get, "/due", care.ReadRounds, s.due},
		{get, "/escalations", care.ReadRounds, s.listEscalations},
		{post, "/escalations/:id/acknowledge", care.AddEvents, s.acknowledge},

		{get, "/audit", care.ReadAudit, s.listAudit},
		{get, "/audit/verification", care.ReadAudit, s.verifyAudit},

		{post, "/sessions", care.UseCamera, s.openSession},
		{get, "/sessions/:id", care.UseCamera, s.getSession},
		{del, "/sessions/:id", care.UseCamera, s.endSession},
		{post, "/sessions/:id/whip", care.UseCamera, s.publish},
		{http.MethodOptions, "/sessions/:id/whip", care.UseCamera, s.publishOptions},
		{del, "/sessions/:id/whip/:peer", care.UseCamera, s.unpublish},
		{get, "/sessions/:id/events", care.UseCamera, s.events},
		{post, "/sessions/:id/capture", care.UseCamera, s.capture},
		{get, "/sessions/:id/observation", care.UseCamera, s.observation},

		{post, "/assessments", care.AddAssessments, s.addAssessment},
		{get, "/assessments", care.ReadAssessments, s.listAssessments},
		{get, "/assessments/:id", care.ReadAssessments, s.getAssessment},
		{patch, "/assessments/:id", care.AddAssessments, s.fillAssessment},
		{get, "/assessments/:id/versions", care.ReadAssessments, s.assessmentHistory},
		{post, "/assessments/:id/observe", care.AddAssessments, s.observeAssessment},
		{post, "/assessments/:id/confirm", care.ConfirmAssessments, s.confirmAssessment},
		{post, "/assessments/:id/amend", care.CorrectAssessments, s.amendAssessment},
		{post, "/assessments/:id/entered-in-error", care.CorrectAssessments, s.markAssessmentWrong},

		{get, "/scales", care.ReadScales, s.listScales},
		{get, "/scales/:id", care.ReadScales, s.getScale},
		{post, "/scales", care.ChangeScales, s.addScale},
		{get, "/instrument", care.ReadScales, s.getInstrument},
		{patch, "/instrument", care.ChangeScales, s.changeInstrument},
		{get, "/reports/quality", care.ReadReports, s.quality},
		{get, "/body-regions", care.ReadScales, s.bodyRegions},
	},
		s.clientRoutes(),
		s.homeRoutes(),
		s.changeRoutes(),
	)
}

// homeRoutes is what runs a home's rounds and tablets beside the records: wings, enrolling by code, overviews, the server's state.
func (s *Server) homeRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "/sites/:id/wings", care.ReadSites, s.wings},
		{post, "/enrol", care.Public, s.enrolByCode}, // asks for a code itself
		{get, "/devices/enrolments", care.ReadDevices, s.listEnrolments},
		{post, "/devices/enrolments", care.ChangeDevices, s.addEnrolment},
		{del, "/devices/enrolments/:id", care.ChangeDevices, s.endEnrolment},
	}
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
	e.Use(s.identify, s.protect, s.record, s.recover, s.limit)
	e.NoRoute(s.noRoute)
	e.NoMethod(func(c *gin.Context) {
		s.fail(c, edge(codeMethod, "This address does not know the method "+c.Request.Method+"."))
	})
	e.GET("/healthz", s.health)
	s.pageRoutes(e)
	e.POST(tokenPath, noStore, s.token)
	e.GET("/fhir/.well-known/smart-configuration", s.smartConfiguration)
	api := e.Group("/api/v1", noStore)
	for _, r := range s.table() {
		if !r.may.Known() {
			return nil, fmt.Errorf("route %s %s: the permission table has no row %q", r.method, r.path, r.may)
		}
		api.Handle(r.method, r.path, s.allow(r.may), s.recordRead(r), r.do)
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
