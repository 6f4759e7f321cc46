package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gin-gonic/gin"

	"wince/care"
)

type accountStore interface {
	HasUsers(ctx context.Context) (bool, error)
	SetSetUpLink(ctx context.Context, act care.Act, tokenHash string) error
	SetUpLinkValid(ctx context.Context, tokenHash string) (bool, error)
	SetUp(ctx context.Context, act care.Act, tokenHash string, u *care.User, passwordHash string) error
	UserByName(ctx context.Context, name string) (u *care.User, passwordHash string, err error)
	AddLogin(ctx context.Context, act care.Act, tokenHash string, l care.Login) error
	LoginFailed(ctx context.Context, act care.Act, userID string) error
	Login(ctx context.Context, tokenHash string, now time.Time, life care.LoginLife) (*care.Login, error)
	StillIn(ctx context.Context, tokenHash string, now time.Time, life care.LoginLife) error
	EndLogin(ctx context.Context, act care.Act, tokenHash string, oldest time.Time) error
}

// tokenLength is how many characters newToken returns.
const tokenLength = 43

// newToken returns 256 random bits as text for a link or cookie.
func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand stops the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashToken is what the store gets to see of a token. Tokens have 256 random bits, so a plain hash cannot be guessed back.
func hashToken(t string) string {
	h := sha256.Sum256([]byte(t))
	return hex.EncodeToString(h[:])
}

// server is the actor for what nobody asked for.
var server = care.Actor{ID: "server", Name: "Wince"}

// MakeSetUpLink returns a fresh token for the first administrator and makes all earlier ones invalid; "" where there is an
// administrator already.
func (s *Server) MakeSetUpLink(ctx context.Context) (string, error) {
	has, err := s.opt.Store.HasUsers(ctx)
	if err != nil || has {
		return "", err
	}
	token := newToken()
	if err := s.opt.Store.SetSetUpLink(ctx, care.Act{By: server, At: s.opt.Now()}, hashToken(token)); err != nil {
		return "", err
	}
	return token, nil
}

// setUpState says what a sign-in page needs to know before anybody is signed in.
type setUpState struct {
	Needed   bool `json:"needed"`   // there is no administrator yet
	Passkeys bool `json:"passkeys"` // can be used to sign in
	Provider bool `json:"provider"` // the home's identity provider can be used to sign in
}

// setUpNeeded says what a sign-in page needs to know before anybody is signed in: whether there is an administrator, and which
// ways in there are beside the password.
func (s *Server) setUpNeeded(c *gin.Context) {
	has, err := s.opt.Store.HasUsers(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, setUpState{!has, s.passkeys != nil, s.signOn != nil})
}

