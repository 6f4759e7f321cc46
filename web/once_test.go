package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

func TestIdempotencyKey(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"name": "Dora Elm"}
	first := g.do("POST", "/api/v1/residents", in, keyHeader, `"k-1"`).want(201)
	again := g.do("POST", "/api/v1/residents", in, keyHeader, "k-1").want(201)
	if string(again.body) != string(first.body) || again.Header.Get(replayHeader) != "true" || first.Header.Get(replayHeader) != "" {
		t.Errorf("first %s\nagain (%q) %s", first.body, again.Header.Get(replayHeader), again.body)
	}
	for _, h := range []string{"ETag", "Location", "Content-Type"} {
		if first.Header.Get(h) == "" || again.Header.Get(h) != first.Header.Get(h) {
			t.Errorf("%s %q, then %q", h, first.Header.Get(h), again.Header.Get(h))
		}
	}
	g.do("POST", "/api/v1/residents", map[string]any{"name": "Tom Elm"}, keyHeader, "k-1").problem(422, codeKeyReused)
	g.do("POST", "/api/v1/sites", in, keyHeader, "k-1").problem(422, codeKeyReused) // another address is another request
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	g.as(token).do("POST", "/api/v1/residents", in, keyHeader, "k-1").want(201) // another's key is another key
	var list struct{ Residents []care.Resident }
	if g.do("GET", "/api/v1/residents", nil).want(200).read(&list); len(list.Residents) != 2 {
		t.Errorf("%d residents", len(list.Residents))
	}
	for _, odd := range []string{"a b", "ä", strings.Repeat("k", 256)} {
		g.do("POST", "/api/v1/residents", in, keyHeader, odd).problem(400, codeMalformed)
	}
	// What was refused may be tried again with the same key.
	g.do("POST", "/api/v1/residents", map[string]any{"name": ""}, keyHeader, "k-2").problem(422, care.Invalid)
	g.do("POST", "/api/v1/residents", in, keyHeader, "k-2").want(201)
	g.clock.pass(care.OnceLife + time.Minute)
	g.cookie = ""
	g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": password}).want(200)
	if a := g.do("POST", "/api/v1/residents", in, keyHeader, "k-1").want(201); a.Header.Get(replayHeader) != "" {
		t.Error("the answer is kept longer than a day")
	}
}

// A key's answer holds no secret: the second time one learns that it was given.
func TestIdempotencyKeyOfSecrets(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"name": "Kim Carer", "role": "carer"}
	g.do("POST", "/api/v1/users", in, keyHeader, "k").want(201)
	g.do("POST", "/api/v1/users", in, keyHeader, "k").problem(409, codeKeySpent)
	for path, body := range map[string]map[string]any{"/devices": {"name": "T", "token": true}, "/devices/enrolments": {"name": "T"}, "/me/passkeys/options": {}} {
		if r := find(g.table, "POST", "/api/v1"+path); !r.doc.secret || body == nil {
			t.Errorf("%s: the answer would be kept", path)
		}
	}
}

// Requests at once with one key make one record, and those that come too early are told to wait.
func TestIdempotencyKeyOfManyAtOnce(t *testing.T) {
	g := newRig(t).admin()
	var wg sync.WaitGroup
	statuses := make(chan int, 8)
	for range cap(statuses) {
		wg.Go(func() {
			h := *g
			statuses <- h.do("POST", "/api/v1/residents", map[string]any{"name": "Dora Elm"}, keyHeader, "k").StatusCode
		})
	}
	wg.Wait()
	close(statuses)
	for s := range statuses {
		if s != 201 && s != 409 {
			t.Errorf("status %d", s)
		}
	}
	var list struct{ Residents []care.Resident }
	if g.do("GET", "/api/v1/residents", nil).want(200).read(&list); len(list.Residents) != 1 {
		t.Errorf("%d residents", len(list.Residents))
	}
}

// Where the server stopped between the change and its answer, the same request makes no second record: the record's id follows from
// the key.
func TestIdempotencyKeyAfterACrash(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"name": "Dora Elm"}
	var made, again care.Resident
	g.do("POST", "/api/v1/residents", in, keyHeader, "k").want(201).read(&made)
	// As it was before the answer was kept.
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var me signedIn
	g.do("GET", "/api/v1/me", nil).want(200).read(&me)
	o := &care.Once{ID: hashTexts(me.User.ID, "k"), Fingerprint: hashTexts("POST", "/api/v1/residents", "", string(body)), BegunAt: g.clock.now()}
	if err := g.store.EndOnce(t.Context(), &care.Once{ID: o.ID}, ""); err != nil {
		t.Fatal(err)
	}
	if known, err := g.store.BeginOnce(t.Context(), o, g.clock.now()); err != nil || known != nil {
		t.Fatalf("%+v, %v", known, err)
	}
	a := g.do("POST", "/api/v1/residents", in, keyHeader, "k")
	a.problem(409, codeKeyBusy)
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	g.clock.pass(care.OnceBusy)
	g.do("POST", "/api/v1/residents", in, keyHeader, "k").want(200).read(&again)
	if again.ID != made.ID || !care.ValidID(made.ID) {
		t.Errorf("made %s, then %s", made.ID, again.ID)
	}
}

