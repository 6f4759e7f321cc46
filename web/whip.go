package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/stream"
)

// Media types of WHIP: whole descriptions, and fragments (RFC 8840).
const (
	sdp     = "application/sdp"
	sdpFrag = "application/trickle-ice-sdpfrag"
)

// publish is the WHIP endpoint (RFC 9725, section 4): an offer in, 201 with the answer and the connection's address out.
func (s *Server) publish(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	c.Header("Accept-Post", sdp)
	if err := mediaType(c, sdp); err != nil {
		s.fail(c, err)
		return
	}
	if err := s.mayStillFilm(c); err != nil {
		s.fail(c, err)
		return
	}
	offer, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxOffer))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = stream.ErrOfferTooLarge
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			err = &care.Error{Code: codeMalformed, Err: err, Text: "The offer broke off: send it again."}
		}
		s.fail(c, err)
		return
	}
	answer, peer, err := live.Publish(c.Request.Context(), string(offer))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("ETag", strconv.Quote(live.ICE(peer)))
	c.Header("Accept-Patch", sdpFrag)
	s.linkServers(c)
	c.Header("Location", "/api/v1/sessions/"+c.Param("id")+"/whip/"+peer)
	c.Data(http.StatusCreated, sdp, []byte(answer))
}

func (s *Server) publishOptions(c *gin.Context) {
	c.Header("Accept-Post", sdp)
	c.Header("Allow", "OPTIONS, POST")
	s.linkServers(c)
	c.Status(http.StatusNoContent)
}

func (s *Server) unpublish(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	if err := live.Unpublish(c.Param("peer")); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusOK)
}

// linkServers names the servers that help a tablet to reach this one (RFC 9725, section 4.6).
func (s *Server) linkServers(c *gin.Context) {
	if s.opt.ICEServers == nil {
		return
	}
	for _, l := range s.opt.ICEServers() {
		c.Writer.Header().Add("Link", l.link())
	}
}

// ICEServer is a STUN or TURN server, with credentials where it wants some.
type ICEServer struct {
	URL                  string
	Username, Credential string
}

func (l *ICEServer) link() string {
	out := "<" + l.URL + `>; rel="ice-server"`
	if l.Username != "" {
		out += "; username=" + strconv.Quote(l.Username) + "; credential=" + strconv.Quote(l.Credential) + `; credential-type="password"`
	}
	return out
}

// patchPublished changes a connection (RFC 9725, section 4.3): further candidates of the tablet, or a restart, which looks for a way
// between the two anew where the tablet has moved to another network.
func (s *Server) patchPublished(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	c.Header("Accept-Patch", sdpFrag)
	if err := mediaType(c, sdpFrag); err != nil {
		s.fail(c, err)
		return
	}
	tag := c.GetHeader("If-Match")
	if tag == "" {
		s.fail(c, edge(codeIfMatch, `Send If-Match with the ETag of the connection, or with "*" to begin a restart.`))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxOffer))
	if err == nil {
		err = s.mayStillFilm(c)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	answer, now, err := live.Patch(c.Request.Context(), c.Param("peer"), strings.Trim(tag, `"`), string(body))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("ETag", strconv.Quote(now))
	if answer == "" {
		c.Status(http.StatusNoContent)
		return
	}
	s.linkServers(c)
	c.Data(http.StatusOK, sdpFrag, []byte(answer))
}
