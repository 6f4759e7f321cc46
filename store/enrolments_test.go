package store

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wince/care"
)

// A code enrols one tablet, whoever comes first, in the name of whoever made it.
func testEnrolments(t *testing.T, s *Store) {
	boss := addUser(t, s)
	far := addSite(t, s, "Far")
	add := func(site, hash string) *care.Enrolment {
		t.Helper()
		e := &care.Enrolment{ID: care.NewID(), SiteID: site, Name: "Ward 2", CreatedAt: noon, CreatedBy: boss.ID, ExpiresAt: noon.Add(care.EnrolmentLife)}
		must(t, s.AddEnrolment(t.Context(), act(), e, hash))
		return e
	}
	e := add(care.DefaultSite, "one")
	other := add(far.ID, "two")
	wantCode(t, s.AddEnrolment(t.Context(), act(), &care.Enrolment{ID: care.NewID(), SiteID: care.NewID(), CreatedBy: boss.ID}, "x"), care.Invalid)
	var wg sync.WaitGroup
	var won atomic.Int64
	for range 4 {
		wg.Go(func() {
			id := care.NewID()
			d := &care.Device{ID: id, EnrolledAt: noon}
			err := s.UseEnrolment(t.Context(), care.Act{At: noon, Request: "r1"}, "one", d, "token of "+id)
			switch {
			case err == nil && d.Name == "Ward 2" && d.SiteID == care.DefaultSite && d.EnrolledBy == boss.ID:
				won.Add(1)
			case code(err) != care.EnrolmentCode:
				t.Errorf("%v %+v", err, d)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d tablets were enrolled with one code", n)
	}
	here, all := care.Scope{Sites: []string{care.DefaultSite}}, care.Scope{All: true}
	list, err := s.Enrolments(t.Context(), here, noon)
	must(t, err)
	if len(list) != 1 || list[0].ID != e.ID || list[0].At(noon).State != care.EnrolmentUsed || list[0].DeviceID == "" {
		t.Errorf("list %+v", list)
	}
	wantTrail(t, s, e.ID, care.ActEnrolmentAdd, care.ActEnrolmentUse)
	wantTrail(t, s, list[0].DeviceID, care.ActDeviceEnrol)
	wantCode(t, s.EndEnrolment(t.Context(), act(), other.ID, here), care.NotFound)
	wantCode(t, s.UseEnrolment(t.Context(), care.Act{At: noon.Add(care.EnrolmentLife), Request: "r1"}, "two", &care.Device{ID: care.NewID()}, "late"), care.EnrolmentCode)
	must(t, s.EndEnrolment(t.Context(), act(), other.ID, all))
	wantCode(t, s.UseEnrolment(t.Context(), care.Act{At: noon, Request: "r1"}, "two", &care.Device{ID: care.NewID()}, "gone"), care.EnrolmentCode)
	if list, err = s.Enrolments(t.Context(), all, noon.Add(time.Millisecond)); err != nil || len(list) != 0 {
		t.Errorf("since later: %+v %v", list, err)
	}
}
