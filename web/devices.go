package web

import (
	"cmp"
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// deviceStore keeps enrolled tablets and the PINs that work on them.
type deviceStore interface {
	AddDevice(ctx context.Context, act care.Act, d *care.Device, tokenHash string) error
	Devices(ctx context.Context, scope care.Scope) ([]care.Device, error)
	DeviceByToken(ctx context.Context, tokenHash string) (*care.Device, error)
	DeviceUsers(ctx context.Context, siteID string) ([]care.User, error)
	RevokeDevice(ctx context.Context, act care.Act, id string, scope care.Scope) error
	SetPIN(ctx context.Context, act care.Act, userID, pinHash string) error
	TryPIN(ctx context.Context, userID string) (pinHash string, err error)
}

// deviceLife is how long browsers keep the tablet's secret, which each PIN renews. They keep none longer than 400 days.
const deviceLife = 400 * 24 * 60 * 60

// deviceHeader carries the tablet's secret for programs that keep no cookies.
const deviceHeader = "X-Wince-Device"

func (s *Server) listDevices(c *gin.Context) {
	list, err := s.opt.Store.Devices(c.Request.Context(), scope(c))
	s.list(c, "devices", list, err)
}

// newDevice is the body of POST /devices.
type newDevice struct {
	Name   string `json:"name"`
	SiteID string `json:"site_id"`
	Token  bool   `json:"token"` // answer with a token for the X-Wince-Device header instead of a cookie
}

// enrolled is a tablet that was enrolled just now.
type enrolled struct {
	Device *care.Device `json:"device"`
	Token  string       `json:"token,omitempty"` // for the header X-Wince-Device, where it was asked for; else there is a cookie
}

// tabletPeople is who can sign in with a PIN on a tablet.
type tabletPeople struct {
	Device *care.Device `json:"device"`
	People []care.Actor `json:"people"`
}

// enrol makes the tablet from which it is asked one where PINs work.
func (s *Server) enrol(c *gin.Context) {
	var in newDevice
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, token := s.act(c), newToken()
	d := &care.Device{ID: care.NewID(), Name: in.Name, EnrolledAt: care.Stamp(act.At), EnrolledBy: act.By.ID}
	err := d.Check()
	if err == nil {
		d.SiteID, err = scope(c).Choose(in.SiteID)
	}
	if err == nil {
		err = s.opt.Store.AddDevice(c.Request.Context(), act, d, hashToken(token))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	out := enrolled{Device: d}
	if in.Token {
		out.Token = token
	} else {
		setCookie(c, deviceCookie, token, deviceLife)
	}
	c.JSON(http.StatusCreated, out)
}

func (s *Server) revoke(c *gin.Context) {
	if err := s.opt.Store.RevokeDevice(c.Request.Context(), s.act(c), c.Param("id"), scope(c)); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// device returns the enrolled tablet that asks, and its secret.
func (s *Server) device(c *gin.Context) (*care.Device, string, error) {
	token := c.GetHeader(deviceHeader)
	if k, err := c.Request.Cookie(deviceCookie); err == nil {
		token = cmp.Or(token, k.Value)
	}
	d, err := s.opt.Store.DeviceByToken(c.Request.Context(), hashToken(token))
	if isCode(err, care.NotFound) {
		err = edge(codeNotEnrolled, "This tablet is not enrolled, so PINs do not work on it: sign in with your password, or ask a manager to enrol it.")
	}
	return d, token, err
}

// devicePeople lists who can sign in with a PIN on this tablet, for the screen that switches users.
func (s *Server) devicePeople(c *gin.Context) {
	d, _, err := s.device(c)
	var list []care.User
	if err == nil {
		list, err = s.opt.Store.DeviceUsers(c.Request.Context(), d.SiteID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	people := make([]care.Actor, len(list))
	for i := range list {
		people[i] = list[i].Actor()
	}
	c.JSON(http.StatusOK, tabletPeople{d, people})
}

// pinLogin is the body of POST /login/pin.
type pinLogin struct {
	UserID string `json:"user_id"`
	PIN    string `json:"pin"`
	Token  bool   `json:"token"`
}

// loginPIN switches the user of an enrolled tablet. The one before is signed out there.
func (s *Server) loginPIN(c *gin.Context) {
	var in pinLogin
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	d, secret, err := s.device(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	here := "device " + d.ID
	if wait := s.tries.begin(here, freeByAddress); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	u, err := s.tryPIN(c, d, in.UserID, in.PIN)
	if err != nil {
		if isCode(err, codePIN) {
			s.refuse(c, u, err)
		} else {
			s.fail(c, err)
		}
		return
	}
	s.tries.succeed(here)
	if err := s.endPresent(c); err != nil {
		s.fail(c, err)
		return
	}
	if c.GetHeader(deviceHeader) == "" {
		setCookie(c, deviceCookie, secret, deviceLife)
	}
	s.admit(c, http.StatusOK, care.Login{User: *u, Method: care.ByPIN, DeviceID: d.ID}, in.Token)
}

// tryPIN returns the user where the PIN is right, and where it is wrong too, for the audit row.
func (s *Server) tryPIN(c *gin.Context, d *care.Device, userID, pin string) (*care.User, error) {
	ctx := c.Request.Context()
	wrong := edge(codePIN, "The PIN is wrong: try again, or sign in with your password.")
	u, _, err := s.opt.Store.User(ctx, userID)
	if isCode(err, care.NotFound) || (err == nil && (u.DisabledAt != nil || !u.Scope().Has(d.SiteID))) {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	hash, err := s.opt.Store.TryPIN(ctx, u.ID)
	if isCode(err, care.NotFound) {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	if len(pin) > 8 { // no PIN is so long, and hashing it would cost
		return u, wrong
	}
	ok, err := s.matches(ctx, pin, hash)
	if err == nil && !ok {
		err = wrong
	}
	return u, err
}

// endPresent signs out whoever is signed in on the tablet.
func (s *Server) endPresent(c *gin.Context) error {
	token := clientToken(c)
	if err := s.admitToken(c, token); err != nil || user(c) == nil {
		if isCode(err, codeSignIn) {
			return nil
		}
		return err
	}
	return s.opt.Store.EndLogin(c.Request.Context(), s.act(c), hashToken(token), s.opt.Now().Add(-s.opt.Login.Life))
}

// newPIN is the body of PUT /me/pin.
type newPIN struct {
	PIN string `json:"pin"`
}

func (s *Server) setPIN(c *gin.Context) {
	var in newPIN
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	err := care.CheckPIN(in.PIN)
	var hash string
	if err == nil {
		hash, err = s.hash(c.Request.Context(), in.PIN)
	}
	if err == nil {
		err = s.opt.Store.SetPIN(c.Request.Context(), s.act(c), user(c).ID, hash)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (s *Server) removePIN(c *gin.Context) {
	if err := s.opt.Store.SetPIN(c.Request.Context(), s.act(c), user(c).ID, ""); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
