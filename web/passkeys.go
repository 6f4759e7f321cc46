package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"wince/care"
)

// passkeyStore keeps WebAuthn credentials.
type passkeyStore interface {
	Passkeys(ctx context.Context, userID string) ([]care.Passkey, error)
	AddPasskey(ctx context.Context, act care.Act, p *care.Passkey) error
	UsePasskey(ctx context.Context, act care.Act, p *care.Passkey) error
	RemovePasskey(ctx context.Context, act care.Act, userID, id string) error
}

// newPasskeys sets WebAuthn up for the address at which tablets call the server. A passkey proves presence and, by the
// tablet's own lock, the person: it counts as more than a PIN.
func newPasskeys(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("set up passkeys: %q is not an address such as https://wince.example:8443", origin)
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Wince", RPOrigins: []string{origin},
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys: %w", err)
	}
	return w, nil
}

// keyHolder is a user as package webauthn sees one.
type keyHolder struct {
	*care.User
	keys []webauthn.Credential
}

func (h keyHolder) WebAuthnID() []byte                         { id := uuid.MustParse(h.ID); return id[:] }
func (h keyHolder) WebAuthnName() string                       { return h.Name }
func (h keyHolder) WebAuthnDisplayName() string                { return h.Name }
func (h keyHolder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (s *Server) keyHolder(ctx context.Context, u *care.User) (keyHolder, error) {
	h := keyHolder{User: u}
	list, err := s.opt.Store.Passkeys(ctx, u.ID)
	for _, p := range list {
		var k webauthn.Credential
		if err := json.Unmarshal(p.Credential, &k); err != nil {
			return h, fmt.Errorf("read passkey %s: %w", p.ID, err)
		}
		h.keys = append(h.keys, k)
	}
	return h, err
}

// passkeysOn says what to do where passkeys are not set up.
func (s *Server) passkeysOn() error {
	if s.passkeys == nil {
		return edge(codeNoPasskeys, "Passkeys need the server's own name: ask whoever runs the server to set its origin, or sign in with a password.")
	}
	return nil
}

var errPasskey = edge(codePasskey, "This passkey was not accepted: try again, or sign in with your password.")

func badPasskey(err error) error { return errors.Join(errPasskey, err) }

// passkeyCeremony begins the making or the use of a passkey.
type passkeyCeremony struct {
	Ceremony string `json:"ceremony"` // goes back with the credential, within ten minutes
	Options  any    `json:"options"`  // goes to navigator.credentials.create or .get (WebAuthn level 3)
}

func (s *Server) listPasskeys(c *gin.Context) {
	list, err := s.opt.Store.Passkeys(c.Request.Context(), user(c).ID)
	s.list(c, "passkeys", list, err)
}

// newPasskeyOptions begins the making of a passkey: what it answers goes to navigator.credentials.create.
func (s *Server) newPasskeyOptions(c *gin.Context) {
	err := s.passkeysOn()
	var h keyHolder
	if err == nil {
		h, err = s.keyHolder(c.Request.Context(), user(c))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	options, session, err := s.passkeys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		s.fail(c, fmt.Errorf("begin passkey: %w", err))
		return
	}
	c.JSON(http.StatusOK, passkeyCeremony{s.ceremonies.put(*session), options})
}

// newPasskey is the body of POST /me/passkeys.
type newPasskey struct {
	Ceremony   string          `json:"ceremony"`
	Name       string          `json:"name"`
	Credential json.RawMessage `json:"credential"` // what navigator.credentials.create gave
}

func (s *Server) addPasskey(c *gin.Context) {
	var in newPasskey
	err := s.passkeysOn()
	if err == nil {
		err = readJSON(c, &in)
	}
	act := s.act(c)
	p := &care.Passkey{Name: in.Name, CreatedAt: care.Stamp(act.At)}
	if err == nil {
		err = p.Check()
	}
	if err == nil {
		err = s.makePasskey(p, user(c), in.Ceremony, in.Credential)
	}
	if err == nil {
		err = s.opt.Store.AddPasskey(c.Request.Context(), act, p)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, p)
}

func (s *Server) makePasskey(p *care.Passkey, u *care.User, ceremony string, credential []byte) error {
	session, ok := s.ceremonies.take(ceremony)
	if !ok {
		return errPasskey
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return badPasskey(err)
	}
	k, err := s.passkeys.CreateCredential(keyHolder{User: u}, session, parsed)
	if err != nil {
		return badPasskey(err)
	}
	p.ID, p.UserID = base64.RawURLEncoding.EncodeToString(k.ID), u.ID
	if p.Credential, err = json.Marshal(k); err != nil {
		return fmt.Errorf("write passkey: %w", err)
	}
	return nil
}

func (s *Server) removePasskey(c *gin.Context) {
	if err := s.opt.Store.RemovePasskey(c.Request.Context(), s.act(c), user(c).ID, c.Param("id")); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// passkeyOptions begins a sign-in: what it answers goes to navigator.credentials.get.
func (s *Server) passkeyOptions(c *gin.Context) {
	if err := s.passkeysOn(); err != nil {
		s.fail(c, err)
		return
	}
	options, session, err := s.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		s.fail(c, fmt.Errorf("begin passkey sign-in: %w", err))
		return
	}
	c.JSON(http.StatusOK, passkeyCeremony{s.ceremonies.put(*session), options})
}

// passkeyLogin is the body of POST /login/passkey.
type passkeyLogin struct {
	Ceremony   string          `json:"ceremony"`
	Credential json.RawMessage `json:"credential"` // what navigator.credentials.get gave
	Token      bool            `json:"token"`
}

func (s *Server) loginPasskey(c *gin.Context) {
	var in passkeyLogin
	err := s.passkeysOn()
	if err == nil {
		err = readJSON(c, &in)
	}
	var u *care.User
	if err == nil {
		u, err = s.holder(c, in.Ceremony, in.Credential)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.admit(c, http.StatusOK, care.Login{User: *u, Method: care.ByPasskey}, in.Token)
}

// holder returns the user who proved to hold a passkey, and keeps the passkey's new counter. A counter that went back is that
// of a copy, and is refused.
func (s *Server) holder(c *gin.Context, ceremony string, credential []byte) (*care.User, error) {
	ctx := c.Request.Context()
	session, ok := s.ceremonies.take(ceremony)
	if !ok {
		return nil, errPasskey
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(credential)
	if err != nil {
		return nil, badPasskey(err)
	}
	var storage error // of the look-up, which the library would hide
	found, k, err := s.passkeys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		id, err := uuid.FromBytes(handle)
		if err != nil {
			return nil, fmt.Errorf("read user handle: %w", err)
		}
		u, _, err := s.opt.Store.User(ctx, id.String())
		if err != nil && !isCode(err, care.NotFound) {
			storage = err
		}
		if err != nil {
			return nil, err
		}
		return s.keyHolder(ctx, u)
	}, session, parsed)
	h, ok := found.(keyHolder)
	switch {
	case storage != nil:
		return nil, storage
	case err != nil || !ok:
		return nil, badPasskey(err)
	case k.Authenticator.CloneWarning:
		return nil, badPasskey(errors.New("the passkey's counter went back"))
	}
	p := &care.Passkey{ID: base64.RawURLEncoding.EncodeToString(k.ID), UserID: h.ID}
	if p.Credential, err = json.Marshal(k); err != nil {
		return nil, fmt.Errorf("write passkey: %w", err)
	}
	act := s.act(c)
	act.By = h.Actor()
	return h.User, s.opt.Store.UsePasskey(ctx, act, p)
}
