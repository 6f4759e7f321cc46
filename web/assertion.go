package web

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"wince/care"
)

const (
	// assertionLife is the longest that an assertion may be valid for, and assertionSkew how far the client's clock may be off.
	assertionLife = 5 * time.Minute
	assertionSkew = 30 * time.Second
	maxJTI        = 256

	noSuchClient = "The assertion is not of a program that is known here, or not signed with one of its keys."
)

// readAssertion returns the client that signed an assertion and what it says (RFC 7523, section 3; SMART App Launch 2.2). Until the
// signature holds nothing in it is believed: the client's id only says whose keys to look at.
func (s *Server) readAssertion(c *gin.Context, text string) (*care.Client, *jwt.Claims, error) {
	refused := func(why, text string) error { return &oauthError{code: "invalid_client", why: why, text: text} }
	t, err := jwt.ParseSigned(text, assertionAlgorithms)
	if err != nil || len(t.Headers) != 1 {
		return nil, nil, refused("unreadable", "The assertion must be one JWT that is signed with RS384 or ES384.")
	}
	var claimed jwt.Claims
	if err := t.UnsafeClaimsWithoutVerification(&claimed); err != nil || !care.ValidID(claimed.Issuer) || claimed.Issuer != claimed.Subject {
		return nil, nil, refused("issuer", "iss and sub of the assertion must both be the client id that the program was given.")
	}
	client, err := s.opt.Store.Client(c.Request.Context(), claimed.Issuer)
	if isCode(err, care.NotFound) {
		return nil, nil, refused("unknown", noSuchClient)
	}
	if err != nil {
		return nil, nil, err
	}
	refused = func(why, text string) error {
		return &oauthError{code: "invalid_client", why: why, text: text, client: client.ID}
	}
	if wait := s.tries.begin("client "+client.ID, freeByClient); wait > 0 {
		return nil, nil, &retryError{&oauthError{code: "slow_down", why: "locked_out", client: client.ID, text: "Too many attempts: wait a little, then try again."}, wait}
	}
	if client.DisabledAt != nil || client.Kind != care.SMARTClient {
		return nil, nil, refused("disabled", noSuchClient)
	}
	key, err := s.signingKey(c.Request.Context(), client, &t.Headers[0])
	if errors.Is(err, errNoKeys) {
		return nil, nil, refused("keys", "The keys of the program cannot be fetched from its jwks_uri, or are none for RS384 or ES384: see that it is reachable, then try again in a minute.")
	}
	if err != nil {
		return nil, nil, err
	}
	var claims jwt.Claims
	if key == nil || t.Claims(key, &claims) != nil {
		return nil, nil, refused("signature", noSuchClient)
	}
	if why, text := s.wrongClaims(&claims, client.ID); why != "" {
		return nil, nil, refused(why, text)
	}
	return client, &claims, nil
}

// signingKey returns the client's key that an assertion's head names, nil where there is none. A key is used with the algorithm of its
// kind only. Where its keys are the client's registration says and nothing else.
func (s *Server) signingKey(ctx context.Context, client *care.Client, h *jose.Header) (*jose.JSONWebKey, error) {
	if _, elsewhere := h.ExtraHeaders["jku"]; elsewhere || h.KeyID == "" || h.JSONWebKey != nil {
		return nil, nil
	}
	var named []jose.JSONWebKey
	if client.JWKSURI != "" {
		var err error
		if named, err = s.keySets.find(ctx, client, h.KeyID); err != nil {
			return nil, err
		}
	} else {
		keys, _, err := publicKeys(client.JWKS)
		if err != nil {
			return nil, err
		}
		named = keys.Key(h.KeyID)
	}
	for _, k := range named {
		if k.Algorithm == h.Algorithm {
			return &k, nil
		}
	}
	return nil, nil
}

// wrongClaims says what is wrong with the claims of an assertion whose signature holds: a word, and a sentence for the program's author.
func (s *Server) wrongClaims(v *jwt.Claims, clientID string) (why, text string) {
	now := s.opt.Now()
	switch {
	case v.Issuer != clientID || v.Subject != clientID:
		return "issuer", "iss and sub of the assertion must both be the client id that the program was given."
	case len(v.Audience) != 1 || v.Audience[0] != s.tokenURL():
		return "audience", "aud of the assertion must be " + s.tokenURL() + " and nothing else."
	case v.Expiry == nil:
		return "expiry", "The assertion must say when it expires: exp, at most five minutes ahead."
	case now.After(v.Expiry.Time().Add(assertionSkew)):
		return "expired", "The assertion has expired: sign a new one, and see that the clock is right."
	case v.Expiry.Time().After(now.Add(assertionLife + assertionSkew)):
		return "too_long", "The assertion is valid for too long: exp must lie at most five minutes ahead."
	case v.NotBefore != nil && v.NotBefore.Time().After(now.Add(assertionSkew)):
		return "not_yet", "The assertion is not valid yet: see that the clock is right."
	case v.IssuedAt != nil && v.IssuedAt.Time().After(now.Add(assertionSkew)):
		return "not_yet", "The assertion comes from the future: see that the clock is right."
	case strings.TrimSpace(v.ID) == "" || len(v.ID) > maxJTI:
		return "jti", "The assertion needs a jti of at most 256 characters, new for each."
	}
	return "", ""
}
