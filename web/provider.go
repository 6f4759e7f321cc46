package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"wince/care"
)

// identityStore joins users with what the home's identity provider knows them by.
type identityStore interface {
	UserByIdentity(ctx context.Context, id care.Identity) (*care.User, error)
	SetIdentity(ctx context.Context, act care.Act, userID string, id *care.Identity) error
}

// Provider is the home's OpenID Connect provider (OpenID Connect Core 1.0, authorization code flow with PKCE).
type Provider struct {
	Issuer       string // as the provider itself writes it
	ClientID     string
	ClientSecret string
	// Claim is the member of the ID token or user info that names a person; default "sub". Whichever it is, the provider must never give
	// its value to somebody else, and people must not be able to choose it themselves.
	Claim  string
	Client *http.Client // default: ten seconds for an answer
}

// signOn signs people in with the home's provider. The provider is looked up when it is first needed, so that Wince starts
// without it.
type signOn struct {
	conf     Provider
	redirect string
	mu       sync.Mutex
	found    *oidc.Provider
	asked    time.Time // when it did not answer last
	begun    *pending[authorisation]
}

// askAgain is how long a provider that did not answer is left alone, so that those who wait in line are told at once.
const askAgain = 5 * time.Second

// authorisation is what a browser that was sent to the provider must bring back.
type authorisation struct{ state, nonce, verifier string }

// wayCookie binds the way to the provider and back to one browser. It is Lax, because the provider's page sends people back.
const wayCookie = "__Host-wince-way"

const callbackPath = "/api/v1/login/provider/callback"

func newSignOn(conf Provider, origin string, now func() time.Time) *signOn {
	if conf.Claim == "" {
		conf.Claim = "sub"
	}
	if conf.Client == nil {
		conf.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return &signOn{conf: conf, redirect: origin + callbackPath, begun: newPending[authorisation](now)}
}

// provider finds the provider's addresses once. The context of a request ends, so it lends only its client.
func (o *signOn) provider(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found == nil {
		away := &care.Error{Code: codeProvider, Text: "The home's identity provider does not answer: try again, or sign in with a password."}
		if since := o.begun.now().Sub(o.asked); since >= 0 && since < askAgain {
			return nil, nil, away
		}
		p, err := oidc.NewProvider(ctx, o.conf.Issuer)
		if err != nil {
			o.asked, away.Err = o.begun.now(), err
			return nil, nil, away
		}
		o.found = p
	}
	return o.found, &oauth2.Config{ClientID: o.conf.ClientID, ClientSecret: o.conf.ClientSecret, Endpoint: o.found.Endpoint(),
		RedirectURL: o.redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}, nil
}

func (s *Server) single() (*signOn, error) {
	if s.signOn == nil {
		return nil, edge(codeNoProvider, "There is no identity provider here: sign in with a password.")
	}
	return s.signOn, nil
}

// toProvider sends a browser to the provider's sign-in page.
func (s *Server) toProvider(c *gin.Context) {
	o, err := s.single()
	if err != nil {
		s.fail(c, err)
		return
	}
	_, conf, err := o.provider(oidc.ClientContext(c.Request.Context(), o.conf.Client))
	if err != nil {
		s.fail(c, err)
		return
	}
	a := authorisation{state: newToken(), nonce: newToken(), verifier: oauth2.GenerateVerifier()}
	wayMark(c, o.begun.put(a), int(pendingLife.Seconds()))
	c.Redirect(http.StatusFound, conf.AuthCodeURL(a.state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)))
}

