package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
	"wince/stream"
)

type assessmentStore interface {
	AddAssessment(ctx context.Context, act care.Act, a *care.Assessment) error
	ChangeAssessment(ctx context.Context, act care.Act, ch care.AssessmentChange, do func(*care.Assessment) error) (*care.Assessment, error)
	SeenAssessmentChange(ctx context.Context, id string) (assessmentID, fingerprint string, err error)
	Assessment(ctx context.Context, id string) (*care.Assessment, error)
	Assessments(ctx context.Context, q care.AssessmentQuery) ([]care.Assessment, error)
	AssessmentHistory(ctx context.Context, id string) ([]care.Assessment, error)
}

// writeAssessment answers with an assessment, as it may be seen, and its entity tag, which changing it asks for.
func writeAssessment(c *gin.Context, status int, a *care.Assessment) {
	tag(c, a.Version)
	c.JSON(status, a.Shown())
}

// tag sets the entity tag of a record.
func tag(c *gin.Context, version int) { c.Header("ETag", `"`+strconv.Itoa(version)+`"`) }

// newAssessment is the body of POST /assessments.
type newAssessment struct {
	ID         string         `json:"id"`
	SessionID  string         `json:"session_id"`
	SiteID     string         `json:"site_id"` // of practice without a session
	ResidentID string         `json:"resident_id"`
	Practice   *bool          `json:"practice"`
	Condition  care.Condition `json:"condition"`
	Scale      string         `json:"scale"` // id
	Method     care.Method    `json:"method"`
	care.Filling
}

