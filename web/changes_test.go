package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
)

// toldPage is a page of GET /changes.
type toldPage struct {
	Changes []toldChange
	Next    string
	More    bool
}

type toldChange struct {
	At         time.Time
	SiteID     string `json:"site_id"`
	ResidentID string `json:"resident_id"`
	Entity     string
	ID         string
	Action     string
	Version    int
	Record     map[string]any
	Gone       string
}

func (g *rig) changes(query string) toldPage {
	g.Helper()
	var p toldPage
	g.do("GET", "/api/v1/changes?"+query, nil).want(200).read(&p)
	return p
}

// find returns the one change of a record.
func (p *toldPage) find(t *testing.T, id string) toldChange {
	t.Helper()
	at := slices.IndexFunc(p.Changes, func(c toldChange) bool { return c.ID == id })
	if at < 0 {
		t.Fatalf("no change of %s in %+v", id, p.Changes)
	}
	return p.Changes[at]
}

// What a program pulls is what it would get at each record's own address.
func TestChangesShowRecords(t *testing.T) {
	g := newRig(t).admin()
	first := g.changes("")
	if len(first.Changes) != 1 || first.Changes[0].Entity != "site" || first.More || first.Next == "" {
		t.Fatalf("a new server tells %+v", first)
	}
	a := g.assessment()
	id := a.ResidentID
	relief := g.post("/residents/"+id+"/reliefs", map[string]any{"measures": []string{"warmth"}, "remarks": "liked it"}, 201)
	base := g.post("/residents/"+id+"/baselines", map[string]any{"method": "m 1", "frames": 90, "values": map[string]float64{"brow": 0.5}, "note": "asleep", "chosen": true}, 201)
	event := g.post("/residents/"+id+"/events", map[string]any{"kind": "fall"}, 201)
	p := g.changes("after=" + first.Next)
	for at, c := range map[string]toldChange{"/assessments/" + a.ID: p.find(t, a.ID), "/residents/" + id: p.find(t, id)} {
		var own map[string]any
		g.do("GET", "/api/v1"+at, nil).want(200).read(&own)
		want, err := json.Marshal(own)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(c.Record); err != nil || string(got) != string(want) {
			t.Errorf("%s is told as\n%s\nwant\n%s", at, got, want)
		}
	}
	if c := p.find(t, relief.ID); c.Record["remarks"] != "liked it" || c.Action != care.ActReliefAdd || c.ResidentID != id || c.SiteID != care.DefaultSite {
		t.Errorf("relief %+v", c)
	}
	if c := p.find(t, base.ID); c.Record["note"] != "asleep" || c.Record["values"] != nil || c.Record["frames"] != 90.0 {
		t.Errorf("baseline %+v", c)
	}
	if c := p.find(t, event.ID); c.Record["kind"] != "fall" || c.Version != 1 {
		t.Errorf("event %+v", c)
	}
	if again := g.changes("after=" + p.Next); len(again.Changes) != 0 || again.More || again.Next != p.Next {
		t.Errorf("after the end %+v", again)
	}
	// Page by page it is the same.
	var got []toldChange
	for next := first.Next; ; {
		page := g.changes("limit=2&after=" + next)
		got, next = append(got, page.Changes...), page.Next
		if !page.More {
			break
		}
	}
	if len(got) != len(p.Changes) {
		t.Errorf("%d changes in pages, %d at once", len(got), len(p.Changes))
	}
	if only := g.changes("entity=relief,event&entity=baseline"); len(only.Changes) != 3 {
		t.Errorf("three kinds: %+v", only.Changes)
	}
	if of := g.changes("resident_id=" + id); len(of.Changes) != len(p.Changes) {
		t.Errorf("of the resident: %+v", of.Changes)
	}
	// Each once, unless every change is asked for.
	g.do("PATCH", "/api/v1/residents/"+id, map[string]any{"room": "9"}, etag("1")...).want(200)
	g.do("PATCH", "/api/v1/residents/"+id, map[string]any{"room": "10"}, etag("2")...).want(200)
	if c := g.changes("after=" + p.Next); len(c.Changes) != 1 || c.Changes[0].Record["room"] != "10" || c.Changes[0].Version != 3 {
		t.Errorf("two changes of one: %+v", c)
	}
	if c := g.changes("every=true&after=" + p.Next); len(c.Changes) != 2 || c.Changes[0].Version != 2 {
		t.Errorf("two changes of one: %+v", c)
	}
	// An erasure is told, and shows nothing any more.
	end := g.changes("after=" + p.Next).Next
	g.do("POST", "/api/v1/residents/"+id+"/erase", nil, etag("3")...).want(204)
	gone := g.changes("after=" + end)
	for _, erased := range []string{id, base.ID, event.ID} {
		if c := gone.find(t, erased); c.Record != nil || c.Gone != goneErased || c.Action != care.ActResidentEnd {
			t.Errorf("after the erasure %+v", c)
		}
	}
	if c := gone.find(t, a.ID); c.Record["remarks"] != "" {
		t.Errorf("after the erasure %+v", c)
	}
}

