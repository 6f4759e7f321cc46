package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
)

func TestWings(t *testing.T) {
	g := newRig(t).admin()
	add := func(name, wing string) (r care.Resident) {
		t.Helper()
		g.do("POST", "/api/v1/residents", object{"name": name, "wing": wing}).want(201).read(&r)
		return r
	}
	a, b, c := add("A", "North"), add("B", " north "), add("C", "Garden house")
	add("D", "")
	if b.Wing != "north" {
		t.Errorf("wing %q", b.Wing)
	}
	var list struct{ Residents []care.Resident }
	names := func(query string) string {
		t.Helper()
		g.do("GET", "/api/v1/residents"+query, nil).want(200).read(&list)
		var n []string
		for _, r := range list.Residents {
			n = append(n, r.Name)
		}
		return strings.Join(n, " ")
	}
	for query, want := range map[string]string{"": "A B C D", "?wing=": "A B C D", "?wing=NORTH": "A B", "?wing=Garden%20house": "C", "?wing=South": ""} {
		if got := names(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var wings struct{ Wings []care.Wing }
	g.do("GET", "/api/v1/sites/"+care.DefaultSite+"/wings", nil).want(200).read(&wings)
	if !slices.Equal(wings.Wings, []care.Wing{{Name: "", Residents: 1}, {Name: "Garden house", Residents: 1}, {Name: "North", Residents: 2}}) {
		t.Errorf("wings %+v", wings.Wings)
	}
	g.do("GET", "/api/v1/sites/"+care.NewID()+"/wings", nil).problem(404, care.NotFound)
	g.do("PATCH", "/api/v1/residents/"+c.ID, object{"wing": "a\nb"}, etag("1")...).problem(422, care.Invalid)
	g.do("PATCH", "/api/v1/residents/"+c.ID, object{"wing": strings.Repeat("x", 41)}, etag("1")...).problem(422, care.Invalid)
	g.do("PATCH", "/api/v1/residents/"+c.ID, object{"wing": "North"}, etag("1")...).want(200)
	if got := names("?wing=north"); got != "A B C" {
		t.Errorf("after moving: %s", got)
	}

	for wing, want := range map[string]int{"": 4, "NORTH": 3, "Garden house": 0} {
		var q care.Quality
		g.do("GET", "/api/v1/reports/quality?wing="+url.QueryEscape(wing), nil).want(200).read(&q)
		if q.Residents != want {
			t.Errorf("the report of %q is of %d people, want %d", wing, q.Residents, want)
		}
	}

	g.do("POST", "/api/v1/schedules", object{"site_id": care.DefaultSite, "scale": "painad", "repeat": object{"every_hours": 1}, "starts_at": g.clock.now()}).want(201)
	g.clock.pass(time.Minute)
	var due struct{ Due []care.DueItem }
	g.do("GET", "/api/v1/due?wing=north", nil).want(200).read(&due)
	if len(due.Due) == 0 {
		t.Fatal("nothing is due")
	}
	for _, d := range due.Due {
		if d.ResidentID != a.ID && d.ResidentID != b.ID && d.ResidentID != c.ID {
			t.Errorf("due in another wing: %+v", d)
		}
	}

	up := object{"name": "E", "wing": "South"}
	var e care.Resident
	g.do("PUT", "/api/v1/residents/by-external-id/x1", up).want(201).read(&e)
	g.do("PUT", "/api/v1/residents/by-external-id/x1", object{"name": "E", "wing": "East"}).want(200).read(&e)
	if e.Wing != "East" || e.Version != 2 {
		t.Errorf("upserted %+v", e)
	}
}

func TestResidentsOfASite(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", object{"name": "Far", "zone": "Europe/Berlin"}).want(201).read(&far)
	g.do("POST", "/api/v1/residents", object{"name": "A"}).want(201)
	g.do("POST", "/api/v1/residents", object{"name": "B", "site_id": far.ID}).want(201)
	for query, want := range map[string]string{"": "A B", "?site_id=" + care.DefaultSite: "A", "?site_id=" + far.ID: "B", "?site_id=" + care.NewID(): ""} {
		var list struct{ Residents []care.Resident }
		g.do("GET", "/api/v1/residents"+query, nil).want(200).read(&list)
		var names []string
		for _, r := range list.Residents {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	_, g.bearer = g.staff(care.RoleCarer, care.ByPassword)
	g.do("GET", "/api/v1/residents?site_id="+far.ID, nil).problem(422, care.Invalid) // not one of theirs
}
