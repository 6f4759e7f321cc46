package web

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wince/care"
	"wince/store"
	"wince/web/hook"
)

// receiver is another program's server.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(m received) (status int, header string) // header is "Name: value" or empty
}

// received is a message as it came.
type received struct {
	header http.Header
	body   []byte
	Type   string
	Data   hookData
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		m := received{header: req.Header}
		m.body, _ = io.ReadAll(req.Body)
		if err := json.Unmarshal(m.body, &m); err != nil {
			t.Errorf("received %q: %v", m.body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, m)
		if r.answer == nil {
			return
		}
		status, header := r.answer(m)
		if name, value, ok := cutHeader(header); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(do func(m received) (int, string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = do
}

func (r *receiver) received() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

const loopback = "127.0.0.0/8"

// reaching lets the server reach another one of the test, in networks that are private.
func reaching(s *httptest.Server, networks ...string) func(*Options) {
	return func(o *Options) {
		o.Webhooks = hook.Rules{Roots: x509.NewCertPool(), Timeout: 5 * time.Second}
		o.Webhooks.Roots.AddCert(s.Certificate())
		for _, n := range networks {
			o.Webhooks.Networks = append(o.Webhooks.Networks, netip.MustParsePrefix(n))
		}
		o.Login = care.LoginLife{Life: 10000 * time.Hour, Idle: 10000 * time.Hour} // while the clock runs for days
	}
}

// hooked is an endpoint as the interface shows it.
type hooked struct {
	care.Webhook
	Secret string
	State  care.HookState
}

func (g *rig) hook(in map[string]any) hooked {
	g.Helper()
	var w hooked
	g.do("POST", "/api/v1/webhooks", in).want(201).read(&w)
	return w
}

func (g *rig) hooked(id string) hooked {
	g.Helper()
	var w hooked
	g.do("GET", "/api/v1/webhooks/"+id, nil).want(200).read(&w)
	return w
}

// couriers tells webhooks as long as the test runs, and returns what looks until a condition holds.
func (g *rig) couriers() (until func(what string, cond func() bool)) {
	g.Helper()
	ctx, stop := context.WithCancel(g.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		g.server.RunWebhooks(ctx, tick)
	}()
	g.Cleanup(func() { stop(); <-done })
	return func(what string, cond func() bool) {
		g.Helper()
		end := time.NewTimer(30 * time.Second)
		defer end.Stop()
		pause := time.NewTicker(2 * time.Millisecond)
		defer pause.Stop()
		for !cond() {
			select {
			case <-end.C:
				g.Fatalf("it never came to it: %s", what)
			case <-pause.C:
				select {
				case tick <- time.Time{}:
				default:
				}
			}
		}
	}
}

func TestWebhookTells(t *testing.T) {
	r := newReceiver(t)
	g := newRig(t, reaching(r.Server, loopback)).admin()
	g.resident(care.ConsentGiven) // before the endpoint: not told
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL + "/in", "events": []string{"resident", "assessment.confirm"}})
	if w.Secret == "" || w.Payload != care.IDsOnly || w.SiteID != "" || w.Version != 1 {
		t.Fatalf("made %+v", w)
	}
	until := g.couriers()
	res := g.resident(care.ConsentGiven)
	g.observed(res.ID, 2)
	until("both are told", func() bool { return len(r.received()) == 2 && g.hooked(w.ID).State.Pending == 0 })
	m := r.received()[0]
	if m.Type != care.ActResidentAdd || m.Data.ID != res.ID || m.Data.Record != nil || m.Data.ResidentID != res.ID || bytes.Contains(m.body, []byte("Dora")) {
		t.Errorf("told %s", m.body)
	}
	if c := r.received()[1]; c.Type != care.ActAssessDone || c.Data.Entity != care.KindAssessment || c.Data.Version != 2 {
		t.Errorf("told %s", c.body)
	}
	wantSigned(t, &m, w.Secret)
	if h := m.header; h.Get("Content-Type") != "application/json" || h.Get("User-Agent") != "Wince" || !strings.HasPrefix(h.Get("webhook-id"), "msg_") {
		t.Errorf("headers %v", h)
	}
	// From the message's cursor the pull goes on.
	if p := g.changes("entity=assessment&after=" + m.Data.Cursor); len(p.Changes) != 1 {
		t.Errorf("after the message's cursor %+v", p)
	}
	// With the record, and signed with both secrets for a while.
	g.do("PATCH", "/api/v1/webhooks/"+w.ID, map[string]any{"payload": "full"}, etag("1")...).want(200)
	var rotated hooked
	g.do("POST", "/api/v1/webhooks/"+w.ID+"/secret", map[string]any{"overlap_hours": 1}, etag("2")...).want(200).read(&rotated)
	if rotated.Secret == "" || rotated.Secret == w.Secret || rotated.SecretUntil == nil {
		t.Errorf("rotated %+v", rotated)
	}
	g.do("PATCH", "/api/v1/residents/"+res.ID, map[string]any{"room": "12"}, etag("1")...).want(200)
	until("the change is told", func() bool { return len(r.received()) == 3 && g.hooked(w.ID).State.Pending == 0 })
	m = r.received()[2]
	record, ok := m.Data.Record.(map[string]any)
	if !ok || record["room"] != "12" || record["name"] != "Dora Elm" {
		t.Errorf("told %s", m.body)
	}
	wantSigned(t, &m, w.Secret)
	wantSigned(t, &m, rotated.Secret)
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: res.ID, Limit: 20})
	if err != nil || trail[len(trail)-1].Action != care.ActWebhookSent || !strings.Contains(string(trail[len(trail)-1].Detail), w.ID) {
		t.Errorf("the trail ends with %+v, %v", trail[len(trail)-1], err)
	}
	g.clock.pass(time.Hour)
	g.do("POST", "/api/v1/residents/"+res.ID+"/erase", nil, etag("2")...).want(204)
	until("the erasure is told", func() bool { return len(r.received()) >= 4 && g.hooked(w.ID).State.Pending == 0 })
	m = r.received()[3]
	if m.Data.Gone != goneErased || m.Data.Record != nil || bytes.Contains(m.body, []byte("Dora")) {
		t.Errorf("told %s", m.body)
	}
	wantSigned(t, &m, rotated.Secret)
	if strings.Contains(m.header.Get("webhook-signature"), " ") {
		t.Error("the old secret is still in use")
	}
	// No secret is ever shown again.
	for _, path := range []string{"", "/" + w.ID} {
		if a := g.do("GET", "/api/v1/webhooks"+path, nil).want(200); bytes.Contains(a.body, []byte("whsec_")) {
			t.Errorf("%s", a.body)
		}
	}
	var log struct{ Deliveries []care.DeliveryAttempt }
	g.do("GET", "/api/v1/webhooks/"+w.ID+"/deliveries", nil).want(200).read(&log)
	if len(log.Deliveries) < 4 || log.Deliveries[0].Outcome != delivered || log.Deliveries[0].Status != 200 {
		t.Errorf("the log says %+v", log)
	}
}