// fingerprint is the same for the same request of the same person, so that a request sent twice is known again.
func fingerprint(c *gin.Context, what string, body any) (string, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s", actor(c).ID, what, b)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (s *Server) addAssessment(c *gin.Context) {
	var in newAssessment
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	mark, err := fingerprint(c, "add", in)
	var a *care.Assessment
	if err == nil {
		a, err = s.seenBefore(c, in.ID, "", mark)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if a != nil {
		writeAssessment(c, http.StatusOK, a) // the same request again, after an answer that got lost
		return
	}
	if in.SessionID != "" {
		a, err = s.fromSession(c, &in)
	} else {
		a, err = s.withoutCamera(c, &in)
	}
	if err == nil {
		a.Fingerprint = mark
		err = s.opt.Store.AddAssessment(c.Request.Context(), s.act(c), a)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/assessments/"+a.ID)
	writeAssessment(c, http.StatusCreated, a)
}

// seenBefore returns the assessment that a change with this id was made to, where the request is the same; nil where there
// was no such change. want is the assessment that the request names, empty where it makes one.
func (s *Server) seenBefore(c *gin.Context, id, want, mark string) (*care.Assessment, error) {
	if id == "" {
		return nil, nil
	}
	if !care.ValidID(id) {
		return nil, &care.Error{Code: care.Invalid, Field: "id", Text: "The id must be a UUID of version 7, or be left out."}
	}
	made, was, err := s.opt.Store.SeenAssessmentChange(c.Request.Context(), id)
	switch {
	case err != nil || made == "":
		return nil, err
	case was != mark || want != "" && made != want:
		return nil, &care.Error{Code: care.Conflict, Field: "id", Text: "Another request has this id: give each an id of its own."}
	}
	return s.assessment(c, made)
}

// fromSession makes the preliminary assessment of what a session observed last.
func (s *Server) fromSession(c *gin.Context, in *newAssessment) (*care.Assessment, error) {
	if in.ResidentID != "" || in.Practice != nil || in.Condition != "" || in.SiteID != "" {
		return nil, &care.Error{Code: care.Invalid, Field: "session_id", Text: "Resident, condition and practice are the session's: leave them out."}
	}
	v, live, err := s.session(c, in.SessionID)
	if err != nil {
		return nil, err
	}
	scale, site, err := s.chooseScale(c.Request.Context(), v.SiteID, in.Scale)
	if err != nil {
		return nil, err
	}
	if scale == nil && blind(site, v.Practice) {
		return nil, &care.Error{Code: care.Invalid, Field: "scale", Text: "Here carers rate before they see the machine's view: say with which scale."}
	}
	e, err := s.evidence(c, v, live, scale, site)
	if err != nil {
		return nil, err
	}
	return care.NewAssessment(care.Assessment{ID: in.ID, Method: in.Method}, e, scale, in.Filling, s.act(c))
}

// blind says whether carers rate before they see the machine's view. Who practises sees it, to learn what it shows.
func blind(site *care.Instrument, practice bool) bool { return site.Blind && !practice }

// evidence is what a session observed last, with the proposals for a scale, or for the usual one where none is filled in.
func (s *Server) evidence(c *gin.Context, v *care.Session, live LiveSession, scale *pain.Scale, site *care.Instrument) (*care.Evidence, error) {
	if live == nil {
		return nil, stream.ErrSessionClosed
	}
	if live.Status().Capture.State == stream.CaptureRunning {
		return nil, stream.ErrCaptureRunning
	}
	o, ok := live.Observation()
	if !ok {
		return nil, errNotObserved
	}
	// Consent may have been withdrawn since the session was opened.
	var conditions []string
	if !v.Practice {
		r, err := s.resident(c, v.ResidentID)
		if err == nil {
			err = r.MayBeFilmed(s.opt.Now())
		}
		if err != nil {
			return nil, err
		}
		for _, x := range r.Conditions {
			conditions = append(conditions, string(x))
		}
	}
	observation, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write observation: %w", err)
	}
	e := &care.Evidence{Session: v, Observation: observation, Blind: blind(site, v.Practice)}
	if scale == nil {
		if scale, err = s.proposingScale(c.Request.Context(), site); err != nil {
			return nil, err
		}
	}
	if scale != nil {
		e.Proposals, e.NotProposed = scale.Propose(&o, conditions)
	}
	return e, nil
}

// withoutCamera makes a draft that a person fills in.
func (s *Server) withoutCamera(c *gin.Context, in *newAssessment) (*care.Assessment, error) {
	if byLocal(c) {
		return nil, &care.Error{Code: care.Invalid, Field: "session_id", Text: "Name the practice session whose observation is kept; sign in as a person to assess without the camera."}
	}
	a := care.Assessment{ID: in.ID, ResidentID: in.ResidentID, Practice: in.Practice != nil && *in.Practice, Condition: in.Condition, Method: in.Method}
	var err error
	switch {
	case a.Practice:
		a.SiteID, err = scope(c).Choose(in.SiteID)
	case in.SiteID != "":
		err = &care.Error{Code: care.Invalid, Field: "site_id", Text: "The site is the resident's: leave it out."}
	case a.ResidentID != "":
		var r *care.Resident
		if r, err = s.resident(c, a.ResidentID); err == nil {
			a.SiteID = r.SiteID
		}
	}
	if err != nil {
		return nil, err
	}
	scale, _, err := s.chooseScale(c.Request.Context(), a.SiteID, in.Scale)
	if err != nil {
		return nil, err
	}
	return care.NewAssessment(a, nil, scale, in.Filling, s.act(c))
}

// visible says whether whoever asks may see an assessment: people those of their sites, programs their own practice.
func visible(c *gin.Context, a *care.Assessment) bool {
	return scope(c).Has(a.SiteID) && (!byLocal(c) || (a.Practice && a.CreatedBy == care.Program))
}

// assessment returns an assessment that whoever asks may see. Others are as if they did not exist.
func (s *Server) assessment(c *gin.Context, id string) (*care.Assessment, error) {
	a, err := s.opt.Store.Assessment(c.Request.Context(), id)
	if err == nil && !visible(c, a) {
		err = edge(care.NotFound, "There is no such assessment.")
	}
	return a, err
}

func (s *Server) getAssessment(c *gin.Context) {
	a, err := s.assessment(c, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	writeAssessment(c, http.StatusOK, a)
}

// assessmentHistory answers with what an assessment was before each change.
func (s *Server) assessmentHistory(c *gin.Context) {
	_, err := s.assessment(c, c.Param("id"))
	var list []care.Assessment
	if err == nil {
		list, err = s.opt.Store.AssessmentHistory(c.Request.Context(), c.Param("id"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	shown := []*care.Assessment{}
	for i := range list {
		shown = append(shown, list[i].Shown())
	}
	c.JSON(http.StatusOK, gin.H{"versions": shown})
}

const (
	pageLength = 50
	maxPage    = 200
)

func (s *Server) listAssessments(c *gin.Context) {
	q, err := assessmentQuery(c)
	wanted := q.Limit
	q.Limit++ // to see whether there are more
	var list []care.Assessment
	if err == nil {
		list, err = s.opt.Store.Assessments(c.Request.Context(), q)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	next := ""
	if len(list) > wanted {
		list = list[:wanted]
		next = momentCursor(list[wanted-1].AssessedAt, list[wanted-1].ID)
	}
	shown := []care.Assessment{}
	for i := range list {
		if visible(c, &list[i]) {
			shown = append(shown, *list[i].Shown().WithoutTrace())
		}
	}
	s.listPage(c, "assessments", shown, next)
}

func assessmentQuery(c *gin.Context) (care.AssessmentQuery, error) {
	q := care.AssessmentQuery{Scope: scope(c), ResidentID: c.Query("resident_id"), Limit: pageLength, Practice: byLocal(c)}
	if p := c.Query("practice"); p != "" {
		b, err := strconv.ParseBool(p)
		if err != nil {
			return q, &care.Error{Code: care.Invalid, Field: "practice", Text: "practice must be true or false."}
		}
		q.Practice = b
	}
	if l := c.Query("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > maxPage {
			return q, &care.Error{Code: care.Invalid, Field: "limit", Text: "limit must be a number from 1 to 200."}
		}
		q.Limit = n
	}
	if b := c.Query("before"); b != "" {
		t, err := time.Parse(time.RFC3339, b)
		if err != nil {
			return q, &care.Error{Code: care.Invalid, Field: "before", Text: "before must be a time such as 2026-01-31T12:00:00Z."}
		}
		q.Before = t
	}
	if text := c.Query("cursor"); text != "" {
		var err error
		if q.Before, q.BeforeID, err = readMomentCursor(text); err != nil {
			return q, err
		}
	}
	return q, nil
}