// An erased resident is in no answer that is kept.
func TestIdempotencyKeyAndErasure(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"name": "Dora Elm"}
	a := g.do("POST", "/api/v1/residents", in, keyHeader, "k").want(201)
	g.do("POST", a.Header.Get("Location")+"/erase", nil, "If-Match", a.Header.Get("ETag")).want(204)
	g.do("POST", "/api/v1/residents", in, keyHeader, "k").problem(409, codeKeySpent)
}

// Pages that are followed to the end have each record once, also where some are added meanwhile.
func TestPages(t *testing.T) {
	g := newRig(t).admin()
	want := map[string]bool{}
	for i := range 7 {
		var r care.Resident
		g.do("POST", "/api/v1/residents", map[string]any{"name": "R" + strconv.Itoa(7-i)}).want(201).read(&r)
		want[r.ID] = true
	}
	got := map[string]bool{}
	at, pages := "/api/v1/residents?limit=3", 0
	for at != "" {
		var page struct {
			Residents []care.Resident
			Next      string
		}
		a := g.do("GET", at, nil).want(200).read(&page)
		for _, r := range page.Residents {
			if got[r.ID] {
				t.Errorf("%s comes twice", r.Name)
			}
			got[r.ID] = true
		}
		if pages++; pages == 1 {
			g.resident(care.ConsentUnknown) // comes at the end
		}
		link := a.Header.Get("Link")
		if (page.Next == "") != (link == "") {
			t.Errorf("next %q, Link %q", page.Next, link)
		}
		at, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if at != "" && !strings.Contains(at, "cursor="+url.QueryEscape(page.Next)) {
			t.Errorf("the link %s does not lead to %s", at, page.Next)
		}
	}
	if len(got) != 8 || pages != 3 {
		t.Errorf("%d records on %d pages", len(got), pages)
	}
	for id := range want {
		if !got[id] {
			t.Errorf("%s is missing", id)
		}
	}
	for query, field := range map[string]string{"limit=0": "limit", "limit=x": "limit", "cursor=x": "cursor", "cursor=" + strings.Repeat("A", 48): "cursor"} {
		if p := g.do("GET", "/api/v1/residents?"+query, nil).problem(422, care.Invalid); p.Field != field {
			t.Errorf("%s: field %q", query, p.Field)
		}
	}
}

// Assessments of one moment are not lost at the edge of a page.
func TestPagesOfAssessments(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentUnknown)
	want := map[string]bool{}
	for i := range 5 {
		var a care.Assessment
		g.do("POST", "/api/v1/assessments", map[string]any{"resident_id": r.ID, "condition": "rest", "scale": "painad"}).want(201).read(&a)
		want[a.ID] = true
		if i == 3 {
			g.clock.pass(time.Second)
		}
	}
	at := "/api/v1/assessments?limit=2&resident_id=" + r.ID
	for pages := 1; at != ""; pages++ {
		var page struct{ Assessments []care.Assessment }
		a := g.do("GET", at, nil).want(200).read(&page)
		for _, x := range page.Assessments {
			if !want[x.ID] {
				t.Errorf("%s comes twice, or is none of them", x.ID)
			}
			delete(want, x.ID)
		}
		if at, _, _ = strings.Cut(strings.TrimPrefix(a.Header.Get("Link"), "<"), ">"); pages > 3 {
			t.Fatal("there is no end")
		}
	}
	if len(want) > 0 {
		t.Errorf("%d are missing", len(want))
	}
	g.do("GET", "/api/v1/assessments?cursor=eA", nil).problem(422, care.Invalid)
	g.do("GET", "/api/v1/escalations?cursor=eA", nil).problem(422, care.Invalid)
}

func FuzzReadMomentCursor(f *testing.F) {
	f.Add(momentCursor(time.UnixMilli(1_700_000_000_000), care.DefaultSite))
	f.Add("")
	f.Add("MSAw")
	f.Fuzz(func(t *testing.T, text string) {
		at, id, err := readMomentCursor(text)
		if err == nil && (!care.ValidID(id) || at.UnixMilli() < 0) {
			t.Errorf("%q is read as %v %q", text, at, id)
		}
	})
}
