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

// assessmentChange is one kind of change.
type assessmentChange struct {
	action                   string // for the audit row
	session, reason, filling bool   // members that it knows
	// prepare, where there is one, gathers what do needs; it may read. Do changes the record by its rules.
	prepare func(a *care.Assessment, scale *pain.Scale, in *changeBody) error
	do      func(a *care.Assessment, scale *pain.Scale, in *changeBody) error
}

// knows refuses members that a kind of change does not know.
func (k *assessmentChange) knows(b *changeBody) error {
	for _, m := range []struct {
		name  string
		wrong bool
	}{
		{"session_id", b.SessionID != "" && !k.session}, {"reason", b.Reason != "" && !k.reason},
		{"answers", b.Answers != nil && !k.filling}, {"pain_type", b.PainType != nil && !k.filling}, {"body_sites", b.BodySites != nil && !k.filling},
		{"remarks", b.Remarks != nil && !k.filling}, {"assessed_at", b.AssessedAt != nil && !k.filling},
	} {
		if m.wrong {
			return &care.Error{Code: codeMalformed, Field: m.name, Text: "There is no member " + m.name + " here: see the description of the interface."}
		}
	}
	return nil
}

// change reads a change of the assessment that the address names, makes it once and answers with the result.
func (s *Server) change(c *gin.Context, k assessmentChange) {
	var in changeBody
	err := readJSON(c, &in)
	if err == nil {
		err = k.knows(&in)
	}
	var a *care.Assessment
	if err == nil {
		a, err = s.changed(c, &k, &in)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	writeAssessment(c, http.StatusOK, a)
}

// changed makes a change, or finds the assessment that it was made to before.
func (s *Server) changed(c *gin.Context, k *assessmentChange, in *changeBody) (*care.Assessment, error) {
	ctx := c.Request.Context()
	mark, err := fingerprint(c, k.action+" "+c.Param("id"), in)
	if err != nil {
		return nil, err
	}
	if seen, err := s.seenBefore(c, in.ID, c.Param("id"), mark); err != nil || seen != nil {
		return seen, err
	}
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err != nil {
		return nil, err
	}
	a, err := s.assessment(c, c.Param("id"))
	if err != nil {
		return nil, err
	}
	scale, err := s.scaleOf(ctx, a)
	if err != nil {
		return nil, err
	}
	if k.prepare != nil {
		if err := k.prepare(a, scale, in); err != nil {
			return nil, err
		}
	}
	ch := care.AssessmentChange{AssessmentID: a.ID, Version: version, ID: in.ID, Fingerprint: mark, Action: k.action}
	return s.opt.Store.ChangeAssessment(ctx, s.act(c), ch, func(a *care.Assessment) error { return k.do(a, scale, in) })
}

func (s *Server) fillAssessment(c *gin.Context) {
	s.change(c, assessmentChange{action: care.ActAssessFill, filling: true, do: func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Fill(in.Filling, scale, s.act(c))
	}})
}

// observeAssessment attaches what a session observed to a draft.
func (s *Server) observeAssessment(c *gin.Context) {
	var e *care.Evidence
	s.change(c, assessmentChange{
		action: care.ActAssessSeen, session: true,
		prepare: func(_ *care.Assessment, scale *pain.Scale, in *changeBody) error {
			v, live, err := s.session(c, in.SessionID)
			if err != nil {
				return err
			}
			site, err := s.opt.Store.Instrument(c.Request.Context(), v.SiteID)
			if err != nil {
				return err
			}
			e, err = s.evidence(c, v, live, scale, site)
			return err
		},
		do: func(a *care.Assessment, scale *pain.Scale, _ *changeBody) error { return a.Observe(e, scale, s.act(c)) },
	})
}

func (s *Server) confirmAssessment(c *gin.Context) {
	s.change(c, assessmentChange{action: care.ActAssessDone, filling: true, do: func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Confirm(in.Filling, scale, s.act(c))
	}})
}

func (s *Server) amendAssessment(c *gin.Context) {
	s.change(c, assessmentChange{action: care.ActAssessAmend, reason: true, filling: true, do: func(a *care.Assessment, scale *pain.Scale, in *changeBody) error {
		return a.Amend(in.Reason, in.Filling, scale, s.act(c))
	}})
}

func (s *Server) markAssessmentWrong(c *gin.Context) {
	s.change(c, assessmentChange{action: care.ActAssessWrong, reason: true, do: func(a *care.Assessment, _ *pain.Scale, in *changeBody) error {
		return a.MarkWrong(in.Reason, s.act(c))
	}})
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
