package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"wince/stream"
	"wince/stream/decode"
	"wince/stream/rtc"
	"wince/vision"
)

// stageTimes are milliseconds a picture on one thread.
type stageTimes struct {
	Receive float64 `json:"receive"`
	Decode  float64 `json:"decode"`
	Crop    float64 `json:"crop"`
	Detect  float64 `json:"detect"`
	Mesh    float64 `json:"mesh"`
	AU      float64 `json:"au"`
	Score   float64 `json:"score"`
	Publish float64 `json:"publish"`
	Total   float64 `json:"total"`
}

func (s *stageTimes) each() []*float64 {
	return []*float64{&s.Receive, &s.Decode, &s.Crop, &s.Detect, &s.Mesh, &s.AU, &s.Score, &s.Publish}
}

// stageBench takes the clip through every step of a picture's way in one goroutine, as a live session does in several.
type stageBench struct {
	packets  *rtc.Replay
	decoder  *decode.VPX
	analyzer *vision.Analyzer
	img      vision.I420
	event    []byte
	frame    []byte // as it was put together
	began    time.Time
	n        int
	spent    [8]time.Duration
	allocs   [3]uint64 // of receive, of decode to score, of publish
}

// stages measures rep.Stages, rep.Allocs and the parts of them.
func (o *benchOptions) stages(film *film, times benchTimes, rep *benchReport) (err error) {
	nets, err := openModels(o.models, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nets.Close()) }()
	b := &stageBench{began: time.Now()}
	if b.analyzer, err = vision.NewAnalyzer(nets, vision.AnalyzerConfig{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.analyzer.Close()) }()
	if b.decoder, err = decode.NewVP8(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.decoder.Close()) }()
	if b.packets, err = rtc.NewReplay(func(f stream.EncodedFrame) bool { b.frame = f.Data; return true }); err != nil {
		return err
	}
	frames := film.frames[:min(len(film.frames), times.frames)]
	if err := b.round(frames, false); err != nil { // memory grows to its size, caches fill
		return err
	}
	perRound := make([][]float64, len(b.spent))
	for range times.rounds {
		b.spent = [8]time.Duration{}
		if err := b.round(frames, false); err != nil {
			return err
		}
		for i, d := range b.spent {
			perRound[i] = append(perRound[i], d.Seconds()*1000/float64(len(frames)))
		}
	}
	for i, to := range rep.Stages.each() {
		*to = rounded(middle(perRound[i]))
		rep.Stages.Total += *to
	}
	rep.Stages.Total = rounded(rep.Stages.Total)
	if err := b.round(frames, true); err != nil {
		return err
	}
	of := func(i int) float64 { return rounded(float64(b.allocs[i]) / float64(len(frames))) }
	rep.allocsReceive, rep.Allocs, rep.allocsPublish = of(0), of(1), of(2)
	return nil
}

// round goes once through the clip. Counting allocations stops the world, so that times then mean nothing.
func (b *stageBench) round(frames []filmFrame, counting bool) error {
	for i := range frames {
		packets, err := b.packets.Send(frames[i].data, uint32(b.n*3000))
		if err != nil {
			return err
		}
		b.frame = nil
		counted := [4]uint64{}
		count := func(k int) {
			if counting {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				counted[k] = m.Mallocs
			}
		}
		t := time.Duration(b.n) * time.Second / 30
		count(0)
		start := time.Now()
		if err := b.packets.Receive(packets, start); err != nil {
			return err
		}
		received := time.Now()
		if b.frame == nil {
			return fmt.Errorf("picture %d was not put together from its packets", i)
		}
		count(1)
		decoding := time.Now()
		if _, err := b.decoder.Decode(b.frame, &b.img); err != nil {
			return err
		}
		decoded := time.Now()
		r, err := b.analyzer.Analyze(&b.img, t)
		if err != nil {
			return err
		}
		count(2)
		publishing := time.Now()
		b.event = stream.AppendFrameEvent(b.event[:0], &r, uint32(b.n), stream.Capture{State: stream.CaptureIdle}, 0, false)
		end := time.Now()
		count(3)
		b.n++
		for k, d := range [8]time.Duration{received.Sub(start), decoded.Sub(decoding), r.Stages.Crop, r.Stages.Detect, r.Stages.Mesh, r.Stages.AU, r.Stages.Score, end.Sub(publishing)} {
			b.spent[k] += d
		}
		for k := range b.allocs {
			b.allocs[k] += counted[k+1] - counted[k]
		}
	}
	return nil
}