// setUpRequest is the body of POST /setup.
type setUpRequest struct {
	Token    string `json:"token"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (s *Server) setUp(c *gin.Context) {
	var in setUpRequest
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	u := &care.User{ID: care.NewID(), Name: in.Name, Role: care.RoleAdmin, Sites: []string{care.DefaultSite},
		CreatedAt: care.Stamp(s.opt.Now()), Version: 1}
	err := u.Check()
	if err == nil {
		err = care.CheckPassword(in.Password, u.Name)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	here := "setup " + address(c)
	if wait := s.tries.begin(here, 10); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	has, err := s.opt.Store.HasUsers(c.Request.Context())
	if err != nil || has {
		if err == nil {
			err = &care.Error{Code: care.SetUpDone, Text: "Wince is set up already: sign in."}
		}
		s.fail(c, err)
		return
	}
	// A wrong token is turned away before the costly hashing; the store looks again in the same transaction that uses it.
	valid, err := s.opt.Store.SetUpLinkValid(c.Request.Context(), hashToken(in.Token))
	hash := ""
	if err == nil && valid {
		hash, err = s.hash(c.Request.Context(), in.Password)
	}
	if err == nil {
		act := s.act(c)
		act.By = u.Actor()
		err = s.opt.Store.SetUp(c.Request.Context(), act, hashToken(in.Token), u, hash)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.tries.succeed(here)
	s.log.InfoContext(c.Request.Context(), "first administrator set up")
	s.admit(c, http.StatusCreated, care.Login{User: *u, Method: care.ByPassword}, false)
}

func lockedOut(wait time.Duration) error {
	return &retryError{edge(codeLockedOut, "Too many attempts: wait a little, then try again."), wait}
}

// address is the client's network address without the port.
func address(c *gin.Context) string {
	host, _, err := net.SplitHostPort(c.Request.RemoteAddr)
	if err != nil {
		return c.Request.RemoteAddr
	}
	return host
}

// hash hashes a password when its turn comes.
func (s *Server) hash(ctx context.Context, password string) (string, error) {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.hashing }()
	return argon2id.CreateHash(password, s.opt.Password)
}

// matches compares a password with a hash. Where there is none it compares all the same, so that the time tells nothing.
func (s *Server) matches(ctx context.Context, password, hash string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-s.hashing }()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, s.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// Failures that are free: a person mistypes, and many people share one address.
const (
	freeByName    = 5
	freeByAddress = 30
)

// loginRequest is the body of POST /login.
type loginRequest struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Token    bool   `json:"token"` // answer with a token for the Authorization header instead of a cookie
}

func (s *Server) login(c *gin.Context) {
	var in loginRequest
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	if len(in.Name) > 500 || len(in.Password) > 1000 {
		s.fail(c, edge(codePassword, "Name or password is wrong."))
		return
	}
	byName, byAddress := "name "+strings.ToLower(strings.TrimSpace(in.Name)), "address "+address(c)
	if wait := s.tries.begin(byAddress, freeByAddress); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	if wait := s.tries.begin(byName, freeByName); wait > 0 {
		s.tries.undo(byAddress)
		s.fail(c, lockedOut(wait))
		return
	}
	u, hash, err := s.opt.Store.UserByName(c.Request.Context(), in.Name)
	if isCode(err, care.NotFound) {
		u, hash, err = nil, "", nil
	}
	ok := false
	if err == nil {
		ok, err = s.matches(c.Request.Context(), in.Password, hash)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if !ok || u == nil {
		s.refuse(c, u, edge(codePassword, "Name or password is wrong: try again."))
		return
	}
	s.tries.succeed(byName)
	s.tries.undo(byAddress)
	s.admit(c, http.StatusOK, care.Login{User: *u, Method: care.ByPassword}, in.Token)
}

// refuse turns a sign-in away and records it. The row is written for a name that nobody has, too: without it the answer
// would come sooner and tell as much.
func (s *Server) refuse(c *gin.Context, u *care.User, why error) {
	act, id := s.act(c), ""
	act.By = server
	if u != nil {
		id = u.ID
	}
	if err := s.opt.Store.LoginFailed(c.Request.Context(), act, id); err != nil {
		s.fail(c, err)
		return
	}
	s.fail(c, why)
}

// signedIn tells who is signed in, and for how long: a tablet without network keeps its records no longer than that.
type signedIn struct {
	User      care.User        `json:"user"`
	Method    care.LoginMethod `json:"method"`
	ExpiresAt time.Time        `json:"expires_at"`      // at the latest
	Idle      int              `json:"idle_seconds"`    // or once it was unused for so long
	Token     string           `json:"token,omitempty"` // for the Authorization header, where it was asked for; else there is a cookie
}

// admit signs a user in and answers with who it is.
func (s *Server) admit(c *gin.Context, status int, l care.Login, asToken bool) {
	token, err := s.begin(c, l)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := s.signedIn(&l, s.opt.Now())
	if asToken {
		out.Token = token
	} else {
		setCookie(c, cookieName, token, int(s.opt.Login.Life.Seconds()))
	}
	c.JSON(status, out)
}

func (s *Server) signedIn(l *care.Login, began time.Time) signedIn {
	return signedIn{User: l.User, Method: l.Method, ExpiresAt: care.Stamp(began.Add(s.opt.Login.Life)), Idle: int(s.opt.Login.Unused(l.Method).Seconds())}
}

// begin makes a sign-in and returns its token.
func (s *Server) begin(c *gin.Context, l care.Login) (string, error) {
	token, act := newToken(), s.act(c)
	act.By = l.User.Actor()
	return token, s.opt.Store.AddLogin(c.Request.Context(), act, hashToken(token), l)
}

func (s *Server) logout(c *gin.Context) {
	if err := s.opt.Store.EndLogin(c.Request.Context(), s.act(c), hashToken(clientToken(c)), s.opt.Now().Add(-s.opt.Login.Life)); err != nil {
		s.fail(c, err)
		return
	}
	setCookie(c, cookieName, "", -1)
	c.Status(http.StatusNoContent)
}

func (s *Server) me(c *gin.Context) {
	l := login(c)
	c.JSON(http.StatusOK, s.signedIn(l, l.Began))
}