// Where carers rate before they see the machine's view, a program does not see it before either.
func TestChangesHoldBack(t *testing.T) {
	g := newRig(t).admin()
	g.do("PATCH", "/api/v1/instrument", map[string]any{"blind": true}, etag("0")...).want(200)
	v := g.session(map[string]any{"resident_id": g.resident(care.ConsentGiven).ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	a := g.post("/assessments", map[string]any{"session_id": v.ID, "scale": "painad"}, 201)
	p := g.changes("entity=assessment")
	if c := p.find(t, a.ID); c.Record["hidden"] != true || c.Record["observation"] != nil {
		t.Errorf("%+v", c)
	}
}

// A resident who moves leaves the one site's changes and comes to the other's.
func TestChangesOfSites(t *testing.T) {
	g := newRig(t).admin()
	there := g.post("/sites", map[string]any{"name": "There", "zone": "UTC"}, 201)
	_, here := g.staff(care.RoleIntegration, care.ByPassword, care.DefaultSite)
	_, away := g.staff(care.RoleIntegration, care.ByPassword, there.ID)
	r := g.resident(care.ConsentGiven)
	relief := g.post("/residents/"+r.ID+"/reliefs", map[string]any{"measures": []string{"warmth"}}, 201)
	a := g.observed(r.ID, 1)
	for _, c := range g.as(away).changes("").Changes {
		if c.SiteID != there.ID {
			t.Errorf("another site's change %+v", c)
		}
	}
	if p := g.as(away).changes("resident_id=" + r.ID); len(p.Changes) != 0 {
		t.Errorf("another site's resident %+v", p.Changes)
	}
	g.as(away).do("GET", "/api/v1/changes?site_id="+care.DefaultSite, nil).problem(422, care.Invalid)
	before := g.as(here).changes("").Next
	g.do("PATCH", "/api/v1/residents/"+r.ID, map[string]any{"site_id": there.ID}, etag("1")...).want(200)
	p := g.as(here).changes("after=" + before)
	if c := p.find(t, r.ID); len(p.Changes) != 1 || c.Gone != goneMoved || c.Record != nil || c.Action != care.ActResidentMove {
		t.Errorf("the site that is left is told %+v", p.Changes)
	}
	p = g.as(here).changes("")
	if c := p.find(t, relief.ID); c.Gone != goneMoved || c.Record != nil {
		t.Errorf("the site that is left is told of the past %+v", c)
	}
	if c := p.find(t, a); c.Record["status"] != "final" {
		t.Errorf("the site where it was made is told %+v", c)
	}
	p = g.as(away).changes("")
	if p.find(t, r.ID).Record["name"] != "Dora Elm" || p.find(t, relief.ID).Record == nil {
		t.Errorf("the new site is told %+v", p.Changes)
	}
	if p := g.changes("site_id=" + there.ID); p.find(t, r.ID).SiteID != there.ID {
		t.Errorf("one site of several: %+v", p.Changes)
	}
}

func TestChangesRefusals(t *testing.T) {
	g := newRig(t).admin()
	g.resident(care.ConsentGiven)
	cursor := g.changes("").Next
	for query, field := range map[string]string{"after=x": "after", "after=" + url.QueryEscape("%%"): "after", "after=AA": "", "after=" + cursor + "A": "after", "after=" + strings.ToUpper(cursor) + "_": "after",
		"limit=0": "limit", "limit=501": "limit", "limit=ten": "limit", "entity=user": "entity", "entity=": "", "entity=relief,": "entity", "resident_id=Dora": "resident_id",
		"every=perhaps": "every", "site_id=" + care.NewID(): "site_id"} {
		if query == "after=AA" { // the beginning
			g.changes(query)
			continue
		}
		p := g.do("GET", "/api/v1/changes?"+query, nil).problem(422, care.Invalid)
		if field != "" && p.Field != field {
			t.Errorf("%s: field %q", query, p.Field)
		}
	}
	future := cursorOf(care.ChangePosition{Seq: 1000, Mark: "0123456789abcdef"})
	g.do("GET", "/api/v1/changes?after="+future, nil).problem(410, care.ChangesGone)
	g.as("").do("GET", "/api/v1/changes", nil).problem(401, codeSignIn)
	g.as(localToken).do("GET", "/api/v1/changes", nil).problem(403, care.Forbidden)
}

// What was told is recorded; that nothing was new is not.
func TestChangesRecorded(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	count := func() (n int) {
		list, err := g.store.Audit(t.Context(), care.AuditQuery{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Action == string(care.ReadChanges) {
				n++
			}
		}
		return n
	}
	p := g.changes("")
	if n := count(); n != 1 {
		t.Errorf("%d rows after a page", n)
	}
	g.changes("after=" + p.Next)
	if n := count(); n != 1 {
		t.Errorf("%d rows after an empty page", n)
	}
	g.changes("resident_id=" + r.ID)
	list, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: r.ID, Limit: 10})
	if err != nil || list[len(list)-1].Action != string(care.ReadChanges) || !strings.Contains(string(list[len(list)-1].Detail), `"/changes"`) {
		t.Errorf("%+v %v", list, err)
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "AA", "x", "AQEjRWeJq83v", "gICAgICAgICAAQEjRWeJq83v", "__________________"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readCursor(text)
		if err == nil && text != "" && (cursorOf(p) != text || p.Seq < 0) {
			t.Errorf("%q was read as %+v, which is %q", text, p, cursorOf(p))
		}
	})
}

