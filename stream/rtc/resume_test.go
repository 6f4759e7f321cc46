package rtc

import (
	"context"
	"testing"
	"time"

	"wince/pain"
	"wince/stream"
	"wince/vision"
)

type anyPicture struct{}

func (anyPicture) Decode(_ []byte, into *vision.I420) (bool, error) { return true, nil }

func (anyPicture) Analyze(*vision.I420, time.Duration) vision.Result {
	return vision.Result{Frame: pain.Frame{State: pain.Scored, AU: pain.Unmeasured(), Score: 3}, Baseline: vision.BaselineSession}
}

func (anyPicture) Close() error { return nil }

// The way between a tablet and the server is lost in the middle of a capture, and found anew from another place: the same session, channel and
// capture go on. Media time passes faster here than the clock's.
func TestCaptureOutlastsARestart(t *testing.T) {
	s := newServer(t, Config{})
	live, err := stream.NewSessions(stream.Config{
		Publisher: s, NewDecoder: func(stream.Codec) (stream.Decoder, error) { return anyPicture{}, nil },
		NewAnalyzer: func(*vision.Neutral, vision.Side) (stream.Analyzer, error) { return anyPicture{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	session, err := live.Create("s", stream.BothSides)
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan []byte, 1024)
	tab := newTablet(t, func(e []byte) { results <- e })
	peer := ""
	err = tab.Publish(t.Context(), func(ctx context.Context, offer string) (answer string, err error) {
		answer, peer, err = session.Publish(ctx, offer)
		return answer, err
	})
	if err != nil {
		t.Fatal(err)
	}
	var rtp uint32
	step := uint32(9000) // a tenth of a second
	film := func(ready func(stream.Status) bool) {
		t.Helper()
		eventually(t, "enough pictures", func() bool {
			if _, err := tab.Write(vp8(true, 500), rtp); err != nil {
				t.Fatal(err)
			}
			rtp += step
			return ready(session.Status())
		})
	}
	film(func(st stream.Status) bool { return st.Connected && st.Analysed > 2 })
	if err := session.StartCapture(4 * time.Second); err != nil {
		t.Fatal(err)
	}
	film(func(st stream.Status) bool { return st.Capture.Assessed >= time.Second })

	err = tab.Restart(t.Context(), func(ctx context.Context, fragment string) (string, error) {
		answer, tag, err := session.Patch(ctx, peer, "*", fragment)
		if err == nil && tag != session.ICE(peer) {
			t.Errorf("tag %q, want %q", tag, session.ICE(peer))
		}
		return answer, err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := session.Status().Received
	step = 90 // what is lost until the way stands is not the gap
	film(func(st stream.Status) bool { return st.Connected && st.Received > before+3 })
	step, rtp = 9000, rtp+9*90000
	for len(results) > 0 {
		<-results
	}
	film(func(st stream.Status) bool { return st.Capture.State == stream.CaptureDone })
	o, _ := session.Observation()
	if o.State != "assessed" || o.AssessedMS < 4000 || o.AssessedMS > 5000 || len(o.Gaps) != 1 || o.Gaps[0].MS < 9000 || o.Gaps[0].MS > 10000 {
		t.Errorf("observation of %d ms in %s, gaps %+v", o.AssessedMS, o.State, o.Gaps)
	}
	select {
	case <-results:
	case <-time.After(10 * time.Second):
		t.Error("no results after the restart")
	}
	if now, _ := live.Streams(); now != 1 {
		t.Errorf("%d streams", now)
	}
}
