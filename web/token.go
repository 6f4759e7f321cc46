package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// tokenStore keeps what connected programs are let in with.
type tokenStore interface {
	GrantToken(ctx context.Context, act care.Act, t care.ClientToken) error
	ClientRefused(ctx context.Context, act care.Act, clientID, why string) error
	ClientByToken(ctx context.Context, tokenHash string, now time.Time) (*care.ClientAccess, error)
	ClientByKey(ctx context.Context, secretHash string, now time.Time) (*care.ClientAccess, error)
}

const (
	tokenPath     = "/oauth/token"
	maxTokenBody  = 16 << 10
	maxAssertion  = 8 << 10
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523, section 2.2
	// Failures that are free: programs send many requests at once, and several share one address.
	freeByClient = 20
)

// tokenURL is the token endpoint's address, which assertions are made out to; "" where nobody has said what tablets and programs
// call this server. A request's Host header is no witness: an assertion for another server would be taken with it.
func (s *Server) tokenURL() string {
	if s.opt.Origin == "" {
		return ""
	}
	return s.opt.Origin + tokenPath
}

// oauthError is a failure as RFC 6749, section 5.2, writes it. Why is a word for the log and the trail.
type oauthError struct {
	code, text, why string
	client          string // its id, where the client is known
}

func (e *oauthError) Error() string { return e.code + ": " + e.text }

func badRequest(why, text string) error {
	return &oauthError{code: "invalid_request", text: text, why: why}
}

// smartConfiguration says what this server can (SMART App Launch 2.2, section "Discovery").
func (s *Server) smartConfiguration(c *gin.Context) {
	if s.tokenURL() == "" {
		s.fail(c, edge(codeNoSMART, "Programs cannot sign in with keys here: whoever runs the server must set its origin first."))
		return
	}
	algorithms := make([]string, len(assertionAlgorithms))
	for i, a := range assertionAlgorithms {
		algorithms[i] = string(a)
	}
	c.JSON(http.StatusOK, gin.H{
		"token_endpoint":                                   s.tokenURL(),
		"token_endpoint_auth_methods_supported":            []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": algorithms,
		"grant_types_supported":                            []string{"client_credentials"},
		"scopes_supported":                                 []string{"system/*.rs", "system/*.cruds", "system/Patient.rs", "system/Patient.cruds", "system/Observation.rs", "system/Subscription.crds"},
		"capabilities":                                     []string{"client-confidential-asymmetric", "permission-v2"},
	})
}

// token answers a connected program that signed an assertion with an access token (RFC 6749, section 4.4; RFC 7523; SMART App Launch
// 2.2, "Backend Services").
func (s *Server) token(c *gin.Context) {
	here := "token " + address(c)
	if wait := s.tries.begin(here, freeByAddress); wait > 0 {
		s.refuseToken(c, &retryError{&oauthError{code: "slow_down", text: "Too many attempts: wait a little, then try again.", why: "locked_out"}, wait})
		return
	}
	granted, secret, err := s.grant(c)
	if err != nil {
		s.refuseToken(c, err)
		return
	}
	s.tries.undo(here)
	c.Header("Pragma", "no-cache")
	c.JSON(http.StatusOK, gin.H{
		"access_token": secret, "token_type": "bearer", "expires_in": int(care.ClientTokenLife.Seconds()), "scope": strings.Join(granted.Scopes, " "),
	})
}

