package web

import (
	"testing"
	"time"

	"wince/care"
	"wince/stream"
)

func TestSystem(t *testing.T) {
	expires := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newRig(t, func(o *Options) {
		o.Certificate = func() CertificateState { return CertificateState{"self_signed", &expires} }
	}).admin()
	g.live.load = stream.Load{Streams: 2, Most: 8, Rate: 30, Analysed: 100, Dropped: 5}
	g.session(object{"practice": true, "condition": "rest"})
	g.clock.pass(time.Minute)
	var v systemView
	look := func() systemView {
		t.Helper()
		v = systemView{}
		g.do("GET", "/api/v1/system", nil).want(200).read(&v)
		return v
	}
	look()
	if s := v.Streams; s.Sessions != 1 || s.InUse != 2 || s.Limit != 8 || s.Analysed != 100 || s.Rates != nil {
		t.Errorf("streams %+v", s)
	}
	if v.Version != "test" || v.UptimeS != 60 || v.Models["mesh"] == "" || v.Method != method || v.Rules == "" || !v.Certificate.ExpiresAt.Equal(expires) || !v.Clock.Sane {
		t.Errorf("got %+v", v)
	}
	if s := v.Storage; s.Kind != "sqlite" || s.Bytes < 4096 || s.Free == nil || *s.Free <= 0 || *s.Total < *s.Free || s.Backup != nil || s.Verified != nil || s.Written == nil {
		t.Errorf("storage %+v", s)
	}
	g.clock.pass(10 * time.Second)
	g.live.mu.Lock()
	g.live.load.Analysed, g.live.load.Dropped = 400, 10
	g.live.mu.Unlock()
	if r := look().Streams.Rates; r == nil || r.OverS != 10 || r.Analysed != 30 || r.Dropped != 0.5 || r.Paced != 0 {
		t.Errorf("rates %+v", r)
	}
	if r := look().Streams.Rates; r != nil {
		t.Errorf("rates over no time: %+v", r)
	}
	g.do("GET", "/api/v1/audit/verification", nil).want(200)
	if err := g.store.RecordBackup(t.Context(), care.Act{By: care.Program, At: g.clock.now(), Request: "wince backup"}, care.AuditCheck{LastSeq: 7, LastHash: "h"}); err != nil {
		t.Fatal(err)
	}
	if s := look().Storage; s.Verified == nil || s.Verified.LastSeq == 0 || s.Verified.Problem != "" || s.Backup == nil || s.Backup.Seq != 7 || !s.Backup.At.Equal(g.clock.now()) {
		t.Errorf("notes %+v %+v", s.Verified, s.Backup)
	}
	g.clock.pass(-4 * time.Minute)
	if look(); v.Clock.Sane || v.Clock.Text == "" {
		t.Errorf("clock %+v", v.Clock)
	}
	_, carer := g.staff(care.RoleManager, care.ByPassword)
	g.as(carer).do("GET", "/api/v1/system", nil).problem(403, care.Forbidden)
}
