// Package web is the server that tablets and programs talk to: the REST interface under /api/v1, sign-in, WHIP (RFC 9725)
// for the video, server-sent events for results, and the embedded tablet page. It knows HTTP and nothing below it does.
package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gin-gonic/gin"
	"github.com/go-webauthn/webauthn/webauthn"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"wince/care"
	"wince/pain"
	"wince/stream"
	"wince/web/fhir"
	"wince/web/hook"
)

// Store is what the server keeps its records in. Each handler names the methods that it calls.
type Store interface {
	accountStore
	peopleStore
	deviceStore
	enrolmentStore
	siteStore
	identityStore
	passkeyStore
	residentStore
	consentStore
	baselineStore
	reliefStore
	measureStore
	scheduleStore
	pauseStore
	eventStore
	roundStore
	sessionStore
	assessmentStore
	auditStore
	scaleStore
	reportStore
	systemStore
	fhirStore
	clientStore
	tokenStore
	changeStore
	downloadStore
	bulkStore
	webhookStore
	hookStore
	onceStore
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
	Method     string            // what measures baselines: those of another method are outdated
	SelfSigned bool              // the certificate is nobody's word but ours: no HSTS
	LocalToken string            // opens practice sessions; empty for none
	Exports    string            // folder for the files of Bulk Data exports, emptied at the start; empty for no exports

	ExternalSystem string // of the care platform's ids of residents, as FHIR names it; empty for our own name of it

	Login       care.LoginLife // defaults: 12 h, a long shift; 2 h unused; 15 min unused after a PIN
	Password    *argon2id.Params
	Certificate func() CertificateState // what the server proves itself with; nil where that is not known

	Origin   string    // how tablets call the server, such as "https://wince.example:8443": passkeys and the provider need it
	Limits   Limits    // of requests; the zero value sets none
	Provider *Provider // the home's identity provider; nil for none

	ICEServers func() []ICEServer // that help tablets to reach the video; nil for none

	Tracer  trace.Tracer                                               // traces requests; nil traces none
	Observe func(route, method string, status int, took time.Duration) // is told of every request; nil for nobody

	Webhooks hook.Rules // where webhooks may go, and programs' keys may be fetched
	Tries    hook.Tries // how long they are tried; default hook.Days
}

// Server answers requests. Make one with New, run it with Run or use Handler.
type Server struct {
	opt        Options
	log        *slog.Logger
	engine     *gin.Engine
	files      *pageFiles
	started    time.Time
	looked     looked
	tries      *lockout
	lane       *lane
	hashing    chan struct{} // bounds the memory that hashing passwords takes
	bulk       *bulkJobs
	downloads  chan struct{}      // bounds how many read everything at once
	listeners  chan struct{}      // bounds how many streams of changes there are
	dummy      string             // a hash to compare with where there is no such user, so that the time tells nothing
	passkeys   *webauthn.WebAuthn // nil without an origin
	ceremonies *pending[webauthn.SessionData]
	signOn     *signOn                // nil without a provider
	builtIn    map[string]*pain.Scale // the scales that come with Wince, by id
	scales     sync.Map               // pain.Ref -> *pain.Scale: others that were looked up; versions never change
	kinds      []*fhir.Kind           // the types of resources that FHIR tells
	begun      time.Time              // when the server was made
	hooks      *courier
	keySets    *keySets
	notifies   map[care.HookKind]notify
	watch      sync.WaitGroup
	leaving    atomic.Bool   // the server is to stop, and finishes what runs
	stop       chan struct{} // closed when the server begins to stop
	stopped    sync.Once

	byAddress, byPrincipal *limiter
	unheld                 map[string]bool // routes without a rate limit, as METHOD PATTERN
	patience               timeLimits
}

