// Command render makes the test clips: faces whose action units, pose and timing are known exactly, as VP8 in IVF with the
// truth as JSON beside each. The same command gives the same bytes. See testdata/README.md for where the head comes from.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wince/models/render"
	"wince/pain"
	"wince/stream/encode"
	"wince/stream/ivf"
	"wince/vision"
)

// version goes up when the same command gives other pictures.
const version = "wince-render 1"

const (
	width, height, fps = 640, 480, 30
	bitrate            = 235 // kbit/s
	keyframeEvery      = 90  // frames: a stream that lost something heals within three seconds
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(args []string, log io.Writer) error {
	f := flag.NewFlagSet("render", flag.ContinueOnError)
	f.SetOutput(log)
	head := f.String("head", "../shared/data/ict-facekit", "`directory` of the head model (ict_facekit.npz, names.json)")
	out := f.String("out", "testdata/clips", "`directory` for the clips")
	only := f.String("only", "", "comma-separated `names` of clips; all if empty")
	stills := f.String("stills", "", "`directory` for every tenth picture as PNG, to look at")
	if err := f.Parse(args); err != nil {
		return err
	}
	all := clips()
	want := map[string]bool{}
	for n := range strings.SplitSeq(*only, ",") {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		if !slices.ContainsFunc(all, func(c clip) bool { return c.name == n }) {
			return fmt.Errorf("there is no clip %q", n)
		}
		want[n] = true
	}
	h, err := render.Load(*head)
	if err != nil {
		return err
	}
	r, err := render.NewRenderer(width, height)
	if err != nil {
		return err
	}
	for _, dir := range []string{*out, *stills} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	for _, c := range all {
		if len(want) > 0 && !want[c.name] {
			continue
		}
		start := time.Now()
		size, err := c.make(h, r, *out, *stills)
		if err != nil {
			return fmt.Errorf("make %s: %w", c.name, err)
		}
		fmt.Fprintf(log, "%-16s %4d frames %4d KiB %5.1f s\n", c.name, c.frames(), size>>10, time.Since(start).Seconds())
	}
	return nil
}

// truth is the file beside a clip.
type truth struct {
	Clip     string         `json:"clip"`
	Program  string         `json:"program"`
	Origin   string         `json:"origin"`
	Video    video          `json:"video"`
	Person   *render.Person `json:"person"` // null: nobody is there
	Light    render.Light   `json:"light"`
	Room     uint64         `json:"room_seed"`
	Segments []segment      `json:"segments"`
	Frames   []frameTruth   `json:"frames"`
}

type video struct {
	Codec  string `json:"codec"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	FPS    int    `json:"fps"`
	Frames int    `json:"frames"`
}

type segment struct {
	FromMS int    `json:"from_ms"`
	ToMS   int    `json:"to_ms"`
	Label  string `json:"label"`
}

// frameTruth is what one picture shows; AU and Pose are null where no face is to be seen.
type frameTruth struct {
	TMS  int               `json:"t_ms"`
	AU   *pain.Intensities `json:"au"`
	Pose *[3]float64       `json:"pose"` // yaw, pitch, roll in degrees
}

// known are the units that a clip's truth names.
var known = []pain.AU{pain.AU1, pain.AU2, pain.AU4, pain.AU6, pain.AU7, pain.AU9, pain.AU10, pain.AU12, pain.AU20, pain.AU25,
	pain.AU26, pain.AU43}

func (c *clip) frames() int { return int(c.seconds * fps) }

func (c *clip) make(h *render.Head, r *render.Renderer, dir, stills string) (size int, err error) {
	e, err := encode.NewVP8(width, height, fps, bitrate)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	var figure *render.Figure
	if c.person != nil {
		figure = h.Figure(*c.person)
	}
	room := render.NewRoom(c.room, width, height)
	file, err := os.Create(filepath.Join(dir, c.name+".ivf"))
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	w, err := ivf.NewWriter(file, ivf.Header{FourCC: "VP80", Width: width, Height: height, Den: fps, Num: 1})
	if err != nil {
		return 0, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	var planes *vision.I420
	for i := range c.frames() {
		m := c.script(float64(i) / fps)
		if m.black {
			clear(picture.Pix)
		} else if err := r.Render(picture, figure, m.shot(c.light, room)); err != nil {
			return 0, err
		}
		if stills != "" && i%10 == 0 {
			if err := writePNG(filepath.Join(stills, fmt.Sprintf("%s-%03d.png", c.name, i)), picture); err != nil {
				return 0, err
			}
		}
		planes = encode.I420(picture, planes)
		b, _, err := e.Encode(planes, int64(i), i%keyframeEvery == 0)
		if err != nil {
			return 0, err
		}
		if err := w.Write(b, uint64(i)); err != nil {
			return 0, err
		}
		size += len(b)
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	b, err := c.truth().marshal()
	if err != nil {
		return 0, err
	}
	return size, os.WriteFile(filepath.Join(dir, c.name+".json"), b, 0o666)
}

func (c *clip) truth() truth {
	t := truth{Clip: c.name, Program: version, Person: c.person, Light: c.light, Room: c.room, Segments: c.segments,
		Origin: "rendered from ICT-FaceKit light (USC Institute for Creative Technologies, MIT licence)",
		Video:  video{"VP8", width, height, fps, c.frames()}}
	for i := range c.frames() {
		m := c.script(float64(i) / fps)
		t.Frames = append(t.Frames, m.truth(i, c.person != nil))
	}
	return t
}

// marshal writes one line for each frame, so that a changed clip reads well in a diff.
func (t truth) marshal() ([]byte, error) {
	frames := t.Frames
	t.Frames = []frameTruth{}
	b, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return nil, err
	}
	b = bytes.TrimSuffix(b, []byte("[]\n}"))
	b = append(b, '[')
	for i, f := range frames {
		if i > 0 {
			b = append(b, ',')
		}
		line, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		b = append(append(b, "\n  "...), line...)
	}
	return append(b, "\n ]\n}\n"...), nil
}

func writePNG(name string, m image.Image) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := png.Encode(f, m); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