func TestCursor(t *testing.T) {
	for _, p := range []care.ChangePosition{{}, {Seq: 1, Mark: "0123456789abcdef"}, {Seq: 1 << 40, Mark: "0000000000000000"}} {
		if got, err := readCursor(cursorOf(p)); err != nil || got != p {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
	}
}

// A connected program is told of the kinds of record that its scopes allow, and is refused the others by name.
func TestChangesOfScopes(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	g.observed(r.ID, 1)
	_, key := g.apiKey("Platform", []string{"system/Patient.rs"})
	for _, c := range g.as(key).changes("").Changes {
		if !slices.Contains([]string{care.KindSite, care.KindResident, care.KindConsent, care.KindBaseline}, c.Entity) {
			t.Errorf("told of %+v", c)
		}
	}
	if p := g.as(key).changes("entity=resident"); p.find(t, r.ID).Record["name"] != "Dora Elm" {
		t.Errorf("%+v", p)
	}
	g.as(key).do("GET", "/api/v1/changes?entity=assessment", nil).problem(403, care.Forbidden)
	_, key = g.apiKey("Reads one by one", []string{"system/Patient.r"})
	if p := g.as(key).changes(""); len(p.Changes) != 1 || p.Changes[0].Entity != care.KindSite {
		t.Errorf("%+v", p.Changes)
	}
}
