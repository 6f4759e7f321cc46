package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

var errPage = &care.Error{Code: care.Invalid, Field: "cursor", Text: "The cursor must be one that the server gave as next: leave it out to begin at the beginning."}

// cut leaves one page of a list of records with ids, in the order in which they were made, where the request asks for pages. It returns
// the cursor of the page after it, empty where there is none. A record that is added meanwhile comes at the end, and one that goes is
// no hole: no other is missed or comes twice.
func cut(c *gin.Context, list any) (any, string, error) {
	if c.Query("limit") == "" && c.Query("cursor") == "" {
		return list, "", nil
	}
	limit, err := numberQuery(c, "limit", pageLength, 1, maxPage)
	if err != nil {
		return nil, "", err
	}
	after := ""
	if text := c.Query("cursor"); text != "" {
		b, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || !care.ValidID(string(b)) {
			return nil, "", errPage
		}
		after = string(b)
	}
	v := reflect.ValueOf(list)
	type item struct {
		id string
		v  reflect.Value
	}
	var items []item
	for i := range v.Len() {
		id := v.Index(i).FieldByName("ID").String()
		if id > after {
			items = append(items, item{id, v.Index(i)})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.id, b.id) })
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(items[limit-1].id))
	}
	page := reflect.MakeSlice(v.Type(), 0, len(items))
	for _, x := range items {
		page = reflect.Append(page, x.v)
	}
	return page.Interface(), next, nil
}

// listPage ends a request with one page under a name: next, and a Link (RFC 8288) to the page after it where there is one.
func (s *Server) listPage(c *gin.Context, name string, v any, next string) {
	out := gin.H{name: v}
	if next != "" {
		out["next"] = next
		q := c.Request.URL.Query()
		q.Set("cursor", next)
		c.Header("Link", "<"+(&url.URL{Path: c.Request.URL.Path, RawQuery: q.Encode()}).String()+`>; rel="next"`)
	}
	c.JSON(http.StatusOK, out)
}

// momentCursor is a place in a list that is ordered by time, the newest first, and then by id.
func momentCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMilli(), 10) + " " + id))
}

// readMomentCursor reads what momentCursor wrote.
func readMomentCursor(text string) (time.Time, string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	ms, id, ok := strings.Cut(string(b), " ")
	n, numErr := strconv.ParseInt(ms, 10, 64)
	if err != nil || !ok || numErr != nil || n < 0 || n > 1<<52 || !care.ValidID(id) {
		return time.Time{}, "", errPage
	}
	return time.UnixMilli(n).UTC(), id, nil
}
