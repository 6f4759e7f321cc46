package stream

import (
	"time"

	"wince/vision"
)

// Stage is a step of a picture's way whose time is measured.
type Stage uint8

// The stages. Latency is the whole way, from the frame's last packet to the event that was sent.
const (
	StageDecode Stage = iota
	StageDetect
	StageCrop
	StageMesh
	StageAU
	StageScore
	StagePublish
	StageLatency
	NumStages
)

// String names the stage as metrics do.
func (s Stage) String() string {
	return [...]string{"decode", "detect", "crop", "mesh", "au", "score", "publish", "latency", "unknown"}[min(s, NumStages)]
}

// Meter is told how long steps took. It must be safe for concurrent use and quick: it is called several times for each picture.
type Meter interface {
	Spent(s Stage, d time.Duration)
}

func (s *Sessions) spent(stage Stage, d time.Duration) {
	if s.cfg.Meter != nil {
		s.cfg.Meter.Spent(stage, d)
	}
}

// measured tells the meter what one picture took.
func (s *Sessions) measured(in *vision.Stages, received, analysed time.Time) {
	if s.cfg.Meter == nil {
		return
	}
	now := time.Now()
	for stage, d := range [NumStages]time.Duration{
		StageDetect: in.Detect, StageCrop: in.Crop, StageMesh: in.Mesh, StageAU: in.AU, StageScore: in.Score,
		StagePublish: now.Sub(analysed), StageLatency: now.Sub(received),
	} {
		if Stage(stage) != StageDecode && (d > 0 || Stage(stage) != StageDetect) { // detection does not run for every picture
			s.cfg.Meter.Spent(Stage(stage), d)
		}
	}
}
