package fhir

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/google/uuid"

	"wince/care"
	"wince/pain"
)

// space is the name space of the canonical addresses: UUIDs that are made of it and a name, version 5 of RFC 9562. They are the
// same in every home and claim no domain.
var space = uuid.MustParse("18baeeb9-b177-4170-a20c-21d7c5e89d0a")

// canonical returns the address of something that Wince defines.
func canonical(name string) string { return "urn:uuid:" + uuid.NewSHA1(space, []byte(name)).String() }

// System is the code system of everything that belongs to no scale: action units, PSPI, reasons, conditions.
var System = canonical("CodeSystem/wince")

// ExternalIDSystem is the system of the care platform's ids of residents, where the home has not said which it is.
var ExternalIDSystem = canonical("NamingSystem/external-id")

// The extensions of Patient.
var (
	RoomExtension          = canonical("StructureDefinition/room")
	CommunicationExtension = canonical("StructureDefinition/communication")
	FaceNoteExtension      = canonical("StructureDefinition/face-note")
)

// term is one concept of our own.
type term struct{ code, display, definition string }

// terms returns the concepts of System.
func terms() []term {
	list := []term{
		{"pspi", "Prkachin and Solomon Pain Intensity (PSPI) over an observation", "Facial action units over some seconds of video, summed up: AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43, 0 to 16 a frame (Prkachin and Solomon, Pain 139, 2008). A first estimate that is not validated on real pain."},
		{"pspi-p95", "PSPI, 95th percentile of the judged time", "0 to 16, before the rules for faces that look like pain and are not"},
		{"pspi-mean", "PSPI, mean of the judged time", "0 to 16, before the rules for faces that look like pain and are not"},
		{"score-p95", "Score, 95th percentile of the judged time", "PSPI after the rules for smiles, closed eyes, blinks and speech; 0 to 16"},
		{"score-mean", "Score, mean of the judged time", "PSPI after the rules for smiles, closed eyes, blinks and speech; 0 to 16"},
		{"threshold", "Score that time above is counted from", "A reading aid, not a diagnosis"},
		{"share-above", "Share of the judged time at or above the threshold", "0 to 1"},
		{"longest-above", "Longest unbroken time at or above the threshold", "In milliseconds"},
		{"share-assessed", "Share of the time in which the face could be judged", "0 to 1"},
		{"time-assessed", "Time in which the face could be judged", "In milliseconds"},
		{"time-away", "Time in the middle without pictures", "In milliseconds; the connection was lost, or a pause. It is in no other figure"},
		{"confidence", "Confidence of the machine", "none, low or moderate; never higher while the method is not validated"},
		{"confidence-none", "No confidence", ""}, {"confidence-low", "Low confidence", ""}, {"confidence-moderate", "Moderate confidence", ""},
		{"measured-half", "Half of the face that was measured", "Of a face that is palsied on the other; the person's own right and left. Without it the whole face"},
		{"half-right", "The person's right half", ""}, {"half-left", "The person's left half", ""},
		{"au-share", "Share of the judged time with the action unit", "At intensity 1 or more, AU43 at 0.5 or more; 0 to 1"},
		{"au-peak", "Peak intensity of the action unit", "95th percentile; 0 to 5, AU43 0 to 1"},
		{"au-mean", "Mean intensity of the action unit", "0 to 5, AU43 0 to 1"},
		{"not-assessable", "The face could not be judged", "Which is not a score of zero; the reasons stand beside it"},
		{"condition", "Condition of the assessment", "At rest or in movement: pain is seen more often in movement"},
		{"rest", "At rest", ""}, {"movement", "During or just after movement", ""},
		{"method-camera", "Judged by a person with the camera's proposals", ""}, {"method-observer", "Judged by a person alone", ""}, {"method-self-report", "Said by the person assessed", ""},
		{"pain-type", "Type of pain", "One of the scale's types"},
		{"body-site", "Place on the body", "Where something hurts or was seen; left and right are the person's own"},
		{"pain-assessment", "Pain assessment", "Fill in a pain scale, or observe the face, at rest or in movement"},
		{"pain-relief", "Measure against pain without a drug", ""},
		{"blind", "Rated before the machine's view was shown", ""},
		{"camera-consent", "Consent to assessment by camera", "No picture is kept"}, {"photo-consent", "Consent to a photograph on the record", ""},
		{"due-upcoming", "Not yet due", ""}, {"due-due", "To be done now", ""}, {"due-overdue", "Past its grace", ""}, {"due-missed", "It cannot be made up for any more", ""},
		{"due-done", "Done", ""}, {"due-excused", "Paused: the person was away", ""},
		{"models", "Models and rules that measured", "Names, versions and checksums"},
	}
	for a := pain.AU(0); a < pain.NumAU; a++ {
		list = append(list, term{auCode(a.String()), a.String() + " " + a.Name(), "Facial action unit (Facial Action Coding System), relative to the neutral face in use"})
	}
	all := pain.Reasons(1<<16 - 1)
	for i, c := range all.Codes() {
		list = append(list, term{dashed("reason_" + c), sentence(strings.ReplaceAll(c, "_", " ")), all.Advice()[i]})
	}
	for _, c := range pain.Confounders(1<<8 - 1).Codes() {
		list = append(list, term{dashed("confounder_" + c), sentence(strings.ReplaceAll(c, "_", " ")), "Looks like pain and was taken into account; share of the judged time"})
	}
	for _, r := range care.BodyRegions() {
		list = append(list, term{dashed("body_" + r.ID), r.Label, ""})
	}
	for _, m := range care.Measures() {
		list = append(list, term{dashed("measure_" + m.ID), m.Name, ""})
	}
	for _, n := range faceNotes {
		list = append(list, term{dashed("face_" + string(n.note)), n.display, "Changes how a face is read"})
	}
	for _, c := range abilities {
		list = append(list, term{dashed("communication_" + string(c.ability)), c.display, ""})
	}
	return list
}

