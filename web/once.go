package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"wince/care"
)

// onceStore keeps which requests with a key were done, and what was answered.
type onceStore interface {
	BeginOnce(ctx context.Context, o *care.Once, now time.Time) (known *care.Once, err error)
	EndOnce(ctx context.Context, o *care.Once, residentID string) error
}

const (
	keyHeader    = "Idempotency-Key" // draft-ietf-httpapi-idempotency-key-header-07
	replayHeader = "Idempotency-Replayed"
	maxKey       = 255
)

// keptAnswer is an answer as it is given again.
type keptAnswer struct {
	ETag     string `json:"etag,omitempty"`
	Location string `json:"location,omitempty"`
	Type     string `json:"type,omitempty"`
	Body     string `json:"body,omitempty"`
}

// once does a request that has a key once: the same request again is answered as before, for a day. What makes a record gets an id
// from the key where it has none, so that a request that was broken off between its change and its answer makes no second record.
func (s *Server) once(c *gin.Context) {
	r, key := routeOf(c), strings.Trim(strings.TrimSpace(c.GetHeader(keyHeader)), `"`)
	if key == "" || r == nil || c.IsAborted() {
		return
	}
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		s.fail(c, &care.Error{Code: codeMalformed, Field: keyHeader, Text: "The Idempotency-Key must be 1 to 255 letters, digits and signs without spaces, such as a UUID."})
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, now := c.Request.Context(), s.opt.Now()
	o := &care.Once{ID: hashTexts(actor(c).ID, key), BegunAt: care.Stamp(now),
		Fingerprint: hashTexts(r.method, c.Request.URL.RequestURI(), c.GetHeader("If-Match"), string(body))}
	known, err := s.opt.Store.BeginOnce(ctx, o, now)
	if err != nil {
		s.fail(c, err)
		return
	}
	if known != nil {
		s.again(c, o, known)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(withID(r, body, o)))
	w := &recordingWriter{ResponseWriter: c.Writer}
	c.Writer = w
	defer func() {
		// Also where the client is gone: the answer is for its next try. After a panic nothing is known, and nothing is kept.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		s.keepAnswer(ctx, c, r, o, w)
	}()
	c.Next()
}

// again answers a request that has come before.
func (s *Server) again(c *gin.Context, o, known *care.Once) {
	switch {
	case known.Fingerprint != o.Fingerprint:
		s.fail(c, &care.Error{Code: codeKeyReused, Field: keyHeader, Text: "Another request was sent with this Idempotency-Key: give each request a key of its own."})
		return
	case known.Status == 0:
		s.fail(c, &retryError{edge(codeKeyBusy, "The same request is being done just now: wait a little, then send it again."), time.Second})
		return
	case known.Answer == "":
		s.fail(c, edge(codeKeySpent, "This request was done before, and its answer is not kept because it held a secret or somebody's particulars: read the record instead."))
		return
	}
	var kept keptAnswer
	if err := json.Unmarshal([]byte(known.Answer), &kept); err != nil {
		s.fail(c, fmt.Errorf("read a kept answer: %w", err))
		return
	}
	for name, v := range map[string]string{"ETag": kept.ETag, "Location": kept.Location} {
		if v != "" {
			c.Header(name, v)
		}
	}
	c.Header(replayHeader, "true")
	if kept.Body == "" {
		c.Status(known.Status)
	} else {
		c.Data(known.Status, kept.Type, []byte(kept.Body))
	}
	c.Abort()
}

// keepAnswer keeps the answer of a request that succeeded and forgets one that failed, which may be tried again. Answers that show a
// secret once are not kept, only that they were given.
func (s *Server) keepAnswer(ctx context.Context, c *gin.Context, r *route, o *care.Once, w *recordingWriter) {
	resident := ""
	if status := w.Status(); status < 300 {
		o.Status = status
		h := w.Header()
		var about struct {
			ResidentID string `json:"resident_id"`
		}
		if json.Unmarshal(w.body.Bytes(), &about) == nil {
			resident = about.ResidentID
		}
		if strings.HasPrefix(r.path, "/residents") {
			resident = c.Param("id")
			if resident == "" {
				resident = h.Get("Location")[strings.LastIndex(h.Get("Location"), "/")+1:]
			}
		}
		if !r.doc.secret {
			b, err := json.Marshal(keptAnswer{h.Get("ETag"), h.Get("Location"), h.Get("Content-Type"), w.body.String()})
			if err == nil {
				o.Answer = string(b)
			}
		}
	}
	if err := s.opt.Store.EndOnce(ctx, o, resident); err != nil {
		s.log.ErrorContext(ctx, "keep the answer to a request with a key", "request", requestID(c), "error", err)
	}
}

// withID gives a new record an id that follows from the request's key and first time, where the client gave none.
func withID(r *route, body []byte, o *care.Once) []byte {
	t := reflect.TypeOf(r.doc.takes)
	if t == nil || t.Kind() != reflect.Struct {
		return body
	}
	if f, ok := t.FieldByName("ID"); !ok || f.Tag.Get("json") != "id" {
		return body
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return body // the handler says what is wrong with it
	}
	if id, ok := members["id"]; ok && string(id) != "null" && string(id) != `""` {
		return body
	}
	members["id"] = json.RawMessage(`"` + idOf(o) + `"`)
	out, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return out
}

// idOf is a UUID of version 7 (RFC 9562, section 5.7) whose random part is that of the key's hash.
func idOf(o *care.Once) string {
	var id uuid.UUID
	sum := sha256.Sum256([]byte(o.ID))
	copy(id[:], sum[:])
	ms := o.BegunAt.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id.String()
}

func hashTexts(texts ...string) string {
	sum := sha256.Sum256([]byte(care.Netstrings(texts...)))
	return hex.EncodeToString(sum[:])
}

// recordingWriter remembers the body that it writes.
type recordingWriter struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (w *recordingWriter) Write(b []byte) (int, error) {
	w.body.Write(b)
	return w.ResponseWriter.Write(b)
}

// takesKey says whether a route looks at the Idempotency-Key.
func (r *route) takesKey() bool {
	_, raw := r.doc.takes.(media)
	return r.method == http.MethodPost && r.may != care.Public && !raw && r.path != "/logout"
}