// wantSigned looks whether a message has a signature of a secret. web/hook compares signatures with those of other implementations.
func wantSigned(t *testing.T, m *received, secret string) {
	t.Helper()
	at, err := strconv.ParseInt(m.header.Get("webhook-timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if err := hook.Sign(h, []string{secret}, m.header.Get("webhook-id"), time.Unix(at, 0), m.body); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Fields(m.header.Get("webhook-signature")), h.Get("webhook-signature")) {
		t.Errorf("the signature is %q, want %q in it", m.header.Get("webhook-signature"), h.Get("webhook-signature"))
	}
}

// One resident's messages that fail hold up nobody else's, stay in order, and are given up after five days; nothing is lost.
func TestWebhookRetries(t *testing.T) {
	r := newReceiver(t)
	g := newRig(t, reaching(r.Server, loopback)).admin()
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL, "events": []string{"resident"}})
	bad, good := g.resident(care.ConsentUnknown), g.resident(care.ConsentUnknown)
	failing := true
	r.answers(func(m received) (int, string) {
		if failing && m.Data.ID == bad.ID {
			return 500, ""
		}
		return 200, ""
	})
	until := g.couriers()
	count := func(id string) (n int) {
		for _, m := range r.received() {
			if m.Data.ID == id {
				n++
			}
		}
		return n
	}
	failed := func() (n int) { // attempts that are written down
		for _, a := range g.log(w.ID) {
			if a.Outcome != delivered {
				n++
			}
		}
		return n
	}
	until("the good one is told, the bad one is tried", func() bool { return count(good.ID) == 1 && failed() == 1 })
	g.do("PATCH", "/api/v1/residents/"+bad.ID, map[string]any{"room": "12"}, etag("1")...).want(200)
	g.do("PATCH", "/api/v1/residents/"+good.ID, map[string]any{"room": "13"}, etag("1")...).want(200)
	until("the good one is told again", func() bool { return count(good.ID) == 2 && g.hooked(w.ID).State.Pending == 2 })
	for n := 2; n < 40 && g.hooked(w.ID).State.Dead == 0; n++ {
		for range 4 { // pauses of the endpoint, and of the message
			g.clock.pass(2 * time.Hour)
		}
		until("it is tried again", func() bool { return failed() >= n || g.hooked(w.ID).State.Dead > 0 })
	}
	var letters struct {
		Dead []deadLetter `json:"dead_letters"`
	}
	g.do("GET", "/api/v1/webhooks/"+w.ID+"/dead-letters", nil).want(200).read(&letters)
	if len(letters.Dead) != 1 || letters.Dead[0].LastError != "the receiver answered 500" || letters.Dead[0].Change.EntityID != bad.ID || letters.Dead[0].Attempts < 5 {
		t.Fatalf("given up are %+v", letters)
	}
	for _, m := range r.received() {
		if m.Data.ID == bad.ID && m.header.Get("webhook-id") != letters.Dead[0].Message {
			t.Fatalf("attempts with other ids, or out of order: %v", m.header)
		}
	}
	// What came behind it goes out now; sent again, the dead letter is taken too.
	r.mu.Lock()
	failing = false
	r.mu.Unlock()
	g.clock.pass(12 * time.Hour)
	until("what came later is told", func() bool { return g.hooked(w.ID).State.Pending == 0 })
	g.do("POST", "/api/v1/webhooks/"+w.ID+"/dead-letters/redrive", map[string]any{"messages": []string{"msg_x"}}).problem(422, care.Invalid)
	var n struct{ Redriven int }
	g.do("POST", "/api/v1/webhooks/"+w.ID+"/dead-letters/redrive", map[string]any{"messages": []string{letters.Dead[0].Message}}).want(200).read(&n)
	until("the dead letter is taken", func() bool { st := g.hooked(w.ID).State; return st.Pending+st.Dead == 0 })
	list := r.received()
	if n.Redriven != 1 || list[len(list)-1].header.Get("webhook-id") != letters.Dead[0].Message {
		t.Errorf("%d lived again, the last message is %v", n.Redriven, list[len(list)-1].header)
	}
}

