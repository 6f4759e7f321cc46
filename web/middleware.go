package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"wince/care"
)

// Largest request bodies in bytes.
const (
	maxJSON  = 1 << 20
	maxOffer = 64 << 10
)

const requestKey = "request"

// A request whose client left before it had an answer did not fail: logs, metrics and traces tell it by nginx's number.
const (
	leftKey    = "left"
	statusLeft = 499
)

func requestID(c *gin.Context) string { return c.GetString(requestKey) }

// identify gives the request an id, which answers, logs and the trail carry: the client's, where it sends a UUID, so that both sides'
// logs can be laid side by side. Other words of a client's are not kept: they might name somebody.
func (s *Server) identify(c *gin.Context) {
	id := care.NewID()
	if theirs, err := uuid.Parse(c.GetHeader("X-Request-Id")); err == nil {
		id = theirs.String()
	}
	c.Set(requestKey, id)
	c.Header("X-Request-Id", id)
}

// contentPolicy lets the page load what it brought along and nothing else. Video goes over WebRTC, which no directive limits.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protect sets the headers that keep browsers strict and refuses what another site's page makes a browser send.
func (s *Server) protect(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !s.opt.SelfSigned {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	// The cookie is SameSite=Strict; Sec-Fetch-Site and Origin are the second lock.
	if err := new(http.CrossOriginProtection).Check(c.Request); err != nil {
		s.fail(c, edge(codeCrossSite, "This request came from another web site: open Wince itself and try there."))
	}
}

// record writes one line a request: no names, no addresses, no ids of residents.
func (s *Server) record(c *gin.Context) {
	begun := time.Now()
	ctx, span := s.opt.Tracer.Start(propagation.TraceContext{}.Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header)), methodName(c.Request.Method)+" "+c.FullPath(), trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	status := c.Writer.Status()
	if c.GetBool(leftKey) {
		status = statusLeft
	}
	span.SetAttributes(attribute.String("http.route", c.FullPath()), attribute.Int("http.response.status_code", status), attribute.String("wince.request", requestID(c)))
	route := c.FullPath()
	if route == "" {
		route = "unknown"
	}
	if err := c.Errors.Last(); err != nil {
		s.log.InfoContext(c.Request.Context(), "answer not taken", "request", requestID(c), "route", route, "error", err.Err)
	}
	took := time.Since(begun)
	if s.opt.Observe != nil {
		s.opt.Observe(route, methodName(c.Request.Method), status, took)
	}
	s.log.LogAttrs(c.Request.Context(), slog.LevelDebug, "request", slog.String("request", requestID(c)), slog.String("method", c.Request.Method),
		slog.String("route", route), slog.Int("status", status), slog.Duration("took", took))
}

// methodName returns a request's method where it is one of HTTP's: others are anybody's words.
func methodName(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// recover turns a panic into a problem and a log line.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			s.log.ErrorContext(c.Request.Context(), "panic in a handler", "request", requestID(c), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			s.fail(c, edge(codeInternal, internalErrorDetail))
		}
	}()
	c.Next()
}

// limit bounds what a request may send.
func (s *Server) limit(c *gin.Context) {
	c.Set(bodyKey, c.Request.Body)
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxJSON)
}

const bodyKey = "body"

// wholeBody returns the request's body without the limit, for who sets another.
func wholeBody(c *gin.Context) io.ReadCloser {
	v, _ := c.Get(bodyKey)
	if b, ok := v.(io.ReadCloser); ok {
		return b
	}
	return c.Request.Body
}

func noStore(c *gin.Context) { c.Header("Cache-Control", "no-store") }

// mediaType refuses a body that does not say it is of the wanted type.
func mediaType(c *gin.Context, want string) error {
	got, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || got != want {
		return edge(codeMediaType, "Send this with Content-Type: "+want+".")
	}
	return nil
}

// readJSON reads exactly one JSON object into v and refuses members that v does not have: a misspelt member must not be
// taken for an absent one.
func readJSON(c *gin.Context, v any) error {
	if err := described(c, v); err != nil {
		return err
	}
	if err := mediaType(c, "application/json"); err != nil {
		return err
	}
	d := json.NewDecoder(c.Request.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.Join(errors.New("more than one value"), err)
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case errors.As(err, &wrongType) && wrongType.Field != "": // else the whole is no object
		field := member(wrongType.Field)
		return &care.Error{Code: codeMalformed, Field: field, Text: "The member " + field + " has the wrong type: see the description of the interface."}
	}
	if name, ok := unknownField(err); ok {
		return &care.Error{Code: codeMalformed, Field: name, Text: "There is no member " + name + " here: see the description of the interface."}
	}
	return &care.Error{Code: codeMalformed, Err: err, Text: "The request is not one JSON object: see the description of the interface."}
}

// member leaves the names of embedded Go types out of a member's path: they begin with a capital, which no member does.
func member(path string) string {
	parts := slices.DeleteFunc(strings.Split(path, "."), func(p string) bool { return p != "" && p[0] >= 'A' && p[0] <= 'Z' })
	return strings.Join(parts, ".")
}

// unknownField finds the member's name in the error that encoding/json has no type for.
func unknownField(err error) (string, bool) {
	var name string
	if n, scanErr := fmt.Sscanf(err.Error(), "json: unknown field %q", &name); n == 1 && scanErr == nil {
		if len(name) > 40 {
			name = name[:40]
		}
		return name, true
	}
	return "", false
}
