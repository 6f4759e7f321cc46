package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type residentStore interface {
	AddResident(ctx context.Context, act care.Act, r *care.Resident) error
	UpsertResident(ctx context.Context, act care.Act, scope care.Scope, r *care.Resident) (kept *care.Resident, outcome string, err error)
	ChangeResident(ctx context.Context, act care.Act, id string, version int, do func(*care.Resident) error) (*care.Resident, error)
	Resident(ctx context.Context, id string) (*care.Resident, error)
	ResidentByExternalID(ctx context.Context, external string) (*care.Resident, error)
	Residents(ctx context.Context, scope care.Scope) ([]care.Resident, error)
	// Seen records that somebody was shown records; what cannot be recorded is not shown.
}

// particulars are a resident's members that a request can set. What is left out of a change stays as it is; what is left out
// of a new resident, or of an upsert, is empty.
type particulars struct {
	SiteID        *string             `json:"site_id"`
	Name          *string             `json:"name"`
	Room          *string             `json:"room"`
	Wing          *string             `json:"wing"`
	GivenName     *string             `json:"given_name"`
	FamilyName    *string             `json:"family_name"`
	BirthDate     *string             `json:"birth_date"`
	Sex           *care.Sex           `json:"sex"`
	Communication *care.Communication `json:"communication"`
	Conditions    *[]care.FaceNote    `json:"conditions"`
	Language      *string             `json:"language"`
}

func (p *particulars) into(r *care.Resident) {
	set(&r.Name, p.Name)
	set(&r.Room, p.Room)
	set(&r.Wing, p.Wing)
	set(&r.GivenName, p.GivenName)
	set(&r.FamilyName, p.FamilyName)
	set(&r.BirthDate, p.BirthDate)
	set(&r.Sex, p.Sex)
	set(&r.Communication, p.Communication)
	set(&r.Conditions, p.Conditions)
	set(&r.Language, p.Language)
}

// make makes a new resident of the particulars.
func (p *particulars) make(c *gin.Context, act care.Act, r *care.Resident) error {
	r.CreatedAt, r.Version = care.Stamp(act.At), 1
	p.into(r)
	if err := r.Check(act.At); err != nil {
		return err
	}
	asked := ""
	set(&asked, p.SiteID)
	var err error
	if r.SiteID, err = scope(c).Choose(asked); err != nil {
		return err
	}
	if r.Consent != care.ConsentUnknown {
		// A bare yes or no: who decided and in what capacity is not known, who recorded it is.
		r.CameraConsent = &care.ConsentRecord{ID: care.NewID(), ResidentID: r.ID, Purpose: care.ForCamera, Decision: r.Consent, Basis: care.BasisConsent,
			Capacity: care.NotRecorded, GivenAt: r.CreatedAt, RecordedAt: r.CreatedAt, RecordedBy: act.By, Version: 1}
	}
	return nil
}

// newResident is the body of POST /residents.
type newResident struct {
	particulars
	ID         string       `json:"id"`
	ExternalID string       `json:"external_id"`
	Consent    care.Consent `json:"consent"`
}

func (s *Server) addResident(c *gin.Context) {
	var in newResident
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, ctx := s.act(c), c.Request.Context()
	r := &care.Resident{ID: in.ID, ExternalID: in.ExternalID, Consent: in.Consent}
	if err := in.make(c, act, r); err != nil {
		s.fail(c, err)
		return
	}
	r, status, err := addOnce(r, func() error { return s.opt.Store.AddResident(ctx, act, r) },
		func() (*care.Resident, error) {
			if in.ID == "" {
				return nil, edge(care.NotFound, "There is no such resident.")
			}
			return s.resident(c, in.ID)
		},
		func(old *care.Resident) {
			r.CreatedAt, r.CameraConsent = old.CreatedAt, old.CameraConsent
		})
	if err == nil {
		c.Header("Location", "/api/v1/residents/"+r.ID)
		s.answer(c, status, r.Version, r.At(act.At), nil)
		return
	}
	s.fail(c, err)
}

// residentUpsert is the body of PUT /residents/by-external-id/{external}: the particulars as a whole.
type residentUpsert struct {
	particulars
	Consent care.Consent `json:"consent"` // of a new resident; later decisions are recorded on their own
}

// upsertResident takes a resident from the care platform, which is master: the same request again changes nothing.
func (s *Server) upsertResident(c *gin.Context) {
	var in residentUpsert
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	r := &care.Resident{ExternalID: c.Param("external"), Consent: in.Consent}
	err := in.make(c, act, r)
	if err == nil && r.ExternalID == "" {
		err = &care.Error{Code: care.Invalid, Field: "external_id", Text: "The address must name the external id."}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	kept, outcome, err := s.opt.Store.UpsertResident(c.Request.Context(), act, scope(c), r)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/residents/"+kept.ID)
	status := http.StatusOK
	if outcome == "added" {
		status = http.StatusCreated
	}
	s.answer(c, status, kept.Version, kept.At(act.At), nil)
}

// residentChange is the body of PATCH /residents/{id}: what is left out stays.
type residentChange struct {
	particulars
	ExternalID *string `json:"external_id"`
}

func (s *Server) changeResident(c *gin.Context) {
	var in residentChange
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = readJSON(c, &in)
	}
	if err == nil {
		_, err = s.resident(c, c.Param("id"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	r, err := s.opt.Store.ChangeResident(c.Request.Context(), act, c.Param("id"), version, func(r *care.Resident) error {
		in.into(r)
		set(&r.ExternalID, in.ExternalID)
		if in.SiteID != nil {
			var err error
			if r.SiteID, err = scope(c).Choose(*in.SiteID); err != nil {
				return err
			}
		}
		return r.Check(act.At)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, r.Version, r.At(act.At), nil)
}

// listResidents lists the residents of one's sites or of one of them, or the one with an external id.
func (s *Server) listResidents(c *gin.Context) {
	ctx, now := c.Request.Context(), s.opt.Now()
	list := []care.Resident{}
	var err error
	if external := c.Query("external_id"); external != "" {
		var r *care.Resident
		if r, err = s.opt.Store.ResidentByExternalID(ctx, external); err == nil && scope(c).Has(r.SiteID) {
			list = append(list, *r)
		} else if isCode(err, care.NotFound) {
			err = nil
		}
	} else {
		in := scope(c)
		if site := c.Query("site_id"); site != "" {
			if site, err = in.Choose(site); err == nil {
				in = care.Scope{Sites: []string{site}}
			}
		}
		if err == nil {
			list, err = s.opt.Store.Residents(ctx, in)
		}
	}
	wing := c.Query("wing")
	list = slices.DeleteFunc(list, func(r care.Resident) bool { return !r.InWing(wing) })
	for i := range list {
		list[i].At(now)
	}
	s.list(c, "residents", list, err)
}

func (s *Server) getResident(c *gin.Context) {
	r, err := s.seen(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, r.Version, r.At(s.opt.Now()), nil)
}

// resident returns a resident of a site that whoever asks belongs to. Those of other sites are as if they did not exist.
func (s *Server) resident(c *gin.Context, id string) (*care.Resident, error) {
	r, err := s.opt.Store.Resident(c.Request.Context(), id)
	if err == nil && !scope(c).Has(r.SiteID) {
		return nil, edge(care.NotFound, "There is no such resident.")
	}
	return r, err
}

// seen returns the resident that the address names. The router has recorded that whoever asks is shown what belongs to them.
func (s *Server) seen(c *gin.Context) (*care.Resident, error) { return s.resident(c, c.Param("id")) }