// A receiver that asks to be left alone is; one that says it is gone is asked no more, until somebody switches it on.
func TestWebhookAnswers(t *testing.T) {
	r := newReceiver(t)
	g := newRig(t, reaching(r.Server, loopback)).admin()
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL, "events": []string{"resident"}})
	r.answers(func(received) (int, string) { return 503, "Retry-After: 3600" })
	until := g.couriers()
	g.resident(care.ConsentUnknown)
	until("it is tried", func() bool { return len(r.received()) == 1 })
	until("it is written down", func() bool { return len(g.log(w.ID)) == 1 })
	g.clock.pass(59 * time.Minute)
	r.answers(func(received) (int, string) { return 307, "Location: /elsewhere" })
	for range 20 {
		until("", func() bool { return true })
	}
	if n := len(r.received()); n != 1 {
		t.Errorf("asked to be left alone it was told %d times", n)
	}
	g.clock.pass(2 * time.Minute)
	until("it is tried again", func() bool { return len(g.log(w.ID)) == 2 })
	if a := g.log(w.ID)[0]; a.Status != 307 || !strings.Contains(a.Outcome, "not followed") || a.Attempt != 2 {
		t.Errorf("the log says %+v", a)
	}
	r.answers(func(received) (int, string) { return 410, "" })
	g.clock.pass(time.Hour)
	until("it is switched off", func() bool { return g.hooked(w.ID).Disabled })
	if v := g.hooked(w.ID); !strings.Contains(v.DisabledReason, "410") || v.State.Pending != 1 {
		t.Errorf("switched off %+v", v)
	}
	g.resident(care.ConsentUnknown)
	r.answers(nil)
	g.do("PATCH", "/api/v1/webhooks/"+w.ID, map[string]any{"disabled": false}, etag("2")...).want(200)
	g.clock.pass(time.Hour)
	until("nothing was lost", func() bool {
		st := g.hooked(w.ID).State
		return len(r.received()) == 5 && st.Pending == 0 && st.Behind == 0
	})
	// The test button, and what it says when nobody is there.
	var a care.DeliveryAttempt
	g.do("POST", "/api/v1/webhooks/"+w.ID+"/test", map[string]any{}).want(200).read(&a)
	if a.Outcome != delivered || a.Event != "wince.test" || r.received()[5].Type != "wince.test" {
		t.Errorf("the test said %+v", a)
	}
	r.Close()
	g.do("POST", "/api/v1/webhooks/"+w.ID+"/test", map[string]any{}).want(200).read(&a)
	if a.Outcome != "nothing listens at the receiver's port" || a.Status != 0 {
		t.Errorf("the test said %+v", a)
	}
	if log := g.log(w.ID); log[0].Outcome != a.Outcome {
		t.Errorf("the log says %+v", log[0])
	}
}