func wayMark(c *gin.Context, value string, seconds int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: wayCookie, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// fromProvider takes a browser back, signs in whom the provider names and leads to the first page.
func (s *Server) fromProvider(c *gin.Context) {
	u, err := s.named(c)
	var token string
	if err == nil {
		token, err = s.begin(c, care.Login{User: *u, Method: care.ByProvider})
	}
	wayMark(c, "", -1)
	var known *care.Error
	switch {
	case err == nil:
	case errors.As(err, &known) && strings.Contains(c.GetHeader("Accept"), "text/html"):
		// Whoever cancelled there is back at the page, which says so in its own words. The code alone goes along: no link can make it say more.
		c.Redirect(http.StatusSeeOther, "/#/?problem="+url.QueryEscape(string(known.Code)))
		return
	default:
		s.fail(c, err)
		return
	}
	setCookie(c, cookieName, token, int(s.opt.Login.Life.Seconds()))
	c.Redirect(http.StatusSeeOther, "/")
}

// named returns the user whom the provider names.
func (s *Server) named(c *gin.Context) (*care.User, error) {
	o, err := s.single()
	if err != nil {
		return nil, err
	}
	wrong := func(err error) error {
		return &care.Error{Code: codeProviderSaid, Err: err, Text: "Signing in with the home's identity provider did not work: begin again."}
	}
	k, err := c.Request.Cookie(wayCookie)
	if err != nil {
		return nil, wrong(err)
	}
	a, ok := o.begun.take(k.Value)
	if !ok || c.Query("state") != a.state {
		return nil, wrong(errors.New("state is not the one that was sent"))
	}
	if e := c.Query("error"); e != "" {
		return nil, wrong(fmt.Errorf("the provider says %q", e))
	}
	ctx := oidc.ClientContext(c.Request.Context(), o.conf.Client)
	provider, conf, err := o.provider(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := conf.Exchange(ctx, c.Query("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return nil, wrong(fmt.Errorf("exchange the code: %w", err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	// The ID token's times are the provider's, so they are compared with the machine's clock.
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: o.conf.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, wrong(fmt.Errorf("verify the ID token: %w", err))
	}
	if id.Nonce != a.nonce {
		return nil, wrong(errors.New("nonce is not the one that was sent"))
	}
	subject, err := o.subject(ctx, id, provider, tokens)
	if err != nil {
		return nil, wrong(err)
	}
	u, err := s.opt.Store.UserByIdentity(c.Request.Context(), care.Identity{Issuer: id.Issuer, Subject: subject})
	if isCode(err, care.NotFound) {
		return nil, edge(codeNoAccount, "The home's identity provider knows you as "+subject+", but nobody has added you here: show this to a manager.")
	}
	return u, err
}

// subject reads what the provider knows a person by, from the ID token or from the user info that goes with it.
func (o *signOn) subject(ctx context.Context, id *oidc.IDToken, provider *oidc.Provider, tokens *oauth2.Token) (string, error) {
	if o.conf.Claim == "sub" {
		return id.Subject, nil
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", fmt.Errorf("read claims: %w", err)
	}
	if _, ok := claims[o.conf.Claim]; !ok {
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return "", fmt.Errorf("ask for user info: %w", err)
		}
		if info.Subject != id.Subject { // OpenID Connect Core 1.0, section 5.3.2
			return "", errors.New("the user info is somebody else's")
		}
		if err := info.Claims(&claims); err != nil {
			return "", fmt.Errorf("read user info: %w", err)
		}
	}
	if verified, _ := claims["email_verified"].(bool); o.conf.Claim == "email" && !verified {
		return "", errors.New("the provider has not verified the e-mail address")
	}
	v, _ := claims[o.conf.Claim].(string)
	if v == "" {
		return "", fmt.Errorf("the provider says no text called %q", o.conf.Claim)
	}
	return v, nil
}

// identity is what the home's provider knows a user by.
func (s *Server) identity(subject string) (*care.Identity, error) {
	if s.signOn == nil {
		return nil, &care.Error{Code: care.Invalid, Field: "subject", Text: "There is no identity provider here: leave subject out."}
	}
	if len(subject) > 255 { // OpenID Connect Core 1.0, section 2
		return nil, &care.Error{Code: care.Invalid, Field: "subject", Text: "The subject is too long: at most 255 characters."}
	}
	return &care.Identity{Issuer: s.signOn.conf.Issuer, Subject: subject}, nil
}

// identityLink is the body of PUT /users/{id}/identity.
type identityLink struct {
	Subject string `json:"subject"`
}

// linkIdentity says whom the provider means; an empty subject takes the link away.
func (s *Server) linkIdentity(c *gin.Context) {
	var in identityLink
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	u, err := s.colleague(c, c.Param("id"))
	if err == nil {
		err = user(c).MayManage(u)
	}
	var id *care.Identity
	if err == nil && in.Subject != "" {
		id, err = s.identity(in.Subject)
	}
	if err == nil {
		err = s.opt.Store.SetIdentity(c.Request.Context(), s.act(c), u.ID, id)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
