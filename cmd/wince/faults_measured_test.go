package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/pain"
	"wince/stream"
)

var measureFaults = flag.Bool("faults", false, "measure faults of the network with the built server, network namespaces and tc netem; needs root")

var onlyFaults = flag.String("only", "", "of these measure those whose names match this regular expression; the clean run always")

// faultLine is one row of the report.
type faultLine struct {
	sent, results int
	gap           time.Duration // longest without a result, the fault's own length taken off
	pspi          float64       // of the observation's 95th percentile, less that of the clean run
	p95           float64       // ms
	again         float64       // bytes of video sent again for each sent once; known with a relay only
	neutral       map[string]float64
}

// TestFaultsMeasured runs the built server, and tablets in a network namespace of their own, through a list of faults, prints a table of
// what came of each, and holds it against the bars: at 5 % loss nine of ten pictures analysed, scores again within 2 s after any fault, and
// an observation that differs from the clean run's by at most 0.5 PSPI. Results and keyframe requests go through the same bad network.
func TestFaultsMeasured(t *testing.T) {
	if !*measureFaults {
		t.Skip("takes some minutes, root and nothing else running: make faults")
	}
	only, err := regexp.Compile(*onlyFaults)
	if err != nil {
		t.Fatal(err)
	}
	n := newNamespace(t)
	data := filepath.Join(t.TempDir(), "data")
	url, stop := n.serve(t, data)
	if !n.netem {
		t.Log("This kernel has no netem: the faults are made by a relay, of the media on its way to the server.")
	}
	const (
		whole = 0
		after = 14 * time.Second // what lasts shorter begins so long after the tablet's start
	)
	var clean *pain.Observation
	t.Logf("%-22s %6s %8s %9s %9s %9s %8s %7s", "fault", "sent", "results", "analysed", "gap ms", "PSPI", "p95 ms", "again") // and the neutral faces that pictures were measured against
	for _, tt := range []struct {
		name  string
		netem string        // what tc is told, in both directions
		relay weather       // the same of the relay, where there is no netem
		lasts time.Duration // whole: all the time
		share float64       // of the pictures that must be analysed
		calm  bool          // the observation must be that of the clean run
	}{
		{"none", "", weather{}, whole, 0.98, true},
		{"1 % loss", "loss 1%", weather{loss: 0.01}, whole, 0.9, true},
		{"5 % loss", "loss 5%", weather{loss: 0.05}, whole, 0.9, true},
		{"15 % loss", "loss 15%", weather{loss: 0.15}, whole, 0, true},
		{"5 % loss, no RTX", "", weather{loss: 0.05, plain: true}, whole, 0.9, true},
		{"15 % loss, no RTX", "", weather{loss: 0.15, plain: true}, whole, 0, true},
		{"200 ms jitter", "delay 100ms 100ms", weather{late: 1, delay: 200 * time.Millisecond}, whole, 0, true},
		{"reordering", "delay 20ms reorder 25% 50%", weather{late: 0.25, delay: 20 * time.Millisecond}, whole, 0.9, true},
		{"outage of 3 s", "loss 100%", weather{loss: 1}, 3 * time.Second, 0, true},
		{"150 kbit/s for 5 s", "rate 150kbit limit 60", weather{rate: 150_000 / 8}, 5 * time.Second, 0, true},
		{"MTU 1200", "mtu", weather{most: mtu1200}, whole, 0.98, true},
	} {
		if tt.relay.plain && n.netem || clean != nil && !only.MatchString(tt.name) {
			continue
		}
		line, o := n.run(t, url, data, fault{tt.netem, tt.relay}, after, tt.lasts)
		if clean == nil {
			if clean = o; clean == nil || clean.PSPIP95 == nil {
				t.Fatal("the clean run made no observation")
			}
		}
		if o != nil && o.PSPIP95 != nil {
			line.pspi, line.neutral = *o.PSPIP95-*clean.PSPIP95, o.Baselines
		} else {
			line.pspi = math.NaN()
		}
		share := float64(line.results) / float64(max(line.sent, 1))
		t.Logf("%-22s %6d %8d %8.1f%% %9d %9.2f %8.1f %6.1f%%  %v", tt.name, line.sent, line.results, 100*share, line.gap.Milliseconds(), line.pspi, line.p95, 100*line.again, line.neutral)
		if share < tt.share {
			t.Errorf("%s: %.1f %% of the pictures were analysed, want %.0f %%", tt.name, 100*share, 100*tt.share)
		}
		if tt.lasts != whole && line.gap > 2*time.Second {
			t.Errorf("%s: scores came again %v after its end, want at most 2 s", tt.name, line.gap)
		}
		if tt.calm && !(math.Abs(line.pspi) <= 0.5) {
			t.Errorf("%s: the observation differs by %.2f PSPI from the clean run's, want at most 0.5", tt.name, line.pspi)
		}
	}

	if *onlyFaults != "" {
		return
	}
	killed := n.simulate(url, data, 10)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second)
	_ = killed.Process.Kill()
	_ = killed.Wait()
	if line, _ := n.run(t, url, data, fault{}, after, whole); line.results == 0 {
		t.Error("after a tablet was killed the next gets no results")
	}
	t.Logf("%-22s the next tablet is served", "tablet killed")

	begun := time.Now()
	stop(true)
	url, _ = n.serve(t, data)
	back := time.Since(begun)
	if line, _ := n.run(t, url, data, fault{}, after, whole); line.results == 0 {
		t.Error("after the server was killed the next one gives no results")
	}
	t.Logf("%-22s the next one answers after %d ms", "server killed", back.Milliseconds())
}