func (g *rig) log(id string) []care.DeliveryAttempt {
	g.Helper()
	var log struct{ Deliveries []care.DeliveryAttempt }
	g.do("GET", "/api/v1/webhooks/"+id+"/deliveries?limit=200", nil).want(200).read(&log)
	return log.Deliveries
}

// From any point everything is told again.
func TestWebhookReplay(t *testing.T) {
	r := newReceiver(t)
	g := newRig(t, reaching(r.Server, loopback)).admin()
	g.resident(care.ConsentUnknown)
	from := g.changes("").Next
	g.clock.pass(time.Hour)
	middle := g.clock.now()
	g.resident(care.ConsentUnknown)
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL})
	until := g.couriers()
	version := 1
	for i, c := range []struct {
		in   map[string]any
		want int
	}{{map[string]any{"after": ""}, 3}, {map[string]any{"after": from}, 1}, {map[string]any{"since": middle}, 1}, {map[string]any{"since": middle.Add(time.Hour)}, 0}} {
		before := len(r.received())
		g.do("POST", "/api/v1/webhooks/"+w.ID+"/replay", c.in, etag(strconv.Itoa(version))...).want(200)
		version++
		until(fmt.Sprint("replay ", i), func() bool { st := g.hooked(w.ID).State; return st.Behind == 0 && st.Pending == 0 })
		if n := len(r.received()) - before; n != c.want {
			t.Errorf("replay %d told %d changes, want %d", i, n, c.want)
		}
	}
	at := "/api/v1/webhooks/" + w.ID + "/replay"
	g.do("POST", at, map[string]any{}, etag("5")...).problem(422, care.Invalid)
	g.do("POST", at, map[string]any{"after": "x"}, etag("5")...).problem(422, care.Invalid)
	g.do("POST", at, map[string]any{"after": "", "since": middle}, etag("5")...).problem(422, care.Invalid)
	g.do("POST", at, map[string]any{"after": cursorOf(care.ChangePosition{Seq: 99, Mark: "0123456789abcdef"})}, etag("5")...).problem(410, care.ChangesGone)
	g.do("POST", at, map[string]any{"after": ""}, etag("1")...).problem(412, care.Stale)
	g.do("POST", at, map[string]any{"after": ""}).problem(428, codeIfMatch)
}

// However often the program stops in the middle, each change is told at least once, and each resident's in order.
func TestWebhooksSurviveStops(t *testing.T) {
	r := newReceiver(t)
	g := newRig(t, reaching(r.Server, loopback)).admin()
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL, "events": []string{"resident"}})
	dice := rand.New(rand.NewPCG(1, 2))
	var answered atomic.Int32 // the receiver answers on goroutines of its own
	r.answers(func(received) (int, string) {
		if answered.Add(1)%6 == 0 {
			return 500, ""
		}
		return 204, ""
	})
	want := map[string]int{}
	for n := range 12 {
		for range 5 {
			want[g.resident(care.ConsentUnknown).ID] = 1
		}
		for id, version := range want {
			if dice.IntN(2) == 0 {
				g.do("PATCH", "/api/v1/residents/"+id, map[string]any{"room": strconv.Itoa(n)}, etag(strconv.Itoa(version))...).want(200)
				want[id]++
			}
		}
		// A new program each time, as after a kill: it knows what is in the database and nothing else.
		s, err := New(g.server.opt)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		enough := len(r.received()) + dice.IntN(20)
		tick, done := make(chan time.Time), make(chan struct{})
		go func() { defer close(done); s.RunWebhooks(ctx, tick) }()
		for deadline := time.Now().Add(20 * time.Second); len(r.received()) < enough && g.hooked(w.ID).State.Pending+int(g.hooked(w.ID).State.Behind) > 0 && time.Now().Before(deadline); {
			g.clock.pass(time.Minute)
			select {
			case tick <- time.Time{}:
			case <-time.After(time.Millisecond):
			}
		}
		stop() // requests that are under way end here
		<-done
		s.Close()
	}
	until := g.couriers()
	until("all is told", func() bool {
		g.clock.pass(time.Hour)
		st := g.hooked(w.ID).State
		return st.Pending == 0 && st.Behind == 0
	})
	first := map[string][]int{} // versions of each resident, in the order in which they came first
	ids := map[string]string{}
	for _, m := range r.received() {
		key := fmt.Sprint(m.Data.ID, m.Data.Version)
		if ids[key] == "" {
			ids[key] = m.header.Get("webhook-id")
			first[m.Data.ID] = append(first[m.Data.ID], m.Data.Version)
		} else if ids[key] != m.header.Get("webhook-id") {
			t.Errorf("one change came with two ids")
		}
	}
	for id, version := range want {
		if len(first[id]) != version || !slices.IsSorted(first[id]) {
			t.Errorf("a resident at version %d was told as %v", version, first[id])
		}
	}
	t.Logf("%d messages of %d changes", len(r.received()), len(ids))
}

