package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"wince/care"
	"wince/pain"
	"wince/store"
	"wince/stream"
	"wince/stream/decode"
	"wince/stream/rtc"
	"wince/vision"
	"wince/vision/ort"
	"wince/web"
)

func newServeCmd() *cobra.Command {
	var file string
	d := defaultConfig()
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server that tablets and programs talk to",
		Long: `Serve runs the web page, the interface under /api/v1 and the analysis of live video, over HTTPS. The first start prints a
link that makes the first administrator. It stops on SIGTERM or Ctrl-C and lets requests finish.

Settings come from defaults, the file named by --config, environment variables (WINCE_DATA, WINCE_TLS_CERT, ...) and flags;
the later wins. docs/config.sample.yaml describes all of them.`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&file, "config", "", "configuration `FILE` (YAML)")
	f.String("data", d.Data, "`DIR` of the database, certificate and tokens")
	f.String("database", d.Database, "`URL` of a PostgreSQL database; without one, SQLite in the data folder")
	f.String("listen", d.Listen, "`HOST:PORT` for pages (TCP) and video (UDP); port 0 chooses a free one and writes it to DIR/address")
	f.String("models", d.Models, "`DIR` with the model files (default: where make build puts them; see wince models --help)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(file, c.Flags())
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return serve(c.Context(), cfg, c.OutOrStdout())
	}
	return c
}

// serve opens everything in the order of need, runs until the context ends and closes in reverse order.
func serve(ctx context.Context, cfg config, out io.Writer) (err error) {
	log := cfg.logger()
	if err := decode.TidyMemory(); err != nil {
		return err
	}
	unlock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := store.Open(ctx, store.Config{Dir: cfg.Data, URL: cfg.Database})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	nets, err := openModels(cfg.Models, cfg.Mesh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nets.Close()) }()
	l, err := listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	port := newSplit(l)
	defer port.Close()
	conf, fingerprint, freeTLS, err := cfg.certificate(ctx, log)
	if err != nil {
		return err
	}
	defer freeTLS()
	at := videoAddress(l)
	video, err := rtc.New(rtc.Config{Port: at.Port, Address: at.IP, TCP: port.video, Advertise: cfg.Advertise, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, video.Close()) }()

	capacity, err := measureCapacity(nets, time.Now)
	if err != nil {
		return err
	}
	seen := newMetrics(version)
	versions := nets.Versions()
	versions["units"], versions["cover"] = vision.MethodUnits, vision.MethodCover()
	method := vision.BaselineMethod(nets)
	live, err := stream.NewSessions(stream.Config{
		Publisher: video, NewDecoder: decode.Open, NewAnalyzer: analyzers(nets, log), Models: versions, Method: method,
		MaxStreams: cfg.maxStreams(capacity), MaxRate: cfg.Streams.Rate, TotalRate: cfg.totalRate(capacity), Meter: seen, Logger: log,
	})
	if err != nil {
		return err
	}
	seen.watch(live.Load)
	var admin net.Listener
	if cfg.Admin.Listen != "" {
		if admin, err = listen(ctx, cfg.Admin.Listen); err != nil {
			return err
		}
		defer admin.Close()
	}
	webhooks, err := cfg.webhooks()
	if err != nil {
		return err
	}
	helpers, closeRelay, err := cfg.relay(ctx, conf, at, video.Port(), log)
	if err != nil {
		return err
	}
	defer closeRelay()
	tracer, endTracing, err := cfg.tracer(ctx)
	if err != nil {
		return err
	}
	defer endTracing()
	token := make([]byte, 32)
	rand.Read(token) // never fails: crypto/rand stops the program instead
	server, err := web.New(web.Options{
		Store: st, Live: web.LiveSessions(live), Logger: log, Version: version, Models: versions, Method: method,
		SelfSigned: fingerprint != "", Certificate: cfg.certificateState(conf), LocalToken: hex.EncodeToString(token),
		Login:   care.LoginLife{Life: cfg.Login.Life, Idle: cfg.Login.Idle, PINIdle: cfg.Login.PINIdle},
		Exports: filepath.Join(cfg.Data, "exports"),
		Origin:  cfg.origin(), Provider: cfg.provider(),
		ExternalSystem: cfg.FHIR.IdentifierSystem,
		Webhooks:       webhooks,
		Observe:        seen.request,
		Tracer:         tracer,
		ICEServers:     helpers,
		Limits:         web.Limits{Principal: cfg.Requests.PerPerson, Address: cfg.Requests.PerAddress},
	})
	if err != nil {
		return err
	}
	if err := server.EndLeftOver(ctx); err != nil {
		return err
	}
	link, err := server.MakeSetUpLink(ctx)
	if err != nil {
		return err
	}
	told := ctx // ends when the server is to stop
	urls := cfg.urls(l.Addr())
	files := map[string]string{"local-token": hex.EncodeToString(token), "address": l.Addr().String()}
	if admin != nil {
		files["admin-address"] = admin.Addr().String()
	}
	for name, text := range files {
		path := filepath.Join(cfg.Data, name)
		if err := writePrivate(path, text+"\n"); err != nil {
			return err
		}
		defer os.Remove(path)
	}
	debug.FreeOSMemory() // reading the networks and deriving keys took more than the first tablets will
	announce(out, cfg, urls, fingerprint, link)
	log.Info("serving", "address", l.Addr().String(), "version", version, "streams", cfg.maxStreams(capacity), "pictures_per_second", cfg.totalRate(capacity))
	if admin != nil {
		log.Info("metrics and profiles, without signing in", "address", admin.Addr().String())
	}

	// Whoever is being observed when the server is to stop is finished first, with everything still there.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, ctx := errgroup.WithContext(serving)
	g.Go(func() error { defer stop(); return drain(told, ctx, server, live, cfg.Drain, log) })
	if admin != nil {
		g.Go(func() error { return serveAdmin(ctx, admin, seen, log) })
	}
	g.Go(func() error { return server.Run(ctx, port.pages, conf) })
	g.Go(func() error { return live.Run(ctx) }) // ends all sessions when the context does
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	g.Go(func() error { server.RunEscalations(ctx, minute.C); return nil })
	sweep := time.NewTicker(time.Minute)
	defer sweep.Stop()
	g.Go(func() error { server.RunExports(ctx, sweep.C); return nil })
	second := time.NewTicker(time.Second)
	defer second.Stop()
	g.Go(func() error { server.RunWebhooks(ctx, second.C); return nil })
	err = g.Wait()
	live.Close()
	server.Close()
	log.Info("stopped")
	return err
}

