package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wince/stream"
)

func newSimulateCmd() *cobra.Command {
	opt := simulateOptions{streams: 1, codec: "vp8"}
	c := &cobra.Command{
		Use:   "simulate --url URL --clip FILE",
		Short: "Send a clip as tablets would and report results and latency",
		Long: `Simulate stands in for tablets: each stream publishes the clip over WebRTC in real time, in a loop, and receives the
results. It reports, for each stream and in sum, the frames sent and the results received, the share that was scored, what the
server left out, and the time from sending a frame's last packet to having its result.

URL is the server's address, such as https://127.0.0.1:8443; practice sessions are then opened there and closed afterwards. It
may also be a WHIP address (ending in /whip) of one session; that session is left as it is.

On the server's own machine the token is read from the server's data folder (--data); elsewhere give --token or set
WINCE_TOKEN. A self-signed certificate is accepted from this machine; elsewhere give --ca FILE or --insecure.

VP8 in IVF is sent as it is; any other clip is encoded first. --codec vp9 and h264 send those instead, as some tablets do. With --json there is one line of JSON for each stream
("type":"stream") and one for all ("type":"summary"); times are in milliseconds.

Exit status 4 says that some streams were served and some were not.`,
		Example: `  wince simulate --url https://127.0.0.1:8443 --clip testdata/clips/pain.ivf
  wince simulate --url https://127.0.0.1:8443 --clip pain.ivf --streams 8 --seconds 30 --json
  wince simulate --url https://127.0.0.1:8443 --clip pain.ivf --capture 10`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt.out, opt.err = c.OutOrStdout(), c.ErrOrStderr()
			opt.dataGiven = c.Flags().Changed("data")
			if opt.token == "" { // not the flag's default, which --help would print
				opt.token = os.Getenv("WINCE_TOKEN")
			}
			return opt.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&opt.url, "url", "", "the server's address, or the WHIP address of one session")
	f.StringVar(&opt.clip, "clip", "", "the `FILE` to send: VP8 in IVF, or any clip that can be decoded")
	f.StringVar(&opt.codec, "codec", opt.codec, "what the tablets encode with: vp8, vp9 or h264")
	f.IntVar(&opt.streams, "streams", opt.streams, "how many tablets at the same time, `N`")
	f.Float64Var(&opt.seconds, "seconds", 0, "how long to send, in seconds `S` (default 10, or until the observation with --capture)")
	f.Float64Var(&opt.capture, "capture", 0, "make an observation of this much assessable time in each session, 3-60 seconds `S`")
	f.Float64Var(&opt.loss, "loss", 0, "how many of 100 packets are lost on the way, `P`")
	f.BoolVar(&opt.camera, "camera", false, "encode while sending, as a camera does, so that keyframes come where they are asked for")
	f.BoolVar(&opt.tcp, "tcp", false, "send video over TCP, as tablets do where UDP is blocked")
	f.Float64Var(&opt.warm, "after", 0, "let the observation wait so many seconds `S`, at most, until the session has found its neutral face")
	f.BoolVar(&opt.json, "json", false, "print JSON lines instead of a table")
	f.StringVar(&opt.data, "data", defaultDataDir(), "the server's data folder `DIR`, for its local token")
	f.StringVar(&opt.token, "token", "", "the `TOKEN` to sign in with (default: $WINCE_TOKEN)")
	f.StringVar(&opt.ca, "ca", "", "trust the certificates in this PEM `FILE`")
	f.BoolVar(&opt.insecure, "insecure", false, "accept any certificate")
	return c
}

func defaultDataDir() string {
	if d := os.Getenv("WINCE_DATA"); d != "" {
		return d
	}
	return "data"
}

type simulateOptions struct {
	url, clip, data, token, ca string
	codec                      string
	streams                    int
	seconds, capture, loss     float64
	warm                       float64
	json, insecure, dataGiven  bool
	tcp, camera                bool
	out, err                   io.Writer
}

