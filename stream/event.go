package stream

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"wince/pain"
	"wince/vision"
)

// appendFrameEvent appends the event of one result, as [AppendFrameEvent] does.
func (s *Session) appendFrameEvent(b []byte, r *vision.Result, rtp uint32) []byte {
	s.mu.Lock()
	c := s.capture.status()
	s.mu.Unlock()
	return AppendFrameEvent(b, r, rtp, c, s.stat.dropped.Load(), s.heldBack.Load())
}

// AppendFrameEvent appends {"type":"frame",...}: the members of [pain.Frame.AppendJSON], then rtp, baseline, face, capture
// and dropped. It does not allocate where b has room. Where numbers are held back, au, pspi and score are null, there are no
// confounders, and held_back says why.
func AppendFrameEvent(b []byte, r *vision.Result, rtp uint32, c Capture, dropped uint64, heldBack bool) []byte {
	if heldBack {
		b = r.Frame.AppendHeldBack(append(b, `{"type":"frame","held_back":true,`...))
	} else {
		b = r.Frame.AppendJSON(append(b, `{"type":"frame",`...))
	}
	b = strconv.AppendUint(append(b, `,"rtp":`...), uint64(rtp), 10)
	b = append(append(append(b, `,"baseline":"`...), r.Baseline...), '"')
	b = appendFace(append(b, `,"face":`...), &r.Face)
	b = append(append(append(b, `,"capture":{"state":"`...), c.State...), `","assessed_ms":`...)
	b = strconv.AppendInt(b, c.Assessed.Milliseconds(), 10)
	b = strconv.AppendInt(append(b, `,"wanted_ms":`...), c.Wanted.Milliseconds(), 10)
	if c.Baseline {
		b = append(b, `,"purpose":"baseline"`...)
	}
	b = strconv.AppendUint(append(b, `},"dropped":`...), dropped, 10)
	return append(b, '}')
}

func appendFace(b []byte, f *vision.Face) []byte {
	if !f.Found {
		return append(b, "null"...)
	}
	b = append(b, `{"box":[`...)
	b = appendShare(b, f.Box.X)
	b = appendShare(append(b, ','), f.Box.Y)
	b = appendShare(append(b, ','), f.Box.W)
	b = appendShare(append(b, ','), f.Box.H)
	b = appendShare(append(b, `],"pose":[`...), f.Yaw)
	b = appendShare(append(b, ','), f.Pitch)
	b = appendShare(append(b, ','), f.Roll)
	b = append(b, `],"points":[`...)
	sep := ""
	for _, i := range vision.OverlayIndices {
		if i >= len(f.Points) {
			continue
		}
		b = appendShare(append(b, sep...), f.Points[i].X)
		b = appendShare(append(b, ','), f.Points[i].Y)
		sep = ","
	}
	return append(b, "]}"...)
}

// appendShare writes three decimals, by hand, because strconv's shortest form takes five times as long and there are a
// hundred of them in an event. What is no number, or beyond all measure, is written as 0, for JSON has no other way.
func appendShare(b []byte, x float32) []byte {
	if !(x > -1e6 && x < 1e6) {
		return append(b, '0')
	}
	n := int64(math.Round(float64(x) * 1000))
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/1000, 10)
	if n %= 1000; n == 0 {
		return b
	}
	b = append(b, '.', byte('0'+n/100))
	if n %= 100; n == 0 {
		return b
	}
	b = append(b, byte('0'+n/10))
	if n %= 10; n == 0 {
		return b
	}
	return append(b, byte('0'+n))
}

// publish sends an event, which is borrowed, to the tablet and to all subscribers.
func (s *Session) publish(event []byte, frame bool) {
	dropped := s.subs.send(event, frame)
	if p := s.current(); p != nil && !p.Send(event) {
		dropped++
	}
	s.stat.unsent.Add(uint64(dropped))
}

func (s *Session) publishNotice(code, text string) {
	b, err := json.Marshal(struct {
		Type string `json:"type"`
		Code string `json:"code"`
		Text string `json:"text"`
	}{"notice", code, text})
	s.publishMarshalled(b, err)
}

func (s *Session) publishEnd(reason string) {
	b, err := json.Marshal(struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}{"end", reason})
	s.publishMarshalled(b, err)
}

// publishObservation tells that an observation is done. The trace is left out: a message of many packets is easily lost on a
// channel without retransmits, and whoever wants it can ask for the observation.
func (s *Session) publishObservation(o *pain.Observation) {
	if s.heldBack.Load() {
		s.publish([]byte(`{"type":"observation","held_back":true}`), false)
		return
	}
	short := *o
	short.Trace = nil
	b, err := json.Marshal(struct {
		Type string `json:"type"`
		*pain.Observation
	}{"observation", &short})
	s.publishMarshalled(b, err)
}

func (s *Session) publishMarshalled(b []byte, err error) {
	if err != nil {
		s.owner.cfg.Logger.Error("write event", "session", s.id, "error", err)
		return
	}
	s.publish(b, false)
}

// captureAdd takes in one result and returns the outcome where it completes the window.
func (s *Session) captureAdd(r *vision.Result) (done outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.capture.add(r) {
		done = s.finish()
	}
	return done
}

// captureTimeout completes the window where its time is up, and otherwise returns when to ask again, 0 for never. While no pictures come its
// end moves on.
func (s *Session) captureTimeout() (again time.Duration) {
	s.mu.Lock()
	var done outcome
	if s.capture.state == CaptureRunning {
		if again = s.capture.left(time.Now()); again <= 0 {
			again, done = 0, s.finish()
		}
	}
	s.mu.Unlock()
	s.publishOutcome(done)
	return again
}

func (s *Session) publishOutcome(done outcome) {
	if done.observation != nil {
		s.publishObservation(done.observation)
	}
	if done.taken != nil {
		s.publishTaken(done.taken)
	}
}

// publishTaken tells whether a baseline was taken that can be kept, and if not why. It never carries the values.
func (s *Session) publishTaken(t *Taken) {
	b, err := json.Marshal(t.event(s.heldBack.Load()))
	s.publishMarshalled(b, err)
}