// grant reads a request for a token and keeps the token that it gets.
func (s *Server) grant(c *gin.Context) (*care.ClientToken, string, error) {
	if s.tokenURL() == "" {
		return nil, "", edge(codeNoSMART, "Programs cannot sign in with keys here: whoever runs the server must set its origin first.")
	}
	form, err := tokenForm(c)
	if err != nil {
		return nil, "", err
	}
	asked, err := care.ParseScopes(strings.Fields(form.Get("scope")))
	if err != nil || len(asked) == 0 {
		return nil, "", &oauthError{code: "invalid_scope", why: "scope", text: "Ask for scopes such as system/Patient.rs, with a space between them."}
	}
	client, claims, err := s.readAssertion(c, form.Get("client_assertion"))
	if err == nil && form.Has("client_id") && form.Get("client_id") != client.ID { // RFC 7521, section 4.2
		err = &oauthError{code: "invalid_client", why: "client_id", client: client.ID, text: "client_id is not who signed the assertion."}
	}
	if err != nil {
		return nil, "", err
	}
	allowed, err := care.ParseScopes(client.Scopes)
	if err != nil {
		return nil, "", err
	}
	words := asked.Intersect(allowed).Words()
	if len(words) == 0 {
		return nil, "", &oauthError{code: "invalid_scope", why: "scope", client: client.ID, text: "This program may do nothing of what it asks for: ask an administrator."}
	}
	act, secret := s.act(c), accessMark+newToken()
	act.By = client.Actor()
	t := &care.ClientToken{ClientID: client.ID, Hash: hashToken(secret), Scopes: words, ExpiresAt: care.Stamp(act.At.Add(care.ClientTokenLife)),
		Assertion: hashToken(claims.ID), AssertionExpires: care.Stamp(claims.Expiry.Time())}
	err = s.opt.Store.GrantToken(c.Request.Context(), act, *t)
	switch {
	case isCode(err, care.Conflict):
		return nil, "", &oauthError{code: "invalid_client", why: "replayed", client: client.ID, text: "This assertion was used before: sign a new one, with a new jti."}
	case isCode(err, care.NotFound): // disabled meanwhile
		return nil, "", &oauthError{code: "invalid_client", why: "disabled", client: client.ID, text: noSuchClient}
	case err != nil:
		return nil, "", err
	}
	s.tries.succeed("client " + client.ID)
	return t, secret, nil
}

// tokenForm reads the request's form, each member once (RFC 6749, section 3.2), and refuses what is no request for a backend service.
func tokenForm(c *gin.Context) (url.Values, error) {
	if err := mediaType(c, "application/x-www-form-urlencoded"); err != nil {
		return nil, badRequest("media_type", "Send the request as application/x-www-form-urlencoded.")
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxTokenBody)
	if err := c.Request.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, badRequest("too_large", "The request is larger than 16 KB: the assertion has no need of it.")
		}
		return nil, badRequest("form", "The form cannot be read.")
	}
	form := c.Request.PostForm
	for _, values := range form {
		if len(values) > 1 {
			return nil, badRequest("form", "A member of the form comes twice.")
		}
	}
	switch {
	case form.Get("grant_type") == "":
		return nil, badRequest("grant_type", "grant_type is missing: it must be client_credentials.")
	case form.Get("grant_type") != "client_credentials":
		return nil, &oauthError{code: "unsupported_grant_type", why: "grant_type", text: "grant_type must be client_credentials."}
	case form.Get("client_assertion_type") != assertionType:
		return nil, badRequest("assertion_type", "client_assertion_type must be "+assertionType+".")
	case form.Get("client_assertion") == "":
		return nil, badRequest("assertion", "client_assertion is missing.")
	case len(form.Get("client_assertion")) > maxAssertion:
		return nil, badRequest("too_large", "The assertion is larger than 8 KB: leave out of it what is not asked for.")
	}
	return form, nil
}

// refuseToken ends a request for a token with an error, and records it. Nothing of the assertion is kept.
func (s *Server) refuseToken(c *gin.Context, err error) {
	var e *oauthError
	if !errors.As(err, &e) {
		s.fail(c, err)
		return
	}
	status := http.StatusBadRequest
	var retry *retryError
	switch {
	case errors.As(err, &retry):
		status = http.StatusTooManyRequests
		c.Header("Retry-After", strconv.Itoa(max(1, int(math.Ceil(retry.after.Seconds())))))
	case e.code == "invalid_client":
		status = http.StatusUnauthorized
		c.Header("WWW-Authenticate", `Bearer realm="wince"`)
	}
	s.log.WarnContext(c.Request.Context(), "token refused", "request", requestID(c), "client", e.client, "error", e.code, "why", e.why)
	if status != http.StatusTooManyRequests && e.code == "invalid_client" {
		act := s.act(c)
		act.By = server
		if err := s.opt.Store.ClientRefused(c.Request.Context(), act, e.client, e.why); err != nil {
			s.fail(c, err)
			return
		}
	}
	c.Header("Pragma", "no-cache")
	c.AbortWithStatusJSON(status, gin.H{"error": e.code, "error_description": e.text})
}