// drain waits until the server is told to stop, or something of it fails, and then lets captures finish.
func drain(told, failed context.Context, server *web.Server, live *stream.Sessions, patience time.Duration, log *slog.Logger) error {
	select {
	case <-failed.Done():
		return nil
	case <-told.Done():
	}
	server.Leave()
	ctx, cancel := context.WithTimeout(failed, patience)
	defer cancel()
	if n := live.Load().Captures; n > 0 {
		log.Info("stopping; observations are finished first", "observations", n, "at_most", patience)
	}
	live.Drain(ctx)
	return nil
}

// lockData makes the data folder and keeps a second server out of it.
func lockData(dir string) (unlock func(), err error) {
	cannot := func(err error) error {
		return fmt.Errorf("the data folder %s cannot be written: make it writable for this user, or name another with --data DIR (%w)", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cannot(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, cannot(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another wince serve uses the data folder %s: stop that one, or name another folder with --data DIR (%w)", dir, err)
	}
	return func() { f.Close() }, nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the port of %s is in use: stop the other program, or choose another port with --listen HOST:PORT (%w)", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not open the port of %s: choose one above 1023 with --listen HOST:PORT (%w)", address, err)
	}
	return nil, fmt.Errorf("cannot listen on %s: choose an address of this machine with --listen HOST:PORT (%w)", address, err)
}

// videoAddress is the UDP address that goes with a listener: the same, so that one opening in a firewall is enough.
func videoAddress(l net.Listener) net.UDPAddr {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return net.UDPAddr{IP: a.IP, Port: a.Port}
	}
	return net.UDPAddr{}
}

