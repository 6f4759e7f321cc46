// Package web is the server that tablets and programs talk to: the REST interface under /api/v1, sign-in, WHIP (RFC 9725)
// for the video, server-sent events for results, and the embedded tablet page. It knows HTTP and nothing below it does.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gin-gonic/gin"
)

// Store is what the server keeps its records in. Each handler names the methods that it calls.
type Store interface {
	accountStore
	residentStore
	sessionStore
	assessmentStore
	Ping(ctx context.Context) error
}

// Options is all that a server needs. Store and Live are required.
type Options struct {
	Store      Store
	Live       Live
	Logger     *slog.Logger      // default discards
	Now        func() time.Time  // default time.Now
	Version    string            // of the program, for /healthz
	Models     map[string]string // what measures, for /healthz; empty where nothing does
	SelfSigned bool              // the certificate is nobody's word but ours: no HSTS
	LocalToken string            // opens practice sessions; empty for none

	LoginLife time.Duration // a sign-in ends after; default 12 h, a long shift
	LoginIdle time.Duration // a sign-in ends when unused for; default 2 h
	Password  *argon2id.Params
}

// Server answers requests. Make one with New, run it with Run or use Handler.
type Server struct {
	opt     Options
	log     *slog.Logger
	engine  *gin.Engine
	tries   *lockout
	hashing chan struct{} // bounds the memory that hashing passwords takes
	dummy   string        // a hash to compare with where there is no such user, so that the time tells nothing
	watch   sync.WaitGroup
	stop    chan struct{} // closed when the server begins to stop
	stopped sync.Once
}

// New makes a server.
func New(opt Options) (*Server, error) {
	if opt.Store == nil || opt.Live == nil {
		return nil, errors.New("make web server: a store and live sessions are needed")
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.LoginLife == 0 {
		opt.LoginLife = 12 * time.Hour
	}
	if opt.LoginIdle == 0 {
		opt.LoginIdle = 2 * time.Hour
	}
	if opt.Password == nil {
		// RFC 9106, second recommended option: 64 MiB, three passes.
		opt.Password = &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}
	}
	s := &Server{opt: opt, log: opt.Logger, tries: newLockout(opt.Now), hashing: make(chan struct{}, 2), stop: make(chan struct{})}
	var err error
	if s.dummy, err = argon2id.CreateHash(newToken(), opt.Password); err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	s.engine = s.routes()
	return s, nil
}

// Handler returns the server as an http.Handler.
func (s *Server) Handler() http.Handler { return s.engine }

func (s *Server) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode) // gin's debug mode writes to standard output past our logger
	e := gin.New(func(e *gin.Engine) {
		e.HandleMethodNotAllowed = true
		e.RedirectTrailingSlash = false
	})
	// nil cannot fail: no proxy is trusted, so nobody can claim another address.
	_ = e.SetTrustedProxies(nil)
	e.Use(s.identify, s.protect, s.record, s.recover, s.limit)
	e.NoRoute(s.noRoute)
	e.NoMethod(func(c *gin.Context) {
		s.fail(c, edge(codeMethod, "This address does not know the method "+c.Request.Method+"."))
	})
	e.GET("/healthz", s.health)
	e.GET("/", s.page)
	e.GET("/assets/*file", s.asset)
	e.GET("/favicon.svg", s.asset)

	open := e.Group("/api/v1", noStore)
	open.GET("/problems", s.problems)
	open.GET("/setup", s.setUpNeeded)
	open.POST("/setup", s.setUp)
	open.POST("/login", s.login)

	// What the local token opens too: practice, and nothing that names a person.
	api := open.Group("", s.signedIn)
	api.POST("/sessions", s.openSession)
	api.GET("/sessions/:id", s.getSession)
	api.DELETE("/sessions/:id", s.endSession)
	api.POST("/sessions/:id/whip", s.publish)
	api.OPTIONS("/sessions/:id/whip", s.publishOptions)
	api.DELETE("/sessions/:id/whip/:peer", s.unpublish)
	api.GET("/sessions/:id/events", s.events)
	api.POST("/sessions/:id/capture", s.capture)
	api.GET("/sessions/:id/observation", s.observation)
	api.POST("/assessments", s.addAssessment)
	api.GET("/assessments", s.listAssessments)
	api.GET("/assessments/:id", s.getAssessment)

	people := api.Group("", s.personOnly)
	people.POST("/logout", s.logout)
	people.GET("/me", s.me)
	people.POST("/residents", s.addResident)
	people.GET("/residents", s.listResidents)
	people.GET("/residents/:id", s.getResident)
	people.POST("/assessments/:id/confirm", s.confirmAssessment)
	return e
}

// Run serves HTTPS on a listener until the context ends, then lets requests finish for a few seconds. It closes the listener.
func (s *Server) Run(ctx context.Context, l net.Listener, conf *tls.Config) error {
	h := &http.Server{
		Handler: s.engine, TLSConfig: conf, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // a tablet that distrusts the certificate is no event
	}
	failed := make(chan error, 1)
	go func() { failed <- h.ServeTLS(l, "", "") }()
	select {
	case err := <-failed:
		s.beginStop()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.beginStop()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := h.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		err = h.Close()
	}
	if end := <-failed; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

func (s *Server) beginStop() { s.stopped.Do(func() { close(s.stop) }) }

// Close ends event streams and waits for the watchers of sessions; close the live sessions first.
func (s *Server) Close() {
	s.beginStop()
	s.watch.Wait()
}

func (s *Server) health(c *gin.Context) {
	if err := s.opt.Store.Ping(c.Request.Context()); err != nil {
		s.fail(c, err)
		return
	}
	models := s.opt.Models
	if models == nil {
		models = map[string]string{}
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"status": "ok", "version": s.opt.Version, "models": models, "not_a_medical_device": true})
}
