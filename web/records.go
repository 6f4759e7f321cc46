package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// answer ends a request with a record and its entity tag, or with a problem.
func (s *Server) answer(c *gin.Context, status int, version int, v any, err error) {
	if err != nil {
		s.fail(c, err)
		return
	}
	tag(c, version)
	c.JSON(status, v)
}

// list ends a request with records under a name, or with a problem.
func (s *Server) list(c *gin.Context, name string, v any, err error) {
	if err != nil {
		s.fail(c, err)
		return
	}
	next := ""
	if r := routeOf(c); r != nil && r.doc.paged {
		if v, next, err = cut(c, v); err != nil {
			s.fail(c, err)
			return
		}
	}
	s.listPage(c, name, v, next)
}

// addOnce keeps a new record that may have a client's id. Where the id is taken, again reads the record that has it, and like
// copies into the new record what the server or its clock set in that one: if they are the same then, the request came
// twice, after an answer that got lost, and is answered with what was kept the first time.
func addOnce[T any](v *T, keep func() error, again func() (*T, error), like func(old *T)) (*T, int, error) {
	err := keep()
	if !isCode(err, care.Conflict) {
		return v, http.StatusCreated, err
	}
	old, readErr := again()
	if readErr != nil {
		return nil, 0, err
	}
	like(old)
	a, errA := json.Marshal(v)
	b, errB := json.Marshal(old)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		return nil, 0, &care.Error{Code: care.Conflict, Field: "id", Text: "Another record has this id: send the same again, or make a new id."}
	}
	return old, http.StatusOK, nil
}

// once is a time that a request may leave out: where it did, the one that was kept the first time holds.
func once(given time.Time, v, old *time.Time) {
	if given.IsZero() {
		*v = *old
	}
}

// timeQuery reads a time of the query, such as 2026-01-31T12:00:00Z.
func timeQuery(c *gin.Context, name string, preset time.Time) (time.Time, error) {
	text := c.Query(name)
	if text == "" {
		return preset, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, &care.Error{Code: care.Invalid, Field: name, Text: name + " must be a time such as 2026-01-31T12:00:00Z."}
	}
	return t, nil
}

// numberQuery reads a whole number of the query from low to high.
func numberQuery(c *gin.Context, name string, preset, low, high int) (int, error) {
	text := c.Query(name)
	if text == "" {
		return preset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, &care.Error{Code: care.Invalid, Field: name, Text: name + " must be a number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high) + "."}
	}
	return n, nil
}
