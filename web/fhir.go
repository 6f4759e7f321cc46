package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
	"wince/web/fhir"
)

// fhirBase is where FHIR R4 is served.
const fhirBase = "/fhir"

const fhirContent = "application/fhir+json"

// The codes of failures that only FHIR knows.
const (
	codeNotAcceptable care.Code = "not_acceptable"
	codeParameter     care.Code = "search_parameter"
	codeValue         care.Code = "search_value"
	codeProcessing    care.Code = "fhir_content"
)

// fhirStore reads what the FHIR interface tells beyond what the rest does.
type fhirStore interface {
	SearchAssessments(ctx context.Context, q care.AssessmentSearch) ([]care.Assessment, error)
	CountAssessments(ctx context.Context, q care.AssessmentSearch) (int, error)
	SearchResidents(ctx context.Context, q care.RecordSearch) ([]care.Resident, error)
	SearchReliefs(ctx context.Context, q care.RecordSearch) ([]care.Relief, error)
	SearchConsents(ctx context.Context, q care.RecordSearch) ([]care.ConsentRecord, error)
	SearchSchedules(ctx context.Context, q care.RecordSearch) ([]care.Schedule, error)
	SearchAudit(ctx context.Context, q care.AuditSearch) ([]care.AuditEvent, error)
	ModelSet(ctx context.Context, id string) (*pain.ModelSet, error)
	ModelSets(ctx context.Context) ([]pain.ModelSet, error)
	ErasedResident(ctx context.Context, id string) (siteID string, erased bool, err error)
	LastChanges(ctx context.Context, ids ...string) (map[string]care.RecordChange, error)
}

// fhirRoute is one address under /fhir: what is asked of which type of resource.
type fhirRoute struct {
	method, path string
	kind         string // empty for what belongs to no type
	interaction  fhir.Interaction
	do           gin.HandlerFunc
}

// fhirRoutes is every address of resources under /fhir. It is made from the table of kinds, which the CapabilityStatement is made from
// too.
func (s *Server) fhirRoutes() []fhirRoute {
	list := []fhirRoute{{http.MethodGet, "/metadata", "", "", s.fhirMetadata}}
	for _, k := range s.kinds {
		at := "/" + k.Name
		for _, i := range k.Interactions {
			switch i {
			case fhir.Read:
				list = append(list, fhirRoute{http.MethodGet, at + "/:id", k.Name, i, s.fhirRead(k)})
			case fhir.VRead:
				list = append(list, fhirRoute{http.MethodGet, at + "/:id/_history/:version", k.Name, i, s.fhirVRead(k)})
			case fhir.Search:
				list = append(list, fhirRoute{http.MethodGet, at, k.Name, i, s.fhirSearch(k)}, fhirRoute{http.MethodPost, at + "/_search", k.Name, i, s.fhirSearch(k)})
			case fhir.Create:
				do := s.fhirCreate
				if k.Name == "Subscription" {
					do = s.createSubscription
				}
				list = append(list, fhirRoute{http.MethodPost, at, k.Name, i, do})
			case fhir.Delete:
				list = append(list, fhirRoute{http.MethodDelete, at + "/:id", k.Name, i, s.deleteSubscription})
			case fhir.Update:
				list = append(list, fhirRoute{http.MethodPut, at + "/:id", k.Name, i, s.fhirUpdate}, fhirRoute{http.MethodPut, at, k.Name, i, s.fhirUpdateBy})
			}
		}
	}
	return list
}

// fhirPermission says what it takes to do something with a type of resource. Reading is the key; writing has rows of its own.
func fhirPermission(kind string, i fhir.Interaction) care.Permission {
	if kind == "" {
		return care.Public
	}
	if i == fhir.Create || i == fhir.Update || i == fhir.Delete {
		switch kind {
		case "Patient":
			return care.ChangeResidents
		case "Subscription":
			return care.ChangeSubscriptions
		}
		return ""
	}
	switch kind {
	case "Patient", "Consent":
		return care.ReadResidents
	case "Observation", "QuestionnaireResponse", "Provenance":
		return care.ReadAssessments
	case "Device", "Questionnaire", "CodeSystem", "ValueSet", "ConceptMap":
		return care.ReadScales
	case "Organization", "Location":
		return care.ReadSites
	case "Practitioner":
		return care.ReadUsers
	case "ServiceRequest", "Task":
		return care.ReadRounds
	case "MedicationAdministration", "Procedure":
		return care.ReadRelief
	case "AuditEvent":
		return care.ReadAudit
	case "Subscription":
		return care.ReadSubscriptions
	}
	return "" // in no row of the table: refused
}

// allowFHIR lets in whoever may do something with a type of resource. It is the one place where an address under /fhir is opened.
func (s *Server) allowFHIR(kind string, i fhir.Interaction) gin.HandlerFunc {
	return func(c *gin.Context) {
		if fhirPermission(kind, i) == care.Public {
			return
		}
		err := s.admitToken(c, clientToken(c))
		if err == nil {
			err = mayFHIR(c, kind, i)
		}
		if err != nil {
			s.fail(c, err)
		}
	}
}

