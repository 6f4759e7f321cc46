package web

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"wince/care"
	"wince/stream"
)

func TestWHIP(t *testing.T) {
	g := newRig(t)
	g.bearer = localToken
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	a := g.do("POST", v.WHIP, "v=0\r\n", "Content-Type", sdp).want(201)
	if a.Header.Get("Location") != v.WHIP+"/peer-1" || a.Header.Get("Content-Type") != sdp || !strings.Contains(string(a.body), "answer") {
		t.Errorf("got %v %s", a.Header, a.body)
	}
	g.do("DELETE", v.WHIP+"/other", nil).problem(404, care.Code(stream.CodePeerUnknown))
	g.do("DELETE", a.Header.Get("Location"), nil).want(200)
	if a := g.do("OPTIONS", v.WHIP, nil).want(204); a.Header.Get("Accept-Post") != sdp {
		t.Errorf("Accept-Post %q", a.Header.Get("Accept-Post"))
	}
	if a := g.do("POST", v.WHIP, "v=0", "Content-Type", "text/plain"); a.Header.Get("Accept-Post") != sdp {
		t.Errorf("Accept-Post %q", a.Header.Get("Accept-Post"))
	} else {
		a.problem(415, codeMediaType)
	}
	g.do("POST", v.WHIP, strings.Repeat("a", maxOffer+1), "Content-Type", sdp).problem(413, care.Code(stream.CodeOfferTooLarge))
	g.bearer = ""
	g.do("POST", v.WHIP, "v=0", "Content-Type", sdp).problem(401, codeSignIn)
}

// RFC 9725, section 4.3.
func TestWHIPPatch(t *testing.T) {
	g := newRig(t)
	g.bearer = localToken
	g.server.opt.ICEServers = func() []ICEServer {
		return []ICEServer{{URL: "stun:192.0.2.1:3478"}, {URL: "turns:wince.example:5349?transport=tcp", Username: "1772366400:tablet", Credential: `a"b`}}
	}
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	a := g.do("POST", v.WHIP, "v=0\r\n", "Content-Type", sdp).want(201)
	if a.Header.Get("ETag") != `"ice-1"` || a.Header.Get("Accept-Patch") != sdpFrag {
		t.Errorf("got %v", a.Header)
	}
	links := []string{`<stun:192.0.2.1:3478>; rel="ice-server"`,
		`<turns:wince.example:5349?transport=tcp>; rel="ice-server"; username="1772366400:tablet"; credential="a\"b"; credential-type="password"`}
	for _, a := range []answer{a, g.do("OPTIONS", v.WHIP, nil).want(204)} {
		if got := a.Header.Values("Link"); !slices.Equal(got, links) {
			t.Errorf("Link %q", got)
		}
	}
	at := a.Header.Get("Location")
	frag := []string{"Content-Type", sdpFrag}
	g.do("PATCH", at, "a=candidate", append(frag, "If-Match", `"ice-1"`)...).want(204)
	if a := g.do("PATCH", at, "restart", append(frag, "If-Match", "*")...).want(200); a.Header.Get("ETag") != `"ice-2"` || a.Header.Get("Content-Type") != sdpFrag || !strings.Contains(string(a.body), "ufrag:new") {
		t.Errorf("restart: %v %s", a.Header, a.body)
	}
	g.do("PATCH", at, "a=candidate", append(frag, "If-Match", `"ice-0"`)...).problem(412, care.Code(stream.CodeICEOutdated))
	g.do("PATCH", at, "a=candidate", frag...).problem(428, codeIfMatch)
	g.do("PATCH", at, "bad", append(frag, "If-Match", "*")...).problem(400, care.Code(stream.CodeFragment))
	g.do("PATCH", at, "a=candidate", "Content-Type", sdp, "If-Match", "*").problem(415, codeMediaType)
	g.do("PATCH", v.WHIP+"/other", "a=candidate", append(frag, "If-Match", "*")...).problem(404, care.Code(stream.CodePeerUnknown))
}

func TestWHIPRefusals(t *testing.T) {
	g := newRig(t)
	g.bearer = localToken
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	for _, c := range []struct {
		err    error
		status int
		code   care.Code
		retry  string
	}{
		{stream.ErrOfferUnreadable.Because(errors.New("secret cause")), 400, care.Code(stream.CodeOfferUnreadable), ""},
		{stream.ErrOfferNoVideo, 422, care.Code(stream.CodeOfferNoVideo), ""},
		{stream.ErrOfferCodec, 422, care.Code(stream.CodeOfferCodec), ""},
		{stream.ErrStreamConflict, 409, care.Code(stream.CodeStreamConflict), "5"},
		{stream.ErrAtCapacity, 503, care.Code(stream.CodeAtCapacity), "10"},
		{errors.New("secret cause"), 500, codeInternal, ""},
	} {
		g.live.session(v.ID).publish = func(string) (string, string, error) { return "", "", c.err }
		a := g.do("POST", v.WHIP, "v=0", "Content-Type", sdp)
		a.problem(c.status, c.code)
		if strings.Contains(string(a.body), "secret") || a.Header.Get("Retry-After") != c.retry {
			t.Errorf("%s: Retry-After %q: %s", c.code, a.Header.Get("Retry-After"), a.body)
		}
	}
	g.live.session(v.ID).publish = func(string) (string, string, error) { panic("secret cause") }
	if a := g.do("POST", v.WHIP, "v=0", "Content-Type", sdp); strings.Contains(string(a.body), "secret") {
		t.Errorf("leaks: %s", a.body)
	} else {
		a.problem(500, codeInternal)
	}
}

// The events go over a real connection, with HTTP/1.1 and HTTP/2.
func TestEvents(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		g := newRig(t)
		g.bearer = localToken
		v := g.session(map[string]any{"practice": true, "condition": "rest"})
		srv := httptest.NewUnstartedServer(g.server.Handler())
		srv.EnableHTTP2 = h2
		srv.StartTLS()
		defer srv.Close()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+v.Events, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+localToken)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") || (res.ProtoMajor == 2) != h2 {
			t.Errorf("content type %q over %s", got, res.Proto)
		}
		live := g.live.session(v.ID)
		live.events <- []byte(`{"type":"frame"}`)
		live.events <- []byte(`{"type":"end","reason":"closed"}`)
		var got []string
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			if s, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if got = append(got, s); len(got) == 2 {
					live.Close() // the stream ends with the session
				}
			}
		}
		if lines.Err() != nil || strings.Join(got, " ") != `{"type":"frame"} {"type":"end","reason":"closed"}` {
			t.Errorf("got %q, %v", got, lines.Err())
		}
	}
}

func TestEventsEndWithTheServer(t *testing.T) {
	g := newRig(t)
	g.bearer = localToken
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	done := make(chan struct{})
	go func() { defer close(done); g.do("GET", v.Events, nil) }()
	g.server.beginStop()
	<-done
}

func TestSessionsLeftOpenByAKilledServerAreEnded(t *testing.T) {
	g := newRig(t).admin()
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	if err := g.server.EndLeftOver(t.Context()); err != nil { // as the next start does
		t.Fatal(err)
	}
	x, err := g.store.Session(t.Context(), v.ID)
	if err != nil || x.EndedAt == nil {
		t.Errorf("still open: %+v %v", x, err)
	}
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: v.ID, Limit: 10})
	if err != nil || len(trail) != 2 || trail[1].Action != care.ActSessionEnd {
		t.Errorf("trail %+v %v", trail, err)
	}
}
