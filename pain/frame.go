package pain

import (
	"encoding/json"
	"fmt"
	"time"
)

// State says what could be said of one frame. It is never encoded as a score of zero.
type State uint8

// The states of a frame. The zero value is "not yet assessed", so that a forgotten assignment claims nothing.
const (
	NotYetAssessed State = iota
	Scored               // a face was seen and judged: AU, PSPI and Score are valid
	NoFace               // nothing that looks like a face
	NotAssessable        // a face, but not one that can be judged; Reasons say why
)

var stateNames = [...]string{"not_yet_assessed", "scored", "no_face", "not_assessable"}

// String returns the state as the API writes it.
func (s State) String() string { return stateNames[s] }

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *State) UnmarshalText(b []byte) error {
	for i, n := range stateNames {
		if n == string(b) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("unknown state %q", b)
}

// Reasons is a set of causes for which a frame cannot be judged.
type Reasons uint16

// The causes. Each has a sentence for the carer in [Reasons.Advice].
const (
	ReasonNoFace       Reasons = 1 << iota // nothing that looks like a face
	ReasonTooSmall                         // the face has too few pixels
	ReasonTurnedAway                       // yaw, pitch or roll past what the measurement bears
	ReasonTooDark                          // the face is under-exposed
	ReasonTooBright                        // the face is blown out
	ReasonBlurred                          // motion or focus
	ReasonOutOfFrame                       // part of the face lies outside the picture
	ReasonSeveralFaces                     // whose face it is cannot be told
	ReasonObscured                         // a hand, a tube or bedding lies on the middle of the face, or the landmarks do not fit one
	ReasonEyesCovered                      // an eye, a brow or what lies between the brows is hidden
	ReasonMouthCovered                     // most of the mouth is hidden: a hand, a mask, a cup
	numReasons         = iota
)

var reasonText = [numReasons]struct{ code, advice string }{
	{"no_face", "No face in the picture: point the tablet at the person's face."},
	{"too_small", "The face is too small: come closer."},
	{"turned_away", "The face is turned away: hold the tablet in front of it."},
	{"too_dark", "Too dark to judge: more light on the face, please."},
	{"too_bright", "Too bright to judge: turn the face or the tablet away from the light."},
	{"blurred", "The picture is blurred: hold still, or wipe the lens."},
	{"partly_out_of_frame", "Part of the face is outside the picture: move the tablet so that all of it is seen."},
	{"several_faces", "Several faces in the picture: keep only one in view."},
	{"obscured", "Something covers part of the face: move it aside if you can, or assess without the camera."},
	{"eyes_covered", "Something covers the eyes or brows: move it aside if you can, or assess without the camera."},
	{"mouth_covered", "Something covers the mouth: move it aside if you can, or assess without the camera."},
}

// Codes returns the causes as the API writes them, such as ["too_dark"], never nil.
func (r Reasons) Codes() []string { return r.list(func(i int) string { return reasonText[i].code }) }

// Advice returns a sentence for each cause that says what to do about it.
func (r Reasons) Advice() []string { return r.list(func(i int) string { return reasonText[i].advice }) }

func (r Reasons) list(text func(int) string) []string {
	s := []string{}
	for i := range int(numReasons) {
		if r&(1<<i) != 0 {
			s = append(s, text(i))
		}
	}
	return s
}

// MarshalJSON writes the list of codes.
func (r Reasons) MarshalJSON() ([]byte, error) { return json.Marshal(r.Codes()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Reasons) UnmarshalJSON(b []byte) error {
	var codes []string
	if err := json.Unmarshal(b, &codes); err != nil {
		return err
	}
	*r = 0
next:
	for _, c := range codes {
		for i, t := range reasonText {
			if t.code == c {
				*r |= 1 << i
				continue next
			}
		}
		return fmt.Errorf("unknown reason %q", c)
	}
	return nil
}

// Confounders is a set of things that look like pain and were taken into account in a frame's score.
type Confounders uint8

// The confounders; the rule that goes with each is in the scorer.
const (
	ConfounderSmile       Confounders = 1 << iota // AU12 explains AU6: the cheeks do not count
	ConfounderEyesResting                         // closed eyes in a relaxed face: AU43 does not count
	ConfounderBlink                               // a closure too short to be AU43
	ConfounderSpeech                              // the mouth opens and closes
	numConfounders        = iota
)

var confounderCodes = [numConfounders]string{"smile", "eyes_closed_face_relaxed", "blink", "speech"}

// Codes returns the confounders as the API writes them, never nil.
func (c Confounders) Codes() []string {
	s := []string{}
	for i := range int(numConfounders) {
		if c&(1<<i) != 0 {
			s = append(s, confounderCodes[i])
		}
	}
	return s
}

// MarshalJSON writes the list of codes.
func (c Confounders) MarshalJSON() ([]byte, error) { return json.Marshal(c.Codes()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Confounders) UnmarshalJSON(b []byte) error {
	var codes []string
	if err := json.Unmarshal(b, &codes); err != nil {
		return err
	}
	*c = 0
next:
	for _, s := range codes {
		for i, k := range confounderCodes {
			if s == k {
				*c |= 1 << i
				continue next
			}
		}
		return fmt.Errorf("unknown confounder %q", s)
	}
	return nil
}

// Frame is what was found in one picture. AU, PSPI and Score mean something only where State is Scored.
type Frame struct {
	Index       int           // counted from 0
	T           time.Duration // media time from the start of the clip or capture
	State       State
	Reasons     Reasons
	AU          Intensities // relative to the neutral in use
	PSPI        float64     // 0-16, as published
	Score       float64     // 0-16, PSPI after the rules for confounders
	Confounders Confounders
}