// New makes a server.
func New(opt Options) (*Server, error) {
	if opt.Store == nil || opt.Live == nil {
		return nil, errors.New("make web server: a store and live sessions are needed")
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Tracer == nil {
		opt.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	opt.Login.Life = cmp.Or(opt.Login.Life, 12*time.Hour)
	opt.Login.Idle = cmp.Or(opt.Login.Idle, 2*time.Hour)
	opt.Login.PINIdle = cmp.Or(opt.Login.PINIdle, min(15*time.Minute, opt.Login.Idle))
	if opt.Password == nil {
		// RFC 9106, second recommended option: 64 MiB, three passes.
		opt.Password = &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}
	}
	s := &Server{opt: opt, started: opt.Now(), log: opt.Logger, tries: newLockout(opt.Now), hashing: make(chan struct{}, 2), stop: make(chan struct{}),
		kinds: fhir.Kinds(), begun: opt.Now()}
	s.hooks = newCourier(s, opt.Webhooks, opt.Tries)
	s.keySets = newKeySets(opt.Webhooks, opt.Now, opt.Logger)
	s.notifies = map[care.HookKind]notify{care.StandardHook: s.notifyWebhook, care.FHIRHook: s.notifySubscription}
	s.unheld, s.patience = map[string]bool{}, usualPatience
	s.byAddress, s.byPrincipal = newLimiter("address", opt.Limits.Address, opt.Now), newLimiter("principal", opt.Limits.Principal, opt.Now)
	var err error
	if s.dummy, err = argon2id.CreateHash(newToken(), opt.Password); err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	s.ceremonies = newPending[webauthn.SessionData](opt.Now)
	if opt.Origin != "" {
		if s.passkeys, err = newPasskeys(opt.Origin); err != nil {
			return nil, err
		}
	}
	if opt.Provider != nil {
		if opt.Origin == "" {
			return nil, errors.New("make web server: an identity provider needs the server's origin, to send people back to")
		}
		s.signOn = newSignOn(*opt.Provider, opt.Origin, opt.Now)
	}
	s.downloads = make(chan struct{}, downloadsAtOnce)
	s.listeners = make(chan struct{}, maxListeners)
	if s.bulk, err = newBulkJobs(opt.Exports, opt.Now); err != nil {
		return nil, err
	}
	if s.builtIn, err = readScales(); err != nil {
		return nil, err
	}
	built, err := fs.Sub(dist, "app/dist")
	if err == nil {
		s.files, err = newPageFiles(built)
	}
	if err != nil {
		return nil, err
	}
	if s.engine, err = s.routes(); err != nil {
		return nil, err
	}
	s.lane = newLane() // the last thing, since it has to be closed
	return s, nil
}

// Handler returns the server as an http.Handler.
func (s *Server) Handler() http.Handler { return s.engine }

// timeLimits say how long clients may take: for the headers, for the whole request, and until they have taken the answer.
type timeLimits struct{ header, request, answer time.Duration }

var usualPatience = timeLimits{5 * time.Second, 20 * time.Second, 30 * time.Second}

// Run serves HTTPS on a listener until the context ends, then lets requests finish for a few seconds. It closes the listener.
func (s *Server) Run(ctx context.Context, l net.Listener, conf *tls.Config) error {
	h := &http.Server{
		Handler: s.engine, TLSConfig: conf, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: s.patience.header, ReadTimeout: s.patience.request, WriteTimeout: s.patience.answer, IdleTimeout: 2 * time.Minute,
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

// Leave makes /readyz say that the server is about to stop, so that nobody new is sent to it. Everything else goes on.
func (s *Server) Leave() { s.leaving.Store(true) }

// ready answers whether new work should be sent here: the database answers and the server is not about to stop.
func (s *Server) ready(c *gin.Context) {
	if s.leaving.Load() {
		s.fail(c, stream.ErrStopping)
		return
	}
	if err := s.opt.Store.Ping(c.Request.Context()); err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
}

func (s *Server) beginStop() { s.stopped.Do(func() { close(s.stop) }) }

// Close ends event streams and exports and waits for the watchers of sessions; close the live sessions first.
func (s *Server) Close() {
	s.beginStop()
	s.watch.Wait()
	s.bulk.close()
	s.lane.close()
}

// RunExports removes the files of exports that have expired, at each tick until the context ends.
func (s *Server) RunExports(ctx context.Context, tick <-chan time.Time) { s.bulk.run(ctx, tick) }

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
