package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// readPatient reads the body of a create or update.
func (s *Server) readPatient(c *gin.Context) (*fhir.PatientInput, error) {
	if err := mediaType(c, fhirContent); err != nil && mediaType(c, "application/json") != nil {
		return nil, err
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, err
	}
	return fhir.ReadPatient(body, s.externalSystem())
}

// criterion reads the one condition that residents are looked up by: identifier=system|value.
func (s *Server) criterion(query, where string) (fhir.Token, error) {
	v, err := url.ParseQuery(query)
	if err != nil || len(v) != 1 || len(v["identifier"]) != 1 {
		return fhir.Token{}, badParam(where, "Residents are looked up by their identifier alone: identifier=system|value.")
	}
	t, err := fhir.ParseToken(v.Get("identifier"))
	switch {
	case err != nil:
		return t, named(err, "identifier")
	case t.Code == "":
		return t, badParam("identifier", "The identifier has no value.")
	case !t.Is(s.externalSystem(), t.Code):
		return t, badParam("identifier", "Residents are known by identifiers of the system "+s.externalSystem()+".")
	}
	return t, nil
}

// sameIdentifier refuses a body that says another identifier than the condition: what it makes could not be found by it.
func sameIdentifier(p *fhir.PatientInput, t fhir.Token) error {
	if p.ExternalID == t.Code {
		return nil
	}
	return fhir.Issues{{Code: "value", Path: "Patient.identifier", Text: "The Patient must have the identifier that it is looked up by."}}
}