// mayFHIR says whether whoever was let in may do something with a type of resource, also with one that is only included in an answer: a
// person by role, a connected program by its scopes.
func mayFHIR(c *gin.Context, kind string, i fhir.Interaction) error {
	p := fhirPermission(kind, i)
	if a := client(c); a != nil {
		if err := care.RoleIntegration.May(p, true); err != nil {
			return err
		}
		return a.MayFHIR(kind, fhirOps(c, i))
	}
	if l := login(c); l != nil {
		return l.User.Role.May(p, l.Method.Strong())
	}
	return edge(care.Forbidden, "The local token opens practice only, which is not told here: sign in for this.")
}

// fhirOps returns what an interaction does, with the words of SMART scopes.
func fhirOps(c *gin.Context, i fhir.Interaction) care.Ops {
	switch i {
	case fhir.Search:
		return care.OpSearch
	case fhir.Create:
		return care.OpCreate
	case fhir.Update:
		if c.Param("id") == "" { // by identifier: it adds where there is none
			return care.OpCreate | care.OpUpdate
		}
		return care.OpUpdate
	case fhir.Delete:
		return care.OpDelete
	}
	return care.OpRead
}

// negotiate refuses what asks for another form than JSON, and gives every answer FHIR's.
func (s *Server) negotiateFHIR(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	wanted := c.Query("_format")
	if wanted == "" {
		wanted = c.GetHeader("Accept")
	}
	if !acceptsFHIR(wanted) {
		s.fail(c, edge(codeNotAcceptable, "FHIR is served as JSON only: ask for "+fhirContent+"."))
	}
}

// acceptsFHIR says whether one of the wanted media types is JSON.
func acceptsFHIR(wanted string) bool {
	if strings.TrimSpace(wanted) == "" {
		return true
	}
	for part := range strings.SplitSeq(wanted, ",") {
		// A plus sign of _format that was not encoded is a space.
		kind, params, err := mime.ParseMediaType(strings.Replace(strings.TrimSpace(part), "fhir json", "fhir+json", 1))
		if err != nil || params["q"] == "0" {
			continue
		}
		if v := params["fhirversion"]; v != "" && v != "4.0" {
			continue
		}
		switch kind {
		case fhirContent, "application/json", "text/json", "json", "*/*", "application/*", "application/json+fhir":
			return true
		}
	}
	return false
}

// fhirAddress returns the address of the interface as clients call it.
func (s *Server) fhirAddress(c *gin.Context) string {
	if s.opt.Origin != "" {
		return s.opt.Origin + fhirBase
	}
	return "https://" + c.Request.Host + fhirBase
}

// writeFHIR ends a request with a resource, its entity tag and when it was last changed.
func (s *Server) writeFHIR(c *gin.Context, status int, r fhir.Resource) {
	body, err := fhir.Marshal(r)
	if err != nil {
		s.fail(c, err)
		return
	}
	if m := r.Head().Meta; m != nil {
		if m.VersionID != "" {
			c.Header("ETag", `W/"`+m.VersionID+`"`)
		}
		if t, err := time.Parse(time.RFC3339, m.LastUpdated); err == nil {
			c.Header("Last-Modified", t.UTC().Format(http.TimeFormat))
		}
		if status == http.StatusOK && c.Request.Method == http.MethodGet && m.VersionID != "" && matchesAny(c.GetHeader("If-None-Match"), m.VersionID) {
			c.Status(http.StatusNotModified)
			return
		}
	}
	s.writeFHIRBody(c, status, body)
}

func (s *Server) writeFHIRBody(c *gin.Context, status int, body []byte) {
	if c.Query("_pretty") == "true" {
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") == nil {
			body = b.Bytes()
		}
	}
	c.Data(status, fhirContent+"; charset=utf-8", body)
}

// matchesAny says whether a list of entity tags has a version, weak or strong.
func matchesAny(tags, version string) bool {
	for t := range strings.SplitSeq(tags, ",") {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		if t == "*" || t == `"`+version+`"` {
			return true
		}
	}
	return false
}

// inFHIR says whether a request's failures are told as OperationOutcome. Signing in has forms of its own.
func inFHIR(c *gin.Context) bool {
	path := c.Request.URL.Path
	return (path == fhirBase || strings.HasPrefix(path, fhirBase+"/")) && !strings.HasPrefix(path, fhirBase+"/.well-known/") && path != tokenPath
}

// issueTypes are FHIR's words for our codes; what is not here goes by the status.
var issueTypes = map[care.Code]string{
	care.Invalid: "invalid", care.NotFound: "not-found", care.Conflict: "conflict", care.Stale: "conflict", care.Forbidden: "forbidden", care.PasswordNeeded: "forbidden",
	care.Erased: "deleted", codeMalformed: "structure", codeTooLarge: "too-long", codeMediaType: "not-supported", codeRoute: "not-found", codeMethod: "not-supported",
	codeSignIn: "login", codeIfMatch: "required", codeNotAcceptable: "not-supported", codeParameter: "not-supported", codeValue: "value", codeProcessing: "processing",
}

