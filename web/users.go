package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// peopleStore keeps the staff. It is one method over the usual five, because inviting and choosing a password belong to it.
type peopleStore interface {
	User(ctx context.Context, id string) (u *care.User, passwordHash string, err error)
	Users(ctx context.Context, scope care.Scope) ([]care.User, error)
	AddUser(ctx context.Context, act care.Act, u *care.User, id *care.Identity) error
	ChangeUser(ctx context.Context, act care.Act, id string, version int, edit func(*care.User) error) (*care.User, error)
	Invite(ctx context.Context, act care.Act, userID, tokenHash string, expires time.Time) error
	Invited(ctx context.Context, tokenHash string, now time.Time) (*care.User, error)
	SetPassword(ctx context.Context, act care.Act, userID, passwordHash, invitation string) error
}

// inviteLife is how long an invitation waits: from Friday's rota to the next week's first shift.
const inviteLife = 7 * 24 * time.Hour

// invitation is what the new member of staff is given, out of band.
type invitation struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// userAdded is a new member of staff and what to hand over to them.
type userAdded struct {
	User       *care.User  `json:"user"`
	Invitation *invitation `json:"invitation"` // null where the home's identity provider knows them
}

// newInvitation is an invitation that was made just now.
type newInvitation struct {
	Invitation *invitation `json:"invitation"`
}

func writeUser(c *gin.Context, u *care.User) {
	tag(c, u.Version)
	c.JSON(http.StatusOK, u)
}

func (s *Server) listUsers(c *gin.Context) {
	list, err := s.opt.Store.Users(c.Request.Context(), scope(c))
	s.list(c, "users", list, err)
}

// colleague returns a user who works in a site of whoever asks. Others are as if they did not exist.
func (s *Server) colleague(c *gin.Context, id string) (*care.User, error) {
	u, _, err := s.opt.Store.User(c.Request.Context(), id)
	if err == nil && !scope(c).All && !slices.ContainsFunc(u.Sites, scope(c).Has) {
		return nil, edge(care.NotFound, "There is no such member of staff.")
	}
	return u, err
}