// certificate returns the TLS settings and, where the certificate is self-signed, its fingerprint.
func (c *config) certificate(ctx context.Context, log *slog.Logger) (conf *tls.Config, fingerprint string, free func(), err error) {
	dir := filepath.Join(c.Data, "tls")
	free = func() {}
	switch {
	case c.TLS.ACME.Domain != "":
		conf, free, err = web.ObtainCertificate(ctx, web.ACME{Domain: c.TLS.ACME.Domain, Email: c.TLS.ACME.Email, CA: c.TLS.ACME.CA, Dir: filepath.Join(dir, "acme")}, log)
		return conf, "", free, err
	case c.TLS.Cert != "":
		own, err := web.OwnCertificate(c.TLS.Cert, c.TLS.Key, time.Now, log)
		if err != nil {
			return nil, "", nil, err
		}
		return own.Config(), "", free, nil
	}
	own, err := web.SelfSigned(dir, c.names(), time.Now, log)
	if err != nil {
		return nil, "", nil, err
	}
	return own.Config(), own.Fingerprint(), free, nil
}

// certificateState returns what tells with which certificate the server proves itself now.
func (c *config) certificateState(conf *tls.Config) func() web.CertificateState {
	if c.TLS.ACME.Domain != "" { // asking for it may fetch a new one, and it renews itself
		return func() web.CertificateState { return web.CertificateState{Kind: "acme"} }
	}
	v := web.CertificateState{Kind: "self_signed"}
	if c.TLS.Cert != "" {
		v.Kind = "own"
	}
	return func() web.CertificateState {
		now := v
		if pair, err := conf.GetCertificate(&tls.ClientHelloInfo{}); err == nil && pair.Leaf != nil {
			now.ExpiresAt = &pair.Leaf.NotAfter
		}
		return now
	}
}

// analyzers returns what makes the analyzer of one stream.
func analyzers(nets *ort.Runtime, log *slog.Logger) func(*vision.Neutral, vision.Side) (stream.Analyzer, error) {
	return func(own *vision.Neutral, side vision.Side) (stream.Analyzer, error) {
		a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{Neutral: own, Side: side})
		if err != nil {
			return nil, err
		}
		return &liveAnalyzer{Analyzer: a, log: log}, nil
	}
}

// liveAnalyzer makes of a network's failure a picture that was not assessed: one stream's bad moment must not end it.
type liveAnalyzer struct {
	*vision.Analyzer
	log  *slog.Logger
	tell sync.Once
}

func (a *liveAnalyzer) Analyze(img *vision.I420, t time.Duration) vision.Result {
	r, err := a.Analyzer.Analyze(img, t)
	if err != nil {
		a.tell.Do(func() { a.log.Error("analyse a picture; further failures of this stream are not logged", "error", err) })
		r = vision.Result{Frame: pain.Frame{T: t, State: pain.NotYetAssessed, AU: pain.Unmeasured()}, Baseline: vision.BaselinePopulation}
	}
	return r
}

// writePrivate writes a file that only its owner may read.
func writePrivate(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// names are those by which tablets call this machine, as far as the settings say: what video is advertised at reaches the
// page, too.
func (c *config) names() []string { return slices.Concat(c.Hosts, c.Advertise) }

// urls lists where the page can be opened, the most useful first.
func (c *config) urls(a net.Addr) []string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return []string{"https://" + a.String()}
	}
	var hosts []string
	switch {
	case c.TLS.ACME.Domain != "":
		hosts = []string{c.TLS.ACME.Domain}
	case !tcp.IP.IsUnspecified():
		hosts = []string{tcp.IP.String()}
	default:
		hosts = append(c.names(), "localhost")
		for _, ip := range web.LocalAddresses() {
			hosts = append(hosts, ip.String())
		}
	}
	urls := make([]string, len(hosts))
	for i, h := range hosts {
		urls[i] = "https://" + net.JoinHostPort(h, strconv.Itoa(tcp.Port))
	}
	return urls
}

// announce tells whoever started the server what to do next. It is the only place where the set-up link is shown.
func announce(out io.Writer, cfg config, urls []string, fingerprint, link string) {
	fmt.Fprintf(out, "Wince %s\n", version)
	for _, u := range urls {
		fmt.Fprintf(out, "  %s\n", u)
	}
	fmt.Fprintf(out, "Data folder: %s\n", cfg.Data)
	if fingerprint != "" {
		fmt.Fprintf(out, "The certificate is self-signed: each tablet warns once. SHA-256 %s\n", fingerprint)
	}
	if link != "" {
		fmt.Fprintf(out, "First sign-in: open this link, which works once, to make the first administrator:\n  %s/#/setup/%s\n", urls[0], link)
	}
	fmt.Fprintln(out, "Wince supports a carer's judgement. It is not a cleared medical device.")
}
