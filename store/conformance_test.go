package store

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"wince/care"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ann  = care.User{ID: care.NewID(), Name: "Ann Bee", Role: care.RoleAdmin, Sites: []string{care.DefaultSite}, CreatedAt: noon, Version: 1}
)

var everywhere = care.Scope{All: true}

func act() care.Act { return care.Act{By: ann.Actor(), At: noon, Request: "r1"} }

func resident(name string) *care.Resident {
	return &care.Resident{ID: care.NewID(), SiteID: care.DefaultSite, Name: name, Consent: care.ConsentGiven, Sex: care.SexUnknown,
		Communication: care.CommunicationUnknown, Conditions: []care.FaceNote{}, CreatedAt: noon, Version: 1}
}

// conformance says what a store must do, whatever database is behind it.
func conformance(t *testing.T, fresh func(t *testing.T) *Store) {
	for name, test := range map[string]func(*testing.T, *Store){
		"residents": testResidents, "set up": testSetUp, "set up once among many": testSetUpRace, "logins": testLogins,
		"sessions": testSessions, "assessments": testAssessments, "confirm": testConfirm, "confirm once among many": testConfirmRace,
		"practice": testPractice, "draft to amended": testDraftToAmended, "changes made once": testChangesOnce,
		"scales": testScales, "instrument": testInstrument, "erased assessments": testErasedAssessments, "chain": testChain, "rotate": testRotate, "sealed tables": testSealedTables, "erase": testErase, "prune and export": testPruneAndExport,
		"particulars": testParticulars, "upsert": testUpsert, "consents": testConsents, "baselines": testBaselines, "reliefs": testReliefs,
		"measures": testMeasures, "rounds": testRounds, "escalations": testEscalations, "invented records": testInvent,
		"sites": testSites, "scopes": testScopes, "users": testUsers, "invitations": testInvitations, "PINs": testPINs, "devices": testDevices, "enrolments": testEnrolments, "overview": testOverview, "storage": testStorage,
		"identities": testIdentities, "passkeys": testPasskeys, "changes": testChanges, "changes move": testChangesMove, "changes in pages": testChangesPages, "changes restored": testChangesRestored, "webhooks": testWebhooks, "deliveries": testDeliveries,
		"clients": testClients, "client keys": testClientKeys, "client tokens": testClientTokens, "searches": testSearches,
		"once": testOnce, "once among many": testOnceRace,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want care.Code) {
	t.Helper()
	if code(err) != want {
		t.Fatalf("got %v, want an error of code %s", err, want)
	}
}

// wantTrail compares the actions recorded for one record.
func wantTrail(t *testing.T, s *Store, id string, want ...string) {
	t.Helper()
	list, err := s.Audit(t.Context(), care.AuditQuery{EntityID: id, Limit: 100})
	must(t, err)
	var got []string
	for _, e := range list {
		got = append(got, e.Action)
		if e.By.Name == "" || e.At.IsZero() || e.Request == "" {
			t.Errorf("the audit row does not say who, when or in which request: %+v", e)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the trail is %v, want %v", got, want)
	}
}

func testResidents(t *testing.T, s *Store) {
	b, a := resident("bertha"), resident("Ada")
	a.Room, a.ExternalID = "12", "ext-1"
	must(t, s.AddResident(t.Context(), act(), b))
	must(t, s.AddResident(t.Context(), act(), a))
	c := resident("Cleo")
	must(t, s.AddResident(t.Context(), act(), c)) // a second one without an external id
	list, err := s.Residents(t.Context(), everywhere)
	must(t, err)
	if want := []care.Resident{*a, *b, *c}; !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v, want %+v", list, want)
	}
	got, err := s.Resident(t.Context(), a.ID)
	must(t, err)
	if !reflect.DeepEqual(got, a) {
		t.Errorf("got %+v, want %+v", got, a)
	}
	wantTrail(t, s, a.ID, care.ActResidentAdd)
	_, err = s.Resident(t.Context(), care.NewID())
	wantCode(t, err, care.NotFound)
	twin := resident("Twin")
	twin.ExternalID = "ext-1"
	wantCode(t, s.AddResident(t.Context(), act(), twin), care.Conflict)
	wantTrail(t, s, twin.ID)
}

func testSetUp(t *testing.T, s *Store) {
	u := ann
	must(t, s.SetSetUpLink(t.Context(), act(), "old"))
	must(t, s.SetSetUpLink(t.Context(), act(), "new"))
	wantCode(t, s.SetUp(t.Context(), act(), "old", &u, "hash"), care.SetUpToken)
	if has, err := s.HasUsers(t.Context()); err != nil || has {
		t.Fatalf("a user before set-up: %v %v", has, err)
	}
	if ok, err := s.SetUpLinkValid(t.Context(), "new"); err != nil || !ok {
		t.Fatalf("the link is not valid: %v", err)
	}
	must(t, s.SetUp(t.Context(), act(), "new", &u, "hash"))
	wantCode(t, s.SetUp(t.Context(), act(), "new", &u, "hash"), care.SetUpDone)
	wantCode(t, s.SetSetUpLink(t.Context(), act(), "again"), care.SetUpDone)
	got, hash, err := s.UserByName(t.Context(), " ANN bee ")
	must(t, err)
	if !reflect.DeepEqual(*got, u) || hash != "hash" {
		t.Errorf("got %+v %q", got, hash)
	}
	_, _, err = s.UserByName(t.Context(), "nobody")
	wantCode(t, err, care.NotFound)
	wantTrail(t, s, u.ID, care.ActUserAdd)
}

// race runs do many times at once and returns how many calls succeeded.
func race(do func() error) int {
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for range cap(results) {
		wg.Go(func() { results <- do() })
	}
	wg.Wait()
	close(results)
	n := 0
	for err := range results {
		if err == nil {
			n++
		}
	}
	return n
}

func testSetUpRace(t *testing.T, s *Store) {
	must(t, s.SetSetUpLink(t.Context(), act(), "one"))
	if n := race(func() error {
		return s.SetUp(t.Context(), act(), "one", &care.User{ID: care.NewID(), Name: care.NewID(), Role: care.RoleAdmin, CreatedAt: noon, Version: 1}, "h")
	}); n != 1 {
		t.Errorf("%d requests made a first administrator", n)
	}
}

func by(u care.User) care.Login { return care.Login{User: u, Method: care.ByPassword} }

func addUser(t *testing.T, s *Store) care.User {
	t.Helper()
	u := ann
	must(t, s.SetSetUpLink(t.Context(), act(), "x"))
	must(t, s.SetUp(t.Context(), act(), "x", &u, "hash"))
	return u
}

func testLogins(t *testing.T, s *Store) {
	u := addUser(t, s)
	must(t, s.AddLogin(t.Context(), act(), "tok", by(u)))
	life := care.LoginLife{Life: 12 * time.Hour, Idle: 2 * time.Hour, PINIdle: 10 * time.Minute}
	at := func(d time.Duration) (*care.Login, error) { return s.Login(t.Context(), "tok", noon.Add(d), life) }
	for hours := 0; hours < 12; hours++ { // used every hour
		got, err := at(time.Duration(hours) * time.Hour)
		must(t, err)
		want := by(u)
		if want.Began = noon; !reflect.DeepEqual(*got, want) {
			t.Fatalf("got %+v", got)
		}
	}
	_, err := at(12 * time.Hour)
	wantCode(t, err, care.NotFound)

	must(t, s.AddLogin(t.Context(), act(), "idle", by(u)))
	_, err = s.Login(t.Context(), "idle", noon.Add(2*time.Hour), life)
	wantCode(t, err, care.NotFound)

	must(t, s.AddLogin(t.Context(), act(), "out", by(u)))
	must(t, s.EndLogin(t.Context(), act(), "out", noon.Add(-12*time.Hour)))
	_, err = s.Login(t.Context(), "out", noon, life)
	wantCode(t, err, care.NotFound)
	must(t, s.LoginFailed(t.Context(), act(), u.ID))
	wantTrail(t, s, u.ID, care.ActUserAdd, care.ActLogin, care.ActLogin, care.ActLogin, care.ActLogout, care.ActLoginFailed)
}

func addSession(t *testing.T, s *Store, practice bool) *care.Session {
	t.Helper()
	v := &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, Condition: care.AtRest, Practice: practice, OpenedBy: ann.Actor(), OpenedAt: noon}
	if !practice {
		r := resident("Dora Vandermeer")
		must(t, s.AddResident(t.Context(), act(), r))
		v.ResidentID = r.ID
	}
	must(t, s.AddSession(t.Context(), act(), v))
	return v
}

