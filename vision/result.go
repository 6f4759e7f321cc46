package vision

import (
	"time"

	"wince/pain"
)

// Point is a landmark: X and Y as shares of the picture's width and height (0-1 inside it), Z towards the camera as a
// share of the width, smaller is nearer.
type Point struct{ X, Y, Z float32 }

// Rect is an upright rectangle in shares of the picture's width and height.
type Rect struct{ X, Y, W, H float32 }

// Face is where a face was found. Points is borrowed: it is valid until the analyzer's next frame.
type Face struct {
	Found            bool
	Box              Rect
	Yaw, Pitch, Roll float32 // degrees; 0 faces the camera; yaw > 0 turns to the person's left, pitch > 0 looks up
	Presence         float32 // the mesh's own certainty that it lies on a face, 0-1
	Points           []Point // 468 landmarks in MediaPipe's order, 478 of the attention mesh, or none
}

// Baseline says what the action units are measured against.
type Baseline string

// The baselines, from the least to the most trustworthy.
const (
	BaselinePopulation Baseline = "population" // the average face: somebody else's neutral
	BaselineSession    Baseline = "session"    // found in this clip or capture
	BaselineResident   Baseline = "resident"   // this person's own, taken at ease
)

// Side is a half of the face: the person's own right and left, as everywhere here.
type Side string

// The sides.
const (
	BothSides Side = ""
	RightSide Side = "right"
	LeftSide  Side = "left"
)

// Valid says whether s is one of the sides.
func (s Side) Valid() bool { return s == BothSides || s == RightSide || s == LeftSide }

// Method names what measures a baseline on this half of the face, where method does on the whole.
func (s Side) Method(method string) string {
	if s == BothSides {
		return method
	}
	return method + " " + string(s) + " half"
}

// Stages is the time that each step of one frame took.
type Stages struct{ Detect, Crop, Mesh, AU, Score time.Duration }

// Result is all that was found in one picture.
type Result struct {
	Frame    pain.Frame
	Face     Face
	Baseline Baseline
	Side     Side // the half that was read; see [AnalyzerConfig]
	Stages   Stages

	// Where the frame was scored: the face as it is, and its action units against the average face, whatever the neutral in use.
	Features  Features
	Stranger  pain.Intensities
	Deviation pain.Intensities // one standard deviation of each unit of Frame.AU; not-a-number where it is not known
}