func (s *Server) getUser(c *gin.Context) {
	u, err := s.colleague(c, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	writeUser(c, u)
}

// newUser is the body of POST /users.
type newUser struct {
	Name    string    `json:"name"`
	Role    care.Role `json:"role"`
	Sites   []string  `json:"sites"`
	Subject string    `json:"subject"` // at the home's identity provider
}

func (s *Server) addUser(c *gin.Context) {
	var in newUser
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	u := &care.User{ID: care.NewID(), Name: in.Name, Role: in.Role, Sites: in.Sites, CreatedAt: care.Stamp(act.At), Version: 1}
	var err error
	if len(u.Sites) == 0 && u.Role != care.RoleAdmin {
		var site string
		if site, err = scope(c).Choose(""); err == nil {
			u.Sites = []string{site}
		}
	}
	if err == nil {
		err = u.Check()
	}
	if err == nil {
		err = user(c).MayManage(u)
	}
	var id *care.Identity
	if err == nil && in.Subject != "" {
		id, err = s.identity(in.Subject)
	}
	if err == nil {
		err = s.opt.Store.AddUser(c.Request.Context(), act, u, id)
	}
	var invite *invitation
	if err == nil && id == nil {
		invite, err = s.makeInvitation(c, u.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/users/"+u.ID)
	tag(c, u.Version)
	c.JSON(http.StatusCreated, userAdded{u, invite})
}

func (s *Server) makeInvitation(c *gin.Context, userID string) (*invitation, error) {
	token, expires, err := Invite(c.Request.Context(), s.opt.Store, s.act(c), userID)
	return &invitation{Token: token, ExpiresAt: expires}, err
}

// Inviter keeps invitations.
type Inviter interface {
	Invite(ctx context.Context, act care.Act, userID, tokenHash string, expires time.Time) error
}

// Invite makes an invitation for a user to choose a password, in place of an earlier one, and returns its token. The page
// takes it at #/invited/TOKEN, once and until it expires.
func Invite(ctx context.Context, in Inviter, act care.Act, userID string) (token string, expires time.Time, err error) {
	token, expires = newToken(), care.Stamp(act.At.Add(inviteLife))
	return token, expires, in.Invite(ctx, act, userID, hashToken(token), expires)
}

// invite lets somebody choose a password again, as when it was forgotten. Until then the old one holds.
func (s *Server) invite(c *gin.Context) {
	u, err := s.colleague(c, c.Param("id"))
	if err == nil {
		err = user(c).MayManage(u)
	}
	if err == nil && u.DisabledAt != nil {
		err = &care.Error{Code: care.Disabled, Text: "This account was closed: open it again first."}
	}
	var in *invitation
	if err == nil {
		in, err = s.makeInvitation(c, u.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, newInvitation{in})
}

// userChange is the body of PATCH /users/{id}: what is left out stays.
type userChange struct {
	Name     *string    `json:"name"`
	Role     *care.Role `json:"role"`
	Sites    *[]string  `json:"sites"`
	Disabled *bool      `json:"disabled"`
}

func (s *Server) changeUser(c *gin.Context) {
	var in userChange
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = readJSON(c, &in)
	}
	if err == nil {
		_, err = s.colleague(c, c.Param("id"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	by, act := user(c), s.act(c)
	u, err := s.opt.Store.ChangeUser(c.Request.Context(), act, c.Param("id"), version, func(u *care.User) error {
		if err := by.MayManage(u); err != nil {
			return err
		}
		set(&u.Name, in.Name)
		set(&u.Role, in.Role)
		set(&u.Sites, in.Sites)
		if at := care.Stamp(act.At); in.Disabled != nil && *in.Disabled && u.DisabledAt == nil {
			u.DisabledAt = &at
		} else if in.Disabled != nil && !*in.Disabled {
			u.DisabledAt = nil
		}
		if err := u.Check(); err != nil {
			return err
		}
		return by.MayManage(u)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	writeUser(c, u)
}

// acceptance is the body of POST /invitation.
type acceptance struct {
	Token    string `json:"token"`
	Password string `json:"password"`
}

// acceptInvitation lets whoever was invited choose a password, and signs them in.
func (s *Server) acceptInvitation(c *gin.Context) {
	var in acceptance
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	here := "invitation " + address(c)
	if wait := s.tries.begin(here, 10); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	u, err := s.opt.Store.Invited(c.Request.Context(), hashToken(in.Token), s.opt.Now())
	if err == nil {
		err = care.CheckPassword(in.Password, u.Name)
	}
	var hash string
	if err == nil {
		hash, err = s.hash(c.Request.Context(), in.Password)
	}
	if err == nil {
		act := s.act(c)
		act.By = u.Actor()
		err = s.opt.Store.SetPassword(c.Request.Context(), act, u.ID, hash, hashToken(in.Token))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.tries.succeed(here)
	s.admit(c, http.StatusOK, care.Login{User: *u, Method: care.ByPassword}, false)
}

// passwordChange is the body of PUT /me/password.
type passwordChange struct {
	Password string `json:"password"`
	New      string `json:"new_password"`
	Token    bool   `json:"token"`
}

// changePassword replaces the password of whoever asks, signs them out everywhere else and in again here.
func (s *Server) changePassword(c *gin.Context) {
	var in passwordChange
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	key := "password of " + user(c).ID
	if wait := s.tries.begin(key, freeByName); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	u, hash, err := s.opt.Store.User(c.Request.Context(), user(c).ID)
	var ok bool
	if err == nil {
		ok, err = s.matches(c.Request.Context(), in.Password, hash)
	}
	if err == nil && !ok {
		s.refuse(c, u, &care.Error{Code: codePassword, Field: "password", Text: "The present password is wrong: try again."})
		return
	}
	if err == nil {
		s.tries.succeed(key)
		err = care.CheckPassword(in.New, u.Name)
	}
	if err == nil {
		hash, err = s.hash(c.Request.Context(), in.New)
	}
	if err == nil {
		err = s.opt.Store.SetPassword(c.Request.Context(), s.act(c), u.ID, hash, "")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.admit(c, http.StatusOK, care.Login{User: *u, Method: care.ByPassword}, in.Token)
}