func testSessions(t *testing.T, s *Store) {
	v := addSession(t, s, false)
	got, err := s.Session(t.Context(), v.ID)
	must(t, err)
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got %+v, want %+v", got, v)
	}
	other := addSession(t, s, true)
	for resident, want := range map[string][]string{v.ResidentID: {v.ID}, "": {v.ID, other.ID}, care.NewID(): nil} {
		open, err := s.OpenSessions(t.Context(), resident)
		must(t, err)
		slices.Sort(want)
		if !slices.Equal(open, want) {
			t.Errorf("open sessions of %q: %v, want %v", resident, open, want)
		}
	}
	must(t, s.EndSession(t.Context(), act(), v.ID))
	must(t, s.EndSession(t.Context(), act(), v.ID))
	if open, err := s.OpenSessions(t.Context(), v.ResidentID); err != nil || open != nil {
		t.Errorf("after the end: %v %v", open, err)
	}
	got, err = s.Session(t.Context(), v.ID)
	must(t, err)
	if got.EndedAt == nil || !got.EndedAt.Equal(noon) {
		t.Errorf("ended at %v", got.EndedAt)
	}
	wantTrail(t, s, v.ID, care.ActSessionOpen, care.ActSessionEnd)
	_, err = s.Session(t.Context(), care.NewID())
	wantCode(t, err, care.NotFound)
	orphan := &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: care.NewID(), Condition: care.AtRest, OpenedAt: noon}
	if err := s.AddSession(t.Context(), act(), orphan); err == nil {
		t.Error("a session of a resident who does not exist was kept")
	}
}