// outcome turns a problem into FHIR's own form.
func outcome(p *problem, err error) *fhir.Outcome {
	var issues fhir.Issues
	code := issueTypes[p.Code]
	switch {
	case errors.As(err, &issues):
	case code == "" && p.Status >= 500:
		code = "exception"
	case code == "":
		code = "processing"
	}
	if len(issues) == 0 {
		issues = fhir.Issues{{Code: code, Text: p.Detail, Path: p.Field}}
	}
	issues = slices.Clone(issues)
	issues[0].Diagnostics = strings.TrimSpace(string(p.Code) + ", request " + p.Request)
	return fhir.NewOutcome(issues...)
}

// fhirMetadata tells what there is. The date is that of the program's table, which changes with the program only.
func (s *Server) fhirMetadata(c *gin.Context) {
	x := fhir.Extra{Version: s.opt.Version, URL: s.fhirAddress(c), Date: s.begun, Security: "Authorization: Bearer with an access token or an API key."}
	if s.opt.Origin != "" {
		x.Service = []fhir.CodeableConcept{*fhir.SMART()}
	}
	if s.bulk.dir != "" {
		x.Operations = []fhir.CapOperation{{Name: "export", Definition: bulkGuide + "OperationDefinition/export"}}
		x.OfPatient = []fhir.CapOperation{{Name: "export", Definition: bulkGuide + "OperationDefinition/patient-export"}}
		x.Implements = []string{bulkGuide + "CapabilityStatement/bulk-data"}
	}
	s.writeFHIR(c, http.StatusOK, fhir.NewCapabilityStatement(s.kinds, x))
}

// fhirRead answers with one resource.
func (s *Server) fhirRead(k *fhir.Kind) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := s.seenFHIR(c, k.Name, c.Param("id"))
		var r fhir.Resource
		if err == nil {
			r, err = s.fhirResource(c, k.Name, c.Param("id"))
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		s.writeSome(c, r)
	}
}

// writeSome ends a request with a resource, or with what is wanted of it.
func (s *Server) writeSome(c *gin.Context, r fhir.Resource) {
	wanted, err := parseElements(c.Query("_elements"), c.Query("_summary"))
	if err == nil && wanted == nil {
		s.writeFHIR(c, http.StatusOK, r)
		return
	}
	var body []byte
	if err == nil {
		body, err = wanted.of(r)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.writeFHIRBody(c, http.StatusOK, body)
}

// fhirVRead answers with what a resource was in one of its versions.
func (s *Server) fhirVRead(k *fhir.Kind) gin.HandlerFunc {
	return func(c *gin.Context) {
		version, err := strconv.Atoi(c.Param("version"))
		if err != nil {
			s.fail(c, edge(care.NotFound, "There is no such version."))
			return
		}
		var r fhir.Resource
		if err = s.seenFHIR(c, k.Name, c.Param("id")); err == nil {
			r, err = s.fhirVersion(c, k.Name, c.Param("id"), version)
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		s.writeSome(c, r)
	}
}

// seenFHIR records that somebody asks to see residents or what is known of them, before anything is read: what cannot be recorded is
// not shown. id is the resource's, or the resident's where a search names one; empty for others.
func (s *Server) seenFHIR(c *gin.Context, kind, id string) error {
	p := fhirPermission(kind, fhir.Read)
	if !p.Shows() {
		return nil
	}
	entity := map[string]string{"Patient": "resident", "Consent": "consent", "Observation": "assessment", "QuestionnaireResponse": "assessment", "Provenance": "assessment",
		"ServiceRequest": "schedule", "Task": "due", "MedicationAdministration": "relief", "Procedure": "relief"}[kind]
	id, _, _ = cutRecordID(id)
	return s.seenAs(c, p, entity, id)
}

// seenAs records a look at a record, or at a list where the id is empty.
func (s *Server) seenAs(c *gin.Context, p care.Permission, entity, id string) error {
	e := care.AuditEvent{Action: string(p), Entity: entity}
	if care.ValidID(id) {
		e.EntityID = id
	}
	detail, err := json.Marshal(map[string]string{"address": c.FullPath()})
	if err != nil {
		return err
	}
	e.Detail = detail
	return s.opt.Store.Seen(c.Request.Context(), s.act(c), e)
}

// cutRecordID takes the id of the record from a resource's id: what comes after it says which of the record's resources it is.
func cutRecordID(id string) (record, rest string, ok bool) {
	const length = 36
	if len(id) < length || !care.ValidID(id[:length]) {
		return "", "", false
	}
	return id[:length], id[length:], true
}

// writeFHIRFailure ends a request with an OperationOutcome, unless an answer has begun.
func (s *Server) writeFHIRFailure(c *gin.Context, p *problem, err error) {
	if !c.Writer.Written() {
		body, merr := fhir.Marshal(outcome(p, err))
		if merr != nil { // cannot happen: texts only
			body = []byte("{}")
		}
		c.Data(p.Status, fhirContent+"; charset=utf-8", body)
	}
	c.Abort()
}
