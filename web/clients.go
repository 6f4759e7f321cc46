package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// clientStore keeps connected programs. It is over the usual five methods, because a client's keys belong to it.
type clientStore interface {
	Client(ctx context.Context, id string) (*care.Client, error)
	Clients(ctx context.Context) ([]care.Client, error)
	AddClient(ctx context.Context, act care.Act, v *care.Client) error
	ChangeClient(ctx context.Context, act care.Act, id string, version int, edit func(*care.Client) error) (*care.Client, error)
	RemoveClient(ctx context.Context, act care.Act, id string, version int) error
	AddClientKey(ctx context.Context, act care.Act, clientID string, k *care.ClientKey, secretHash string) (*care.Client, error)
	RevokeClientKey(ctx context.Context, act care.Act, clientID, keyID string) (*care.Client, error)
}

// Marks begin the secrets of programs, so that they are recognised where they leaked.
const (
	apiKeyMark  = "wk_"
	accessMark  = "wt_"
	apiKeyShown = len(apiKeyMark) + 6  // how much of a key is shown later
	apiKeyLife  = 366 * 24 * time.Hour // where nobody says how long
)

// hasMark says whether a token is one of a kind. A person's token may begin with the same letters by chance, but is shorter.
func hasMark(token, mark string) bool {
	return strings.HasPrefix(token, mark) && len(token) == len(mark)+tokenLength
}

// clientRoutes are the addresses where administrators connect programs.
func (s *Server) clientRoutes() []route {
	return group("Connected programs",
		row(http.MethodGet, "/clients", care.ReadClients, s.listClients, doc{about: "List connected programs", gives: care.Client{}, list: "clients", paged: true}),
		row(http.MethodPost, "/clients", care.ChangeClients, s.addClient, doc{about: "Connect a program",
			more:  "Of kind `api_key` it shows an API key; of kind `smart_backend` it signs in with a key of its own (SMART Backend Services), whose public half is sent here, or fetched at `jwks_uri`. " + onceID,
			takes: newClient{}, needs: []string{"name", "kind", "scopes"}, sample: `{"name": "Care platform", "kind": "api_key", "sites": ["$site"], "scopes": ["system/Patient.rs"]}`,
			gives: care.Client{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict}}),
		row(http.MethodGet, "/clients/:id", care.ReadClients, s.getClient, doc{about: "Read a connected program", gives: care.Client{}, tag: true}),
		row(http.MethodPatch, "/clients/:id", care.ChangeClients, s.changeClient, doc{about: "Change or disable a connected program", takes: clientChange{}, sample: `{"scopes": ["system/*.rs"]}`,
			gives: care.Client{}, tag: true, match: true, fails: []care.Code{care.Conflict}}),
		row(http.MethodDelete, "/clients/:id", care.ChangeClients, s.removeClient, doc{about: "Disconnect a program for good", match: true}),
		row(http.MethodPost, "/clients/:id/keys", care.ChangeClients, s.addClientKey, doc{about: "Make an API key", more: "The secret is shown this once. It ends after a year where nobody says how long.",
			secret: true, takes: newClientKey{}, sample: `{}`, gives: clientKeyMade{}, status: http.StatusCreated, tag: true, fails: []care.Code{care.Conflict}}),
		row(http.MethodDelete, "/clients/:id/keys/:record", care.ChangeClients, s.revokeClientKey, doc{about: "Revoke an API key", tag: true}),
	)
}

func (s *Server) listClients(c *gin.Context) {
	list, err := s.opt.Store.Clients(c.Request.Context())
	s.list(c, "clients", list, err)
}