// A webhook that is added again with its id is there once; the secret is not shown again.
func TestWebhookSentTwice(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"id": care.NewID(), "name": "Platform", "url": "https://platform.example/hooks", "site_id": care.DefaultSite}
	first := g.hook(in)
	g.clock.pass(time.Minute)
	var again hooked
	g.do("POST", "/api/v1/webhooks", in).want(200).read(&again)
	if first.Secret == "" || again.Secret != "" || again.ID != first.ID || !again.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("made %+v, then %+v", first, again)
	}
	in["name"] = "Another"
	if p := g.do("POST", "/api/v1/webhooks", in).problem(409, care.Conflict); p.Field != "id" {
		t.Errorf("%+v", p)
	}
	// A manager of another site learns nothing of it.
	there := g.post("/sites", map[string]any{"name": "There", "zone": "UTC"}, 201)
	_, manager := g.staff(care.RoleManager, care.ByPassword, there.ID)
	in["name"], in["site_id"] = "Platform", there.ID
	g.as(manager).do("POST", "/api/v1/webhooks", in).problem(409, care.Conflict)

	// From one site to all and back.
	at := "/api/v1/webhooks/" + first.ID
	for i, site := range []string{"", care.DefaultSite, ""} {
		g.do("PATCH", at, map[string]any{"site_id": site}, etag(strconv.Itoa(i+1))...).want(200)
		if v := g.hooked(first.ID); v.SiteID != site {
			t.Errorf("of the site %q, want %q", v.SiteID, site)
		}
	}
	g.do("PATCH", at, map[string]any{"name": "X", "site_id": nil}, etag("4")...).want(200)
	if v := g.hooked(first.ID); v.SiteID != "" || v.Name != "X" {
		t.Errorf("%+v", v)
	}
}

// otherServer is a store whose webhooks another server tells, for a while.
type otherServer struct {
	*store.Store
	tells atomic.Bool
	asked atomic.Int32
}

func (o *otherServer) TakeSending(ctx context.Context) (bool, error) {
	o.asked.Add(1)
	if o.tells.Load() {
		return false, nil
	}
	return o.Store.TakeSending(ctx)
}

// While another server of the database tells webhooks, this one does not; then it goes on.
func TestWebhooksOfTwoServers(t *testing.T) {
	r := newReceiver(t)
	o := &otherServer{}
	g := newRig(t, reaching(r.Server, loopback), func(opt *Options) {
		o.Store, _ = opt.Store.(*store.Store)
		opt.Store = o
	}).admin()
	o.tells.Store(true)
	w := g.hook(map[string]any{"name": "Platform", "url": r.URL, "events": []string{"resident"}})
	g.resident(care.ConsentUnknown)
	until := g.couriers()
	until("it looked a few times", func() bool { return o.asked.Load() > 3 })
	if n := len(r.received()); n != 0 || g.hooked(w.ID).State.Behind == 0 {
		t.Errorf("%d messages while another server tells", n)
	}
	o.tells.Store(false)
	until("it goes on", func() bool { st := g.hooked(w.ID).State; return st.Behind == 0 && st.Pending == 0 })
	if n := len(r.received()); n != 1 {
		t.Errorf("%d messages, want one", n)
	}
}

