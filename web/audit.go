package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type auditStore interface {
	Seen(ctx context.Context, act care.Act, e care.AuditEvent) error
	Audit(ctx context.Context, q care.AuditQuery) ([]care.AuditEvent, error)
	VerifyAudit(ctx context.Context) (care.AuditCheck, error)
	EraseResident(ctx context.Context, act care.Act, id string, version int) error
}

// recordRead records, before the handler runs, that somebody asks to see residents or what is known of them: what cannot be recorded
// is not shown. The router puts it before every reading address, so that no handler can forget it. It records people and connected
// programs; programs with the local token see practice only, which is nobody's.
func (s *Server) recordRead(r route) gin.HandlerFunc {
	entity, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/"), "/")
	entity = strings.TrimSuffix(entity, "s")
	return func(c *gin.Context) {
		if r.method != http.MethodGet || !r.may.Shows() || byLocal(c) {
			return
		}
		e := care.AuditEvent{Action: string(r.may), Entity: entity, EntityID: c.Param("id")}
		if id := c.Query("resident_id"); id != "" {
			e.Entity, e.EntityID = "resident", id
		}
		if !care.ValidID(e.EntityID) { // a list; or words of the client's, which are not kept
			e.EntityID = ""
		}
		detail, err := json.Marshal(map[string]string{"address": r.path})
		if err == nil {
			e.Detail = detail
			err = s.opt.Store.Seen(c.Request.Context(), s.act(c), e)
		}
		if err != nil {
			s.fail(c, err)
		}
	}
}

// auditPart is a part of the trail.
type auditPart struct {
	Events []care.AuditEvent `json:"events"` // oldest first
	Next   int64             `json:"next"`   // as after, it gives what follows
}

// listAudit answers with a part of the trail; next is where the one after it begins.
func (s *Server) listAudit(c *gin.Context) {
	q := care.AuditQuery{EntityID: c.Query("entity_id"), Limit: maxPage}
	for _, n := range []struct {
		name     string
		from, to int64
		into     func(int64)
	}{
		{"after", 0, 1 << 53, func(n int64) { q.After = n }},
		{"limit", 1, maxPage, func(n int64) { q.Limit = int(n) }},
	} {
		text := c.Query(n.name)
		if text == "" {
			continue
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < n.from || v > n.to {
			s.fail(c, &care.Error{Code: care.Invalid, Field: n.name, Text: n.name + " must be a number from " + strconv.FormatInt(n.from, 10) + " to " + strconv.FormatInt(n.to, 10) + "."})
			return
		}
		n.into(v)
	}
	list, err := s.opt.Store.Audit(c.Request.Context(), q)
	if err != nil {
		s.fail(c, err)
		return
	}
	next := q.After
	if len(list) > 0 {
		next = list[len(list)-1].Seq
	}
	c.JSON(http.StatusOK, auditPart{list, next})
}

func (s *Server) verifyAudit(c *gin.Context) {
	check, err := s.opt.Store.VerifyAudit(c.Request.Context())
	if err == nil {
		err = s.opt.Store.RecordVerification(c.Request.Context(), s.opt.Now(), check)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, check)
}

// eraseResident removes a resident's identity for good. If-Match makes sure that it is the one that was looked at.
func (s *Server) eraseResident(c *gin.Context) {
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		_, err = s.resident(c, c.Param("id"))
	}
	if err == nil {
		err = s.opt.Store.EraseResident(c.Request.Context(), s.act(c), c.Param("id"), version)
	}
	if err == nil {
		err = s.stopFilming(c, c.Param("id"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