func (s *Server) getClient(c *gin.Context) {
	v, err := s.opt.Store.Client(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

// clientInput are a client's members that a request can set.
type clientInput struct {
	Name      *string         `json:"name"`
	AllSites  *bool           `json:"all_sites"`
	Sites     *[]string       `json:"sites"`
	Scopes    *[]string       `json:"scopes"`
	JWKS      json.RawMessage `json:"jwks"`
	PublicKey *string         `json:"public_key_pem"`
	JWKSURI   *string         `json:"jwks_uri"` // https; fetched when the program asks for a token, and kept for as long as its Cache-Control says
}

func (s *Server) intoClient(in *clientInput, v *care.Client) error {
	set(&v.Name, in.Name)
	set(&v.AllSites, in.AllSites)
	set(&v.Sites, in.Sites)
	set(&v.Scopes, in.Scopes)
	given := 0
	var err error
	if in.JWKS != nil {
		given, v.JWKSURI = given+1, ""
		_, v.JWKS, err = publicKeys(in.JWKS)
	}
	if in.PublicKey != nil {
		given, v.JWKSURI = given+1, ""
		v.JWKS, err = pemKeys(*in.PublicKey)
	}
	if in.JWKSURI != nil {
		given, v.JWKS, v.JWKSURI = given+1, nil, *in.JWKSURI
		err = s.keySets.check(v.JWKSURI)
	}
	if given > 1 {
		err = badKey("Give the program's public keys once: as jwks, public_key_pem or jwks_uri.")
	}
	if err != nil {
		return err
	}
	return v.Check()
}

// newClient is the body of POST /clients.
type newClient struct {
	clientInput
	ID   string          `json:"id"`
	Kind care.ClientKind `json:"kind"`
}

// clientChange is the body of PATCH /clients/{id}: what is left out stays.
type clientChange struct {
	clientInput
	Disabled *bool `json:"disabled"`
}

// newClientKey is the body of POST /clients/{id}/keys.
type newClientKey struct {
	ExpiresAt time.Time `json:"expires_at"` // in a year where left out
}

// clientKeyMade is an API key that was made just now.
type clientKeyMade struct {
	Key    *care.ClientKey `json:"key"`
	Secret string          `json:"secret"` // goes into the Authorization header as a Bearer; never shown again
}

func (s *Server) addClient(c *gin.Context) {
	var in newClient
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, ctx := s.act(c), c.Request.Context()
	v := &care.Client{ID: in.ID, Kind: in.Kind, Keys: []care.ClientKey{}, CreatedAt: care.Stamp(act.At), CreatedBy: act.By.ID, Version: 1}
	if v.ID == "" {
		v.ID = care.NewID()
	}
	err := s.intoClient(&in.clientInput, v)
	if err == nil && !care.ValidID(v.ID) {
		err = &care.Error{Code: care.Invalid, Field: "id", Text: "The id must be a UUID of version 7, or be left out."}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddClient(ctx, act, v) },
		func() (*care.Client, error) { return s.opt.Store.Client(ctx, v.ID) },
		func(old *care.Client) { v.CreatedAt = old.CreatedAt })
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/clients/"+v.ID)
	s.answer(c, status, v.Version, v, nil)
}

func (s *Server) changeClient(c *gin.Context) {
	var in clientChange
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = readJSON(c, &in)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	v, err := s.opt.Store.ChangeClient(c.Request.Context(), act, c.Param("id"), version, func(v *care.Client) error {
		if at := care.Stamp(act.At); in.Disabled != nil && *in.Disabled && v.DisabledAt == nil {
			v.DisabledAt = &at
		} else if in.Disabled != nil && !*in.Disabled {
			v.DisabledAt = nil
		}
		return s.intoClient(&in.clientInput, v)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

func (s *Server) removeClient(c *gin.Context) {
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = s.opt.Store.RemoveClient(c.Request.Context(), s.act(c), c.Param("id"), version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// addClientKey makes an API key and shows it, this once.
func (s *Server) addClientKey(c *gin.Context) {
	var in newClientKey
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, secret := s.act(c), apiKeyMark+newToken()
	k := &care.ClientKey{ID: care.NewID(), Prefix: secret[:apiKeyShown], CreatedAt: care.Stamp(act.At), ExpiresAt: in.ExpiresAt}
	if k.ExpiresAt.IsZero() {
		k.ExpiresAt = k.CreatedAt.Add(apiKeyLife)
	}
	err := k.Check()
	var v *care.Client
	if err == nil {
		v, err = s.opt.Store.AddClientKey(c.Request.Context(), act, c.Param("id"), k, hashToken(secret))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusCreated, v.Version, clientKeyMade{k, secret}, nil)
}

func (s *Server) revokeClientKey(c *gin.Context) {
	v, err := s.opt.Store.RevokeClientKey(c.Request.Context(), s.act(c), c.Param("id"), c.Param("record"))
	if err != nil {
		s.fail(c, err)
		return
	}
	tag(c, v.Version)
	c.Status(http.StatusNoContent)
}
