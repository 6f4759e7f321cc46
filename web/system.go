package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
	"wince/stream"
)

type systemStore interface {
	Storage(ctx context.Context) (*care.StorageState, error)
	RecordVerification(ctx context.Context, at time.Time, check care.AuditCheck) error
}

func (s *Server) systemRoutes() []route {
	return group("Reports and trail",
		row(http.MethodGet, "/system", care.ReadSystem, s.system, doc{about: "Tell how the server stands", more: "Streams and what they lose, versions, the database and its disk, the last backup and the last look at the whole trail, the certificate, the clock. `rates` is null until two looks are a second apart.",
			gives: systemView{}}),
	)
}

// systemView is how the server stands.
type systemView struct {
	Version     string             `json:"version"`
	Build       string             `json:"build"` // of the page
	StartedAt   time.Time          `json:"started_at"`
	UptimeS     int64              `json:"uptime_s"`
	Streams     streamsView        `json:"streams"`
	Models      map[string]string  `json:"models"` // name -> version and checksum
	Method      string             `json:"baseline_method"`
	Rules       string             `json:"rules"`
	Storage     *care.StorageState `json:"storage"`
	Certificate CertificateState   `json:"certificate"`
	Clock       clockView          `json:"clock"`
}

type streamsView struct {
	Sessions  int        `json:"sessions"`
	InUse     int        `json:"in_use"`
	Limit     int        `json:"limit"`
	Rate      float64    `json:"rate"`       // pictures a second that each stream is analysed at now, at most
	TotalRate float64    `json:"total_rate"` // that the machine is set to bear; 0 knows no limit
	Analysed  uint64     `json:"analysed"`   // since the start, of all streams
	Dropped   uint64     `json:"dropped"`
	Paced     uint64     `json:"paced"`
	Corrupt   uint64     `json:"corrupt"`
	Rates     *ratesView `json:"rates"` // pictures a second since the look before; null where there is none
}

type ratesView struct {
	OverS    float64 `json:"over_s"`
	Analysed float64 `json:"analysed"`
	Dropped  float64 `json:"dropped"`
	Paced    float64 `json:"paced"`
}

// CertificateState says what the server proves itself with.
type CertificateState struct {
	Kind      string     `json:"kind"`       // "self_signed", "own", "acme" (which renews itself) or "unknown"
	ExpiresAt *time.Time `json:"expires_at"` // null where it is not known
}

type clockView struct {
	Now  time.Time `json:"now"`
	Sane bool      `json:"sane"`           // it does not stand before what was written already
	Text string    `json:"text,omitempty"` // what to do where it does
}

// looked is the look before, to make rates of counts.
type looked struct {
	mu sync.Mutex
	at time.Time
	of stream.Load
}

// rates returns what was counted a second since the look before, and remembers this one unless that was just now.
func (l *looked) rates(now time.Time, load stream.Load) *ratesView {
	l.mu.Lock()
	defer l.mu.Unlock()
	over, before := now.Sub(l.at), l.of
	first := l.at.IsZero()
	if first || over >= time.Second || over < 0 {
		l.at, l.of = now, load
	}
	if first || over < time.Second || load.Analysed < before.Analysed {
		return nil
	}
	per := func(now, before uint64) float64 {
		return float64(int(10*float64(now-min(now, before))/over.Seconds()+0.5)) / 10
	}
	return &ratesView{over.Seconds(), per(load.Analysed, before.Analysed), per(load.Dropped, before.Dropped), per(load.Paced, before.Paced)}
}

func (s *Server) system(c *gin.Context) {
	now := s.opt.Now()
	storage, err := s.opt.Store.Storage(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	load := s.opt.Live.Load()
	v := systemView{Version: s.opt.Version, Build: s.files.build, StartedAt: care.Stamp(s.started), UptimeS: int64(now.Sub(s.started).Seconds()), Models: s.opt.Models,
		Method: s.opt.Method, Rules: pain.Rules, Storage: storage, Certificate: CertificateState{Kind: "unknown"},
		Streams: streamsView{load.Sessions, load.Streams, load.Most, load.Rate, load.TotalRate, load.Analysed, load.Dropped, load.Paced, load.Corrupt, s.looked.rates(now, load)},
		Clock:   clockView{Now: care.Stamp(now), Sane: true}}
	if v.Models == nil {
		v.Models = map[string]string{}
	}
	if s.opt.Certificate != nil {
		v.Certificate = s.opt.Certificate()
	}
	if w := storage.Written; w != nil && now.Before(w.Add(-clockTolerance)) {
		v.Clock.Sane, v.Clock.Text = false, "The clock stands earlier than the last record: set it, or wait until it has caught up; until then changes may be refused."
	}
	c.JSON(http.StatusOK, v)
}

// clockTolerance is how far the clock may stand behind what was written before that is said.
const clockTolerance = 2 * time.Minute