func (o *simulateOptions) check() error {
	longest := stream.MaxCapture.Seconds()
	switch {
	case o.url == "":
		return errors.New("say where the server is: --url https://HOST:PORT")
	case o.clip == "":
		return errors.New("say what to send: --clip FILE")
	case o.codec != "vp8" && o.codec != "vp9" && o.codec != "h264":
		return fmt.Errorf("--codec is %q; there are vp8, vp9 and h264", o.codec)
	case !(o.warm >= 0 && o.warm <= 3600):
		return fmt.Errorf("--after is %g; between 0 and 3600 seconds are possible", o.warm)
	case !(o.loss >= 0 && o.loss <= 50):
		return fmt.Errorf("--loss is %g; between 0 and 50 of 100 packets can be lost", o.loss)
	case o.streams < 1 || o.streams > 1000:
		return fmt.Errorf("--streams is %d; between 1 and 1000 tablets can be simulated", o.streams)
	case !(o.seconds >= 0 && o.seconds <= 86400):
		return fmt.Errorf("--seconds is %g; between 0 and 86400 is possible", o.seconds)
	case o.capture != 0 && !(o.capture >= stream.MinCapture.Seconds() && o.capture <= longest):
		return fmt.Errorf("--capture is %g; an observation lasts between %g and %g seconds", o.capture, stream.MinCapture.Seconds(), longest)
	}
	return nil
}

// duration is how long to send: as told, or long enough for what is wanted.
func (o *simulateOptions) duration() time.Duration {
	s := o.seconds
	switch {
	case s > 0:
	case o.capture > 0:
		s = o.warm + 6*o.capture + 15 // what a capture may take at most, and some time to connect
	default:
		s = 10
	}
	return time.Duration(s * float64(time.Second))
}

func (o *simulateOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return &exitError{exitUsage, fmt.Errorf("%w\nTry: wince simulate --help", err)}
	}
	api, err := o.client()
	if err != nil {
		return err
	}
	defer api.close()
	if api.whip != "" && o.streams > 1 {
		return &exitError{exitUsage, errors.New("a WHIP address is one session, and one tablet: leave out --streams, or give the server's address")}
	}
	load := loadFilmAs
	if o.camera {
		load = loadCamera
	}
	film, err := load(ctx, o.clip, stream.Codec(strings.ToUpper(o.codec)))
	if err != nil {
		return err
	}
	tablets := o.simulate(ctx, api, film)
	rep := newSimReport(o, tablets)
	if o.json {
		err = rep.writeJSON(o.out)
	} else {
		err = rep.writeTable(o.out)
	}
	return errors.Join(err, rep.failure(ctx))
}

// simulate runs all tablets and returns them with what they have measured.
func (o *simulateOptions) simulate(ctx context.Context, api *simClient, film *film) []*simTablet {
	tablets := make([]*simTablet, o.streams)
	var wg sync.WaitGroup
	for i := range tablets {
		t := newSimTablet(i, api, film, time.Duration(o.capture*float64(time.Second)))
		t.loss, t.tcp, t.warm = o.loss/100, o.tcp, time.Duration(o.warm*float64(time.Second))
		tablets[i] = t
		wg.Go(func() {
			// Tablets do not start in step: they are spread over one frame's time, and a little for the handshakes.
			sleep(ctx, time.Duration(i)*(20*time.Millisecond+film.step/time.Duration(o.streams)))
			t.run(ctx, o.duration(), o.seconds == 0 && o.capture > 0)
		})
	}
	all := make(chan struct{})
	go func() { wg.Wait(); close(all) }()
	o.progress(tablets, all)
	return tablets
}

// progress keeps a line up to date on a terminal until all is done.
func (o *simulateOptions) progress(tablets []*simTablet, all <-chan struct{}) {
	f, ok := o.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		<-all
		return
	}
	start, tick := time.Now(), time.NewTicker(500*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-all:
			fmt.Fprint(f, "\r\033[K")
			return
		case <-tick.C:
			fmt.Fprintf(f, "\r\033[K%4.0f s  %s", time.Since(start).Seconds(), progressLine(tablets))
		}
	}
}

// sleep waits, and reports whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// localToken reads the token that a server on this machine leaves in its data folder; none is no error.
func localToken(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "local-token"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the server's local token (run as the server's user, or give --token): %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
