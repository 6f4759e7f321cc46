package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/stream"
)

type assessmentStore interface {
	AddAssessment(ctx context.Context, act care.Act, a *care.Assessment) error
	ConfirmAssessment(ctx context.Context, act care.Act, id string, version int, remarks *string) (*care.Assessment, error)
	Assessment(ctx context.Context, id string) (*care.Assessment, error)
	Assessments(ctx context.Context, q care.AssessmentQuery) ([]care.Assessment, error)
}

// writeAssessment answers with an assessment and its entity tag, which confirming asks for.
func writeAssessment(c *gin.Context, status int, a *care.Assessment) {
	tag(c, a.Version)
	c.JSON(status, a)
}

// tag sets the entity tag of a record.
func tag(c *gin.Context, version int) { c.Header("ETag", `"`+strconv.Itoa(version)+`"`) }

func (s *Server) addAssessment(c *gin.Context) {
	var in struct {
		ID        string `json:"id"`
		SessionID string `json:"session_id"`
		Remarks   string `json:"remarks"`
	}
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	v, live, err := s.session(c, in.SessionID)
	if err != nil {
		s.fail(c, err)
		return
	}
	if in.ID != "" {
		if a, err := s.opt.Store.Assessment(c.Request.Context(), in.ID); err == nil && a.SessionID == v.ID {
			writeAssessment(c, http.StatusOK, a) // the same request again, after an answer that got lost
			return
		}
	}
	a, err := s.assess(c, in.ID, in.Remarks, v, live)
	if err == nil {
		err = s.opt.Store.AddAssessment(c.Request.Context(), s.act(c), a)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/assessments/"+a.ID)
	writeAssessment(c, http.StatusCreated, a)
}

// assess makes the preliminary assessment of what a session observed last.
func (s *Server) assess(c *gin.Context, id, remarks string, v *care.Session, live LiveSession) (*care.Assessment, error) {
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
	observation, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write observation: %w", err)
	}
	return care.NewAssessment(id, v, observation, care.ProposeFace(&o), remarks, s.act(c))
}

// visible says whether whoever asks may see an assessment: people those of their sites, programs their own practice.
func visible(c *gin.Context, a *care.Assessment) bool {
	return scope(c).Has(a.SiteID) && (user(c) != nil || (a.Practice && a.CreatedBy == care.Program))
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

const (
	pageLength = 50
	maxPage    = 200
)

func (s *Server) listAssessments(c *gin.Context) {
	q, err := assessmentQuery(c)
	var list []care.Assessment
	if err == nil {
		list, err = s.opt.Store.Assessments(c.Request.Context(), q)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	shown := []care.Assessment{}
	for i := range list {
		if visible(c, &list[i]) {
			shown = append(shown, list[i])
		}
	}
	c.JSON(http.StatusOK, gin.H{"assessments": shown})
}

func assessmentQuery(c *gin.Context) (care.AssessmentQuery, error) {
	q := care.AssessmentQuery{Scope: scope(c), ResidentID: c.Query("resident_id"), Limit: pageLength, Practice: user(c) == nil}
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
	return q, nil
}

func (s *Server) confirmAssessment(c *gin.Context) {
	var in struct {
		Remarks *string `json:"remarks"` // replaces the remarks where given
	}
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err != nil {
		s.fail(c, err)
		return
	}
	if _, err := s.assessment(c, c.Param("id")); err != nil {
		s.fail(c, err)
		return
	}
	a, err := s.opt.Store.ConfirmAssessment(c.Request.Context(), s.act(c), c.Param("id"), version, in.Remarks)
	if err != nil {
		s.fail(c, err)
		return
	}
	writeAssessment(c, http.StatusOK, a)
}

// ifMatch reads the one entity tag that a change asks for: nobody confirms or changes what they have not seen.
func ifMatch(h string) (int, error) {
	if h == "" {
		return 0, edge(codeIfMatch, "Read the record first and send its ETag as If-Match, so that you change what you saw.")
	}
	tag := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(h), `"`), `"`)
	n, err := strconv.Atoi(tag)
	if err != nil || len(tag)+2 != len(strings.TrimSpace(h)) {
		// A tag that we never gave cannot match.
		return 0, errors.Join(edge(care.Stale, "This is not the record's present ETag: read it again."), err)
	}
	return n, nil
}
