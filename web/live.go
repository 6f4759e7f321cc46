package web

import (
	"context"
	"time"

	"wince/pain"
	"wince/stream"
)

// Live opens and finds live sessions.
type Live interface {
	Create(id string, side stream.Side) (LiveSession, error)
	Get(id string) (LiveSession, error)
	Load() stream.Load
}

// LiveSession is one tablet's video and what is measured in it; *stream.Session is one.
type LiveSession interface {
	Publish(ctx context.Context, offer string) (answer, peer string, err error)
	Patch(ctx context.Context, peer, tag, fragment string) (answer, newTag string, err error)
	ICE(peer string) string // names the state of the connection
	Unpublish(peer string) error
	Subscribe() (events <-chan []byte, cancel func())
	MeasureAgainst(own stream.Baseline) error // before the camera starts
	Against() (own *stream.Baseline, used bool)
	StartCapture(wanted time.Duration) error
	Observation() (pain.Observation, bool)
	StartBaseline(wanted time.Duration) error
	Taken() (stream.Taken, bool)
	Status() stream.Status
	HoldBack() // keeps numbers out of the events
	Done() <-chan struct{}
	Close()
}

// LiveSessions makes the registry of package stream fit for this one.
func LiveSessions(s *stream.Sessions) Live { return sessions{s} }

type sessions struct{ *stream.Sessions }

func (s sessions) Create(id string, side stream.Side) (LiveSession, error) {
	x, err := s.Sessions.Create(id, side)
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (s sessions) Get(id string) (LiveSession, error) {
	x, err := s.Sessions.Get(id)
	if err != nil {
		return nil, err
	}
	return x, nil
}