var faceNotes = []struct {
	note    care.FaceNote
	display string
}{
	{care.Parkinsonism, "Parkinsonism: little moves"}, {care.PalsyLeft, "Facial palsy, the person's left side"}, {care.PalsyRight, "Facial palsy, the person's right side"},
	{care.FaceMask, "Usually wears an oxygen or another mask"}, {care.LowVision, "Low vision: squints, does not look at the tablet"},
}

var abilities = []struct {
	ability care.Communication
	display string
}{
	{care.Speaks, "Can rate the own pain"}, {care.SpeaksLittle, "Yes and no, single words"}, {care.CannotSay, "Cannot say that something hurts"},
}

// own returns one of our own codes with its display.
func own(code string) Coding {
	return Coding{System: System, Code: code, Display: displays()[code]}
}

func ownConcept(code string) *CodeableConcept { return concept("", own(code)) }

func dashed(s string) string { return strings.ReplaceAll(s, "_", "-") }

// auCode returns the code of an action unit: "au4" for "AU4".
func auCode(unit string) string { return strings.ToLower(unit) }

func sentence(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// scaleURL returns the canonical address of something that belongs to a scale. A scale that comes with Wince has the same one
// everywhere. Two homes may write two scales of one id, so one of a home's own is named by its text.
func scaleURL(kind string, s *pain.Scale) string {
	name := kind + "/" + s.ID
	if !builtIn(s) {
		sum := sha256.Sum256(s.File.Text)
		name += "/" + string(sum[:])
	}
	return canonical(name)
}

// builtIn says whether a scale is one that comes with Wince, to the letter.
func builtIn(s *pain.Scale) bool {
	text, ok := builtInTexts()[s.Ref()]
	return ok && text == string(s.File.Text)
}

// builtInTexts are the definitions that are compiled in, read at first use; a test reads them before anybody else does.
var builtInTexts = sync.OnceValue(func() map[pain.Ref]string {
	all := map[pain.Ref]string{}
	files, err := pain.BuiltInScales()
	for _, f := range files {
		s, parseErr := pain.ParseScale(f.Name, f.Text)
		if err = errors.Join(err, parseErr); err == nil {
			all[s.Ref()] = string(f.Text)
		}
	}
	if err != nil {
		panic("scales that come with Wince: " + err.Error())
	}
	return all
})

// displays are the displays of our own codes.
var displays = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, t := range terms() {
		all[t.code] = t.display
	}
	return all
})

// The codes of a scale: painad-total, painad.face, painad.face.2, painad-band.mild, painad-type.acute. Ids hold neither point nor
// dash, so that no two fall together.

func scaleCoding(s *pain.Scale, code, display string) Coding {
	return Coding{System: scaleURL("CodeSystem", s), Version: s.Version, Code: s.ID + code, Display: display}
}

func totalCoding(s *pain.Scale) Coding { return scaleCoding(s, totalCode, s.Name+" total") }

func itemCoding(s *pain.Scale, it *pain.Item) Coding {
	return scaleCoding(s, "."+it.ID, s.Name+", "+it.Label)
}

// optionCoding is an option with its points.
func optionCoding(s *pain.Scale, it *pain.Item, o *pain.Option) Coding {
	c := scaleCoding(s, "."+it.ID+"."+strconv.Itoa(o.Value), o.Label)
	c.Extension = []Extension{{URL: ordinalExtension, ValueDecimal: whole(int64(o.Value))}}
	return c
}

func bandCoding(s *pain.Scale, b *pain.Band) Coding { return scaleCoding(s, "-band."+b.ID, b.Label) }

func typeCoding(s *pain.Scale, t *pain.Choice) Coding { return scaleCoding(s, "-type."+t.ID, t.Label) }

// totalCode is what the code of a total ends with, after the scale's id.
const totalCode = "-total"

// totals returns the codes of a scale's total: our own, and what others define. None was found for the totals of PAINAD, Abbey
// and PAIC15.
func totals(s *pain.Scale) []Coding {
	list := []Coding{totalCoding(s)}
	if s.ID == "nrs" && builtIn(s) {
		list = append(list, Coding{System: loinc, Code: "72514-3"})
	}
	return append(list, Coding{System: snomed, Code: "225908003"})
}

// ScaleResourceID returns the id of the Questionnaire, CodeSystem and ValueSet of one version of a scale.
func ScaleResourceID(ref pain.Ref) string { return dashed(ref.ID) + "." + ref.Version }

// ParseScaleResourceID takes such an id apart. Scales have ids of small letters, digits and underscores.
func ParseScaleResourceID(id string) (pain.Ref, bool) {
	name, version, ok := strings.Cut(id, ".")
	if !ok || name == "" || version == "" {
		return pain.Ref{}, false
	}
	return pain.Ref{ID: strings.ReplaceAll(name, "-", "_"), Version: version}, true
}