// fault is what a network does.
type fault struct {
	netem string
	relay weather
}

// namespace is a network of the tablets' own, joined to this one by a cable that can be made bad.
type namespace struct {
	name  string
	bin   string
	netem bool // the kernel has it
}

const nearEnd, farEnd, nearAddress = "wince-near", "wince-far", "10.213.77.1"

func newNamespace(t *testing.T) *namespace {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("..", "..", "bin", "wince"))
	if err != nil {
		t.Fatal(err)
	}
	n := &namespace{name: fmt.Sprint("wince-", os.Getpid()), bin: bin}
	sh(t, "ip", "netns", "add", n.name)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", n.name).Run() })
	sh(t, "ip", "link", "add", nearEnd, "type", "veth", "peer", "name", farEnd, "netns", n.name)
	sh(t, "ip", "addr", "add", nearAddress+"/30", "dev", nearEnd)
	sh(t, "ip", "link", "set", nearEnd, "up")
	n.in(t, "ip", "addr", "add", "10.213.77.2/30", "dev", farEnd)
	n.in(t, "ip", "link", "set", farEnd, "up")
	n.in(t, "ip", "link", "set", "lo", "up")
	n.netem = exec.Command("tc", "qdisc", "replace", "dev", nearEnd, "root", "netem", "delay", "1ms").Run() == nil
	return n
}

func sh(t *testing.T, words ...string) {
	t.Helper()
	if b, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, b)
	}
}

func (n *namespace) in(t *testing.T, words ...string) {
	t.Helper()
	sh(t, append([]string{"ip", "netns", "exec", n.name}, words...)...)
}

// weather makes both ends of the cable bad, or good again.
func (n *namespace) weather(t *testing.T, netem string) {
	t.Helper()
	if !n.netem {
		return
	}
	mtu := "1500"
	if netem == "mtu" {
		mtu, netem = "1200", ""
	}
	sh(t, "ip", "link", "set", nearEnd, "mtu", mtu)
	n.in(t, "ip", "link", "set", farEnd, "mtu", mtu)
	words := func(dev string) []string {
		if netem == "" {
			return []string{"tc", "qdisc", "replace", "dev", dev, "root", "pfifo"}
		}
		return append([]string{"tc", "qdisc", "replace", "dev", dev, "root", "netem"}, strings.Fields(netem)...)
	}
	sh(t, words(nearEnd)...)
	n.in(t, words(farEnd)...)
}

