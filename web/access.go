package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
)

const actorKey, loginKey, clientKey = "actor", "login", "client"

// personHeader may name the person in whose name a request is meant. A tablet sends later what was entered without network,
// and on a ward somebody else may have signed in since.
const personHeader = "Wince-Person"

// clientToken returns what the client shows to be let in.
func clientToken(c *gin.Context) string {
	if scheme, t, ok := strings.Cut(c.GetHeader("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(t)
	}
	if k, err := c.Request.Cookie(cookieName); err == nil {
		return k.Value
	}
	return ""
}

// admitToken finds out who asks: a person who signed in, a connected program, or a program with the local token.
func (s *Server) admitToken(c *gin.Context, token string) error {
	refused := edge(codeSignIn, "You are not signed in, or were signed out after a while: sign in again.")
	if token == "" {
		return refused
	}
	if s.isLocal(token) {
		c.Set(actorKey, care.Program)
		return nil
	}
	ctx, now := c.Request.Context(), s.opt.Now()
	if !hasMark(token, apiKeyMark) && !hasMark(token, accessMark) {
		l, err := s.opt.Store.Login(ctx, hashToken(token), now, s.opt.Login)
		if err == nil {
			if p := c.GetHeader(personHeader); p != "" && p != l.User.ID {
				return edge(codeOtherPerson, "Somebody else is signed in here now: whoever entered this has to sign in to send it.")
			}
			c.Set(actorKey, l.User.Actor())
			c.Set(loginKey, l)
			return nil
		}
		if !isCode(err, care.NotFound) {
			return err
		}
	}
	a, err := s.clientOf(ctx, token)
	if isCode(err, care.NotFound) {
		return refused
	}
	if err != nil {
		return err
	}
	c.Set(actorKey, a.Client.Actor())
	c.Set(clientKey, a)
	return nil
}

// clientOf returns the connected program that an API key or an access token lets in, or an error of code care.NotFound.
func (s *Server) clientOf(ctx context.Context, token string) (*care.ClientAccess, error) {
	if hasMark(token, apiKeyMark) {
		return s.opt.Store.ClientByKey(ctx, hashToken(token), s.opt.Now())
	}
	return s.opt.Store.ClientByToken(ctx, hashToken(token), s.opt.Now())
}

func (s *Server) isLocal(token string) bool {
	return s.opt.LocalToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.opt.LocalToken)) == 1
}

// stillIn says whether a sign-in that lasts has not ended meanwhile. Asking is no use of it.
func (s *Server) stillIn(ctx context.Context, token string) bool {
	if s.isLocal(token) || s.opt.Store.StillIn(ctx, hashToken(token), s.opt.Now(), s.opt.Login) == nil {
		return true
	}
	_, err := s.clientOf(ctx, token)
	return err == nil
}

// isCode says whether an error is one of package care with a code.
func isCode(err error, code care.Code) bool {
	var e *care.Error
	return errors.As(err, &e) && e.Code == code
}

// login returns the sign-in of the person who asks, nil for a program.
func login(c *gin.Context) *care.Login {
	v, _ := c.Get(loginKey)
	l, _ := v.(*care.Login)
	return l
}

// client returns the connected program that asks, nil for a person and for the local token.
func client(c *gin.Context) *care.ClientAccess {
	v, _ := c.Get(clientKey)
	a, _ := v.(*care.ClientAccess)
	return a
}

// byLocal says whether a program with the local token asks: it practises, and sees nobody's records.
func byLocal(c *gin.Context) bool { return actor(c) == care.Program }

// user returns the person who is signed in, nil for a program.
func user(c *gin.Context) *care.User {
	if l := login(c); l != nil {
		return &l.User
	}
	return nil
}

// scope returns the sites whose records whoever asks may see. Programs with the local token practise in the default site.
func scope(c *gin.Context) care.Scope {
	if u := user(c); u != nil {
		return u.Scope()
	}
	if a := client(c); a != nil {
		return a.Client.Scope()
	}
	return care.Scope{Sites: []string{care.DefaultSite}}
}

func actor(c *gin.Context) care.Actor {
	v, _ := c.Get(actorKey)
	a, _ := v.(care.Actor)
	return a
}

// act says who makes this request and when.
func (s *Server) act(c *gin.Context) care.Act {
	return care.Act{By: actor(c), At: s.opt.Now(), Request: requestID(c)}
}

// cookieName and deviceCookie have the prefix that makes browsers insist on Secure, Path=/ and no Domain.
const (
	cookieName   = "__Host-wince"
	deviceCookie = "__Host-wince-device"
)

// setCookie keeps a secret in the browser for some seconds; a negative number takes it away.
func setCookie(c *gin.Context, name, value string, seconds int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
