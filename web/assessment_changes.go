package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
)

// changeBody is what every change of an assessment can be sent with.
type changeBody struct {
	ID        string `json:"id"`         // of the change, so that the same request can be sent again
	SessionID string `json:"session_id"` // to observe
	Reason    string `json:"reason"`     // to amend or mark as entered in error
	care.Filling
}

// only refuses members that a kind of change does not know.
func (b *changeBody) only(session, reason, filling bool) error {
	for name, wrong := range map[string]bool{
		"session_id": b.SessionID != "" && !session, "reason": b.Reason != "" && !reason,
		"answers": !filling && (b.Answers != nil || b.PainType != nil || b.BodySites != nil || b.Remarks != nil || b.AssessedAt != nil),
	} {
		if wrong {
			return &care.Error{Code: codeMalformed, Field: name, Text: "There is no member " + name + " here: see the description of the interface."}
		}
	}
	return nil
}

// change reads a change of the assessment that the address names, makes it once and answers with the result.
func (s *Server) change(c *gin.Context, action string, do func(a *care.Assessment, scale *pain.Scale, in *changeBody) error, allowed func(*changeBody) error) {
	var in changeBody
	err := readJSON(c, &in)
	if err == nil {
		err = allowed(&in)
	}
	var mark string
	if err == nil {
		mark, err = fingerprint(c, action+" "+c.Param("id"), in)
	}
	var seen *care.Assessment
	if err == nil {
		seen, err = s.seenBefore(c, in.ID, c.Param("id"), mark)
	}
	if seen != nil {
		writeAssessment(c, http.StatusOK, seen)
		return
	}
	var version int
	if err == nil {
		version, err = ifMatch(c.GetHeader("If-Match"))
	}
	var a *care.Assessment
	if err == nil {
		a, err = s.assessment(c, c.Param("id"))
	}
	var scale *pain.Scale
	if err == nil {
		scale, err = s.scaleOf(c.Request.Context(), a)
	}
	if err == nil {
		ch := care.AssessmentChange{AssessmentID: a.ID, Version: version, ID: in.ID, Fingerprint: mark, Action: action}
		a, err = s.opt.Store.ChangeAssessment(c.Request.Context(), s.act(c), ch, func(a *care.Assessment) error { return do(a, scale, &in) })
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	writeAssessment(c, http.StatusOK, a)
}

func (s *Server) fillAssessment(c *gin.Context) {
	s.change(c, care.ActAssessFill, func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Fill(in.Filling, scale, s.act(c))
	}, func(in *changeBody) error { return in.only(false, false, true) })
}

// observeAssessment attaches what a session observed to a draft.
func (s *Server) observeAssessment(c *gin.Context) {
	var e *care.Evidence
	s.change(c, care.ActAssessSeen, func(a *care.Assessment, scale *pain.Scale, _ *changeBody) error {
		return a.Observe(e, scale, s.act(c))
	}, func(in *changeBody) error {
		if err := in.only(true, false, false); err != nil {
			return err
		}
		v, live, err := s.session(c, in.SessionID)
		if err != nil {
			return err
		}
		a, err := s.assessment(c, c.Param("id"))
		if err != nil {
			return err
		}
		scale, err := s.scaleOf(c.Request.Context(), a)
		if err != nil {
			return err
		}
		site, err := s.opt.Store.Instrument(c.Request.Context(), v.SiteID)
		if err != nil {
			return err
		}
		e, err = s.evidence(c, v, live, scale, site)
		return err
	})
}

func (s *Server) confirmAssessment(c *gin.Context) {
	s.change(c, care.ActAssessDone, func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Confirm(in.Filling, scale, s.act(c))
	}, func(in *changeBody) error { return in.only(false, false, true) })
}

func (s *Server) amendAssessment(c *gin.Context) {
	s.change(c, care.ActAssessAmend, func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Amend(in.Reason, in.Filling, scale, s.act(c))
	}, func(in *changeBody) error { return in.only(false, true, true) })
}

func (s *Server) markAssessmentWrong(c *gin.Context) {
	s.change(c, care.ActAssessWrong, func(a *care.Assessment, _ *pain.Scale, in *changeBody) error {
		return a.MarkWrong(in.Reason, s.act(c))
	}, func(in *changeBody) error { return in.only(false, true, false) })
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