func TestWebhookRefusals(t *testing.T) {
	g := newRig(t).admin()
	there := g.post("/sites", map[string]any{"name": "There", "zone": "UTC"}, 201)
	_, manager := g.staff(care.RoleManager, care.ByPassword)
	_, carer := g.staff(care.RoleCarer, care.ByPassword)
	ok := map[string]any{"name": "Platform", "url": "https://platform.example/hooks"}
	with := func(k string, v any) map[string]any {
		in := map[string]any{"name": "Platform", "url": "https://platform.example/hooks"}
		in[k] = v
		return in
	}
	for field, ins := range map[string][]map[string]any{
		"name": {with("name", ""), with("name", strings.Repeat("x", 500))},
		"url": {with("url", ""), with("url", "platform.example"), with("url", "http://platform.example/"), with("url", "https://127.0.0.1/"), with("url", "https://169.254.169.254/latest"),
			with("url", "https://[::ffff:10.0.0.1]/"), with("url", "https://user:pass@platform.example/"), with("url", "https://platform.example/#x"), with("url", "file:///etc/passwd"),
			with("url", "https://platform.example/"+strings.Repeat("x", 2000))},
		"events":  {with("events", []string{"users"}), with("events", []string{"assessment.burn"}), with("events", []string{""})},
		"payload": {with("payload", "everything")},
		"site_id": {with("site_id", care.NewID())},
		"id":      {with("id", "x")},
	} {
		for _, in := range ins {
			if p := g.do("POST", "/api/v1/webhooks", in).problem(422, care.Invalid); p.Field != field {
				t.Errorf("%v: field %q, want %q", in, p.Field, field)
			}
		}
	}
	g.do("POST", "/api/v1/webhooks", with("headers", []string{"X: y"})).problem(400, codeMalformed)
	g.do("POST", "/api/v1/webhooks", with("secret", "mine")).problem(400, codeMalformed)
	g.as(carer).do("POST", "/api/v1/webhooks", ok).problem(403, care.Forbidden)
	g.as(carer).do("GET", "/api/v1/webhooks", nil).problem(403, care.Forbidden)
	// A manager's are of the manager's sites, and others' are as if they did not exist.
	if p := g.as(manager).do("POST", "/api/v1/webhooks", ok).problem(422, care.Invalid); p.Field != "site_id" {
		t.Errorf("%+v", p)
	}
	g.as(manager).do("POST", "/api/v1/webhooks", with("site_id", there.ID)).problem(422, care.Invalid)
	own := g.as(manager).hook(with("site_id", care.DefaultSite))
	all := g.hook(ok)
	var list struct{ Webhooks []hooked }
	g.as(manager).do("GET", "/api/v1/webhooks", nil).want(200).read(&list)
	if len(list.Webhooks) != 1 || list.Webhooks[0].ID != own.ID {
		t.Errorf("the manager sees %+v", list)
	}
	for _, c := range []struct{ method, path string }{{"GET", ""}, {"PATCH", ""}, {"DELETE", ""}, {"POST", "/secret"}, {"POST", "/test"}, {"POST", "/replay"},
		{"GET", "/deliveries"}, {"GET", "/dead-letters"}, {"POST", "/dead-letters/redrive"}} {
		in := map[string]any{}
		if c.path == "/replay" {
			in["after"] = ""
		}
		var body any = in
		if c.method == "GET" || c.method == "DELETE" {
			body = nil
		}
		g.as(manager).do(c.method, "/api/v1/webhooks/"+all.ID+c.path, body, etag("1")...).problem(404, care.NotFound)
	}
	g.as(manager).do("PATCH", "/api/v1/webhooks/"+own.ID, map[string]any{"site_id": ""}, etag("1")...).problem(422, care.Invalid)
	at := "/api/v1/webhooks/" + own.ID
	g.do("PATCH", at, map[string]any{"name": "x"}).problem(428, codeIfMatch)
	g.do("PATCH", at, map[string]any{"name": "x"}, etag("7")...).problem(412, care.Stale)
	g.do("POST", at+"/secret", map[string]any{"overlap_hours": 721}, etag("1")...).problem(422, care.Invalid)
	g.do("GET", at+"/deliveries?limit=0", nil).problem(422, care.Invalid)
	g.do("GET", at+"/dead-letters?after=x", nil).problem(422, care.Invalid)
	g.do("DELETE", at, nil, etag("2")...).problem(412, care.Stale)
	g.do("DELETE", at, nil, etag("1")...).want(204)
	g.do("GET", at, nil).problem(404, care.NotFound)
	var words struct{ Events []string }
	g.do("GET", "/api/v1/webhooks/events", nil).want(200).read(&words)
	if !slices.Contains(words.Events, care.ActAssessDone) || !slices.Contains(words.Events, care.KindRelief) {
		t.Errorf("the events are %v", words)
	}
}

var _ hookStore = (*store.Store)(nil)