// fhirCreate makes a resident. With If-None-Exist it makes none where there is one.
func (s *Server) fhirCreate(c *gin.Context) {
	p, err := s.readPatient(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	if p.ID != "" {
		p.Warnings = append(p.Warnings, fhir.Issue{Severity: "warning", Code: "informational", Path: "Patient.id", Text: "The server chose the id."})
	}
	if cond := c.GetHeader("If-None-Exist"); cond != "" {
		t, err := s.criterion(strings.TrimPrefix(cond, "?"), "If-None-Exist")
		if err == nil {
			err = sameIdentifier(p, t)
		}
		var old *care.Resident
		if err == nil {
			old, err = s.byIdentifier(c, t)
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		if old != nil {
			s.answerPatient(c, http.StatusOK, old, p)
			return
		}
	}
	r, err := s.addPatient(c, p)
	if isCode(err, care.Conflict) && c.GetHeader("If-None-Exist") != "" {
		// Another request was faster with the same.
		if old, readErr := s.byIdentifier(c, fhir.Token{Code: p.ExternalID}); readErr == nil && old != nil {
			s.answerPatient(c, http.StatusOK, old, p)
			return
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answerPatient(c, http.StatusCreated, r, p)
}

func (s *Server) addPatient(c *gin.Context, p *fhir.PatientInput) (*care.Resident, error) {
	act := s.act(c)
	r := &care.Resident{CreatedAt: care.Stamp(act.At), Version: 1}
	p.Into(r)
	err := r.Check(act.At)
	if err == nil {
		r.SiteID, err = scope(c).Choose(p.Organization)
	}
	if err == nil {
		err = s.opt.Store.AddResident(c.Request.Context(), act, r)
	}
	return r, fhir.PatientIssue(err)
}

// changePatient replaces a resident's particulars at a version, and does nothing where they are the same.
func (s *Server) changePatient(c *gin.Context, old *care.Resident, p *fhir.PatientInput) (*care.Resident, error) {
	act := s.act(c)
	same := *old
	edit := func(r *care.Resident) error {
		p.Into(r)
		if p.Organization != "" {
			site, err := scope(c).Choose(p.Organization)
			if err != nil {
				return err
			}
			r.SiteID = site
		}
		return r.Check(act.At)
	}
	if err := edit(&same); err != nil {
		return nil, fhir.PatientIssue(err)
	}
	if same.SameAs(old) {
		return old, nil
	}
	r, err := s.opt.Store.ChangeResident(c.Request.Context(), act, old.ID, old.Version, edit)
	return r, fhir.PatientIssue(err)
}

// fhirUpdate replaces a resident that was read before.
func (s *Server) fhirUpdate(c *gin.Context) {
	id := c.Param("id")
	version, err := ifMatch(strings.TrimPrefix(c.GetHeader("If-Match"), "W/"))
	var p *fhir.PatientInput
	if err == nil {
		p, err = s.readPatient(c)
	}
	if err == nil && p.ID != id {
		err = fhir.Issues{{Code: "value", Path: "Patient.id", Text: "The id must be that of the address."}}
	}
	var r *care.Resident
	if err == nil {
		r, err = s.resident(c, id)
	}
	if err == nil && r.Version != version {
		err = &care.Error{Code: care.Stale, Text: "Somebody else changed this record meanwhile: look at it again, then decide."}
	}
	if err == nil {
		r, err = s.changePatient(c, r, p)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answerPatient(c, http.StatusOK, r, p)
}

// fhirUpdateBy takes a resident from the care platform, which is master: it adds or replaces the one with the identifier, and the same
// again changes nothing.
func (s *Server) fhirUpdateBy(c *gin.Context) {
	t, err := s.criterion(c.Request.URL.RawQuery, "identifier")
	var p *fhir.PatientInput
	if err == nil {
		p, err = s.readPatient(c)
	}
	if err == nil {
		err = sameIdentifier(p, t)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	r, status, err := s.putPatient(c, t, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answerPatient(c, status, r, p)
}

// putPatient adds or replaces a resident. Where somebody else changes the same one at the same time it looks again, a few times.
func (s *Server) putPatient(c *gin.Context, t fhir.Token, p *fhir.PatientInput) (r *care.Resident, status int, err error) {
	for range 4 {
		var old *care.Resident
		if old, err = s.byIdentifier(c, t); err != nil {
			return nil, 0, err
		}
		switch {
		case old == nil && p.ID != "":
			return nil, 0, fhir.Issues{{Code: "value", Path: "Patient.id", Text: "There is no resident with this identifier yet: leave the id out, the server chooses it."}}
		case old == nil:
			if r, err = s.addPatient(c, p); err == nil {
				return r, http.StatusCreated, nil
			}
			if !isCode(err, care.Conflict) {
				return nil, 0, err
			}
		case p.ID != "" && p.ID != old.ID:
			return nil, 0, fhir.Issues{{Code: "value", Path: "Patient.id", Text: "The resident with this identifier has another id."}}
		case c.GetHeader("If-Match") != "" && !matchesAny(c.GetHeader("If-Match"), strconv.Itoa(old.Version)):
			return nil, 0, &care.Error{Code: care.Stale, Text: "Somebody else changed this record meanwhile: look at it again, then decide."}
		default:
			if r, err = s.changePatient(c, old, p); err == nil {
				return r, http.StatusOK, nil
			}
			if !isCode(err, care.Stale) {
				return nil, 0, err
			}
		}
	}
	return nil, 0, err
}

// answerPatient ends a write with what the client prefers: the resource, nothing, or what was not kept of it.
func (s *Server) answerPatient(c *gin.Context, status int, r *care.Resident, p *fhir.PatientInput) {
	c.Header("Location", s.fhirAddress(c)+"/Patient/"+r.ID)
	c.Header("ETag", `W/"`+strconv.Itoa(r.Version)+`"`)
	prefer := strings.ReplaceAll(c.GetHeader("Prefer"), " ", "")
	switch {
	case strings.Contains(prefer, "return=minimal"):
		c.Status(status)
	case strings.Contains(prefer, "return=OperationOutcome"):
		issues := p.Warnings
		if len(issues) == 0 {
			issues = fhir.Issues{{Severity: "information", Code: "informational", Text: "All was kept."}}
		}
		s.writeFHIR(c, status, fhir.NewOutcome(issues...))
	default:
		updated, err := s.lastChange(context.WithoutCancel(c.Request.Context()), r.ID) // it is done: the answer should say so
		if err != nil {
			updated = s.opt.Now()
		}
		s.writeFHIR(c, status, fhir.NewPatient(r, s.externalSystem(), updated))
	}
}