// serve starts the built server and returns its address, and what stops it, gently or at once.
func (n *namespace) serve(t *testing.T, data string) (url string, stop func(kill bool)) {
	t.Helper()
	_ = os.Remove(filepath.Join(data, "address"))
	var said bytes.Buffer
	c := exec.Command(n.bin, "serve", "--data", data, "--listen", nearAddress+":0")
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	stop = func(kill bool) {
		if kill {
			_ = c.Process.Kill()
		} else {
			_ = c.Process.Signal(os.Interrupt)
		}
		<-ended
	}
	t.Cleanup(func() { stop(false) })
	within(t, 30*time.Second, "the server answers", func() bool {
		b, err := os.ReadFile(filepath.Join(data, "address"))
		url = "https://" + strings.TrimSpace(string(b))
		return err == nil && len(b) > 0
	})
	return url, stop
}

func (n *namespace) simulate(url, data string, capture int) *exec.Cmd {
	return exec.Command("ip", "netns", "exec", n.name, n.bin, "simulate", "--url", url, "--insecure", "--data", data, "--json", "--camera", "--after", fmt.Sprint(warm.Seconds()),
		"--clip", clipFile("pain.ivf"), "--seconds", strconv.Itoa(seconds), "--capture", fmt.Sprint(capture))
}

// warm is how long the session may take to find its neutral face before the observation begins: otherwise observations differ by the neutral that
// they are measured against, and not by what the network did.
const warm = 17 * time.Second

// seconds is how long a tablet sends.
const seconds = 32

// run lets one tablet send through the fault and returns what it saw.
func (n *namespace) run(t *testing.T, url, data string, f fault, after, lasts time.Duration) (line faultLine, o *pain.Observation) {
	t.Helper()
	if !n.netem {
		return n.relayed(t, url, data, f.relay, lasts)
	}
	if lasts == 0 {
		n.weather(t, f.netem)
		defer n.weather(t, "")
	}
	c := n.simulate(url, data, 10)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer context.AfterFunc(ctx, func() { _ = c.Process.Kill() })()
	if lasts > 0 {
		time.Sleep(after)
		n.weather(t, f.netem)
		time.Sleep(lasts)
		n.weather(t, "")
	}
	if err := c.Wait(); err != nil {
		t.Logf("the tablet says: %v: %s", err, said.String())
	}
	var s simStream
	if err := json.NewDecoder(&out).Decode(&s); err != nil {
		t.Logf("the tablet reported nothing: %v", err)
		return line, nil
	}
	return lineOf(&s, lasts), s.Observation
}

// relayed is run with a tablet in this process that sends through a relay.
func (n *namespace) relayed(t *testing.T, url, data string, w weather, lasts time.Duration) (faultLine, *pain.Observation) {
	t.Helper()
	token, err := localToken(data)
	if err != nil {
		t.Fatal(err)
	}
	o := simulateOptions{url: url, token: token, insecure: true}
	api, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer api.close()
	film, err := loadCamera(t.Context(), clipFile("pain.ivf"), stream.CodecVP8)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "https://"))
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	way := newBadNetworkTo(t, &net.UDPAddr{IP: net.ParseIP(nearAddress), Port: number})
	tablet := newSimTablet(0, api, film, 10*time.Second)
	tablet.way, tablet.warm, tablet.noRTX = way.detour(), warm, w.plain
	ctx, stop := context.WithCancel(t.Context())
	var faulty sync.WaitGroup
	if lasts == 0 {
		way.set(w)
	} else {
		faulty.Go(func() { // in the middle of the observation
			select {
			case <-tablet.settled:
			case <-ctx.Done():
				return
			}
			sleep(ctx, 3*time.Second)
			way.set(w)
			way.dead.Store(w.loss == 1)
			sleep(ctx, lasts)
			way.set(weather{})
			way.dead.Store(false)
		})
	}
	tablet.run(ctx, seconds*time.Second, false)
	stop()
	faulty.Wait()
	s, _ := tablet.report()
	if s.failed != nil {
		t.Logf("the tablet says: %v", s.failed)
	}
	line := lineOf(&s, lasts)
	if all, again := way.media.Load(), way.again.Load(); all > again {
		line.again = float64(again) / float64(all-again)
	}
	return line, s.Observation
}

func lineOf(s *simStream, lasts time.Duration) faultLine {
	line := faultLine{sent: s.FramesSent, results: s.Results, gap: max(0, time.Duration(s.LongestGapMS*float64(time.Millisecond))-lasts)}
	if s.LatencyMS != nil {
		line.p95 = s.LatencyMS.P95
	}
	return line
}
