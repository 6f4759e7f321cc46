package fhir

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wince/care"
	"wince/pain"
)

// Observation is something that was found out about somebody: a total, PSPI, an action unit.
type Observation struct {
	Base
	Status           string                 `json:"status"`
	Category         []CodeableConcept      `json:"category,omitempty"`
	Code             CodeableConcept        `json:"code"`
	Subject          *Reference             `json:"subject,omitempty"`
	Effective        string                 `json:"effectiveDateTime,omitempty"`
	Issued           string                 `json:"issued,omitempty"`
	Performer        []Reference            `json:"performer,omitempty"`
	ValueQuantity    *Quantity              `json:"valueQuantity,omitempty"`
	DataAbsentReason *CodeableConcept       `json:"dataAbsentReason,omitempty"`
	Interpretation   []CodeableConcept      `json:"interpretation,omitempty"`
	Note             []Annotation           `json:"note,omitempty"`
	Method           *CodeableConcept       `json:"method,omitempty"`
	Device           *Reference             `json:"device,omitempty"`
	HasMember        []Reference            `json:"hasMember,omitempty"`
	DerivedFrom      []Reference            `json:"derivedFrom,omitempty"`
	Component        []ObservationComponent `json:"component,omitempty"`
}

// ObservationComponent is a part of an observation.
type ObservationComponent struct {
	Code             CodeableConcept  `json:"code"`
	ValueQuantity    *Quantity        `json:"valueQuantity,omitempty"`
	ValueConcept     *CodeableConcept `json:"valueCodeableConcept,omitempty"`
	ValueInteger     json.Number      `json:"valueInteger,omitempty"`
	DataAbsentReason *CodeableConcept `json:"dataAbsentReason,omitempty"`
}

// What is said with everything that no person has confirmed.
const (
	unconfirmed = "Preliminary: a person must look at this and confirm it before it is relied on."
	notADevice  = "Measured by software that is not a cleared medical device and not validated on real pain."
)

// observationStatus places an assessment's state in FHIR. Drafts are preliminary too: incomplete and unverified.
func observationStatus(s care.Status) string {
	switch s {
	case care.Final:
		return "final"
	case care.Amended:
		return "amended"
	case care.EnteredInError:
		return "entered-in-error"
	}
	return "preliminary"
}

// AssessmentStatuses returns the states of assessments whose observations have a status, none where FHIR knows no such status
// or Wince never has it.
func AssessmentStatuses(status string) []care.Status {
	switch status {
	case "preliminary":
		return []care.Status{care.Drafted, care.Preliminary}
	case "final":
		return []care.Status{care.Final}
	case "amended":
		return []care.Status{care.Amended}
	case "entered-in-error":
		return []care.Status{care.EnteredInError}
	}
	return nil
}

// Exported says whether an assessment is told to others at all: practice is nobody's and never is.
func Exported(a *care.Assessment) bool { return !a.Practice && a.ResidentID != "" }

// Observations returns what is known from an assessment: the scale's total where a scale is filled in, then PSPI and each
// action unit where a camera looked and its view may be shown. scale is the definition in the assessment's version, nil where
// it has none. Practice gives nothing.
func Observations(a *care.Assessment, scale *pain.Scale) ([]*Observation, error) {
	if !Exported(a) {
		return nil, nil
	}
	a = a.Shown()
	var face []*Observation
	if len(a.Observation) > 0 {
		var o pain.Observation
		if err := json.Unmarshal(a.Observation, &o); err != nil {
			return nil, fmt.Errorf("read the observation of assessment %s: %w", a.ID, err)
		}
		face = faceObservations(a, &o, scale == nil)
	}
	if scale == nil {
		return face, nil
	}
	return append([]*Observation{total(a, scale, len(face) > 0)}, face...), nil
}

// observation returns what all observations of an assessment have in common.
func observation(a *care.Assessment, suffix, category, categoryDisplay string) *Observation {
	o := &Observation{
		Base:     Base{ResourceType: "Observation", ID: a.ID + suffix, Meta: meta(a.Version, a.ChangedAt)},
		Status:   observationStatus(a.Status),
		Category: []CodeableConcept{{Coding: []Coding{{System: hl7 + "observation-category", Code: category, Display: categoryDisplay}}}},
		Subject:  patientRef(a.ResidentID), Effective: dateTime(a.AssessedAt), Issued: Instant(a.ChangedAt),
		Method: ownConcept("method-" + dashed(string(a.Method))),
	}
	by := &a.CreatedBy
	if a.ConfirmedBy != nil {
		by = a.ConfirmedBy
	}
	if p := person(*by); p != nil {
		o.Performer = []Reference{*p}
	}
	o.Component = []ObservationComponent{{Code: *ownConcept("condition"), ValueConcept: ownConcept(string(a.Condition))}}
	return o
}

// notes are a carer's remarks, and why a record was corrected.
func notes(a *care.Assessment) []Annotation {
	list := remarks(a.Remarks, a.ChangedBy, a.ChangedAt)
	if a.Reason != "" {
		words := "Amended: "
		if a.Status == care.EnteredInError {
			words = "Entered in error: "
		}
		list = append(list, remarks(words+a.Reason, a.ChangedBy, a.ChangedAt)...)
	}
	return list
}

func total(a *care.Assessment, s *pain.Scale, camera bool) *Observation {
	o := observation(a, "", "survey", "Survey")
	o.Code = *concept(s.Name+" total", totals(s)...)
	o.Note = notes(a)
	o.DerivedFrom = []Reference{{Reference: "QuestionnaireResponse/" + a.ID}}
	if camera {
		o.DerivedFrom = append(o.DerivedFrom, Reference{Reference: "Observation/" + a.ID + pspiSuffix})
	}
	said := s.Name + ": not all items are answered yet."
	if a.Total != nil {
		o.ValueQuantity = points(whole(int64(*a.Total)))
		said = fmt.Sprintf("%s: %d, from %d to %d.", s.Name, *a.Total, s.Total.Min, s.Total.Max)
		if b := s.Band(*a.Total); b != nil {
			o.Interpretation = []CodeableConcept{band(s, b)}
			said += " " + sentence(bandWords(b)) + "."
		}
	} else {
		o.DataAbsentReason = concept("Not all items are answered yet.", Coding{System: dataAbsent, Code: "temp-unknown", Display: "Temporarily Unknown"})
	}
	o.Text = narrative(said, situation(a), confirmation(a))
	for i := range s.Items {
		it := &s.Items[i]
		c := ObservationComponent{Code: *concept(it.Label, itemCoding(s, it))}
		if v, ok := a.Answers[it.ID]; ok {
			c.ValueInteger = whole(int64(v))
		} else {
			c.DataAbsentReason = concept("Not answered.", Coding{System: dataAbsent, Code: "temp-unknown", Display: "Temporarily Unknown"})
		}
		o.Component = append(o.Component, c)
	}
	if s.ID == "painad" && builtIn(s) && len(o.Interpretation) > 0 {
		o.Component = append(o.Component, ObservationComponent{Code: *concept("PAINAD interpretation", Coding{System: loinc, Code: "104532-7"}), ValueConcept: &o.Interpretation[0]})
	}
	if i := slices.IndexFunc(s.Types, func(t pain.Choice) bool { return t.ID == a.PainType }); i >= 0 {
		o.Component = append(o.Component, ObservationComponent{Code: *ownConcept("pain-type"), ValueConcept: concept("", typeCoding(s, &s.Types[i]))})
	}
	o.Component = append(o.Component, bodySites(a)...)
	return o
}

func band(s *pain.Scale, b *pain.Band) CodeableConcept {
	return *concept(bandWords(b), bandCoding(s, b))
}

// bandWords is a band's name, with what it is worth.
func bandWords(b *pain.Band) string {
	words := fmt.Sprintf("%s (%d to %d)", b.Label, b.From, b.To)
	if b.From == b.To {
		words = fmt.Sprintf("%s (%d)", b.Label, b.From)
	}
	if b.Customary {
		words += ", a customary name that was never substantiated"
	}
	return words
}

func bodySites(a *care.Assessment) []ObservationComponent {
	var list []ObservationComponent
	for _, b := range a.BodySites {
		list = append(list, ObservationComponent{Code: *ownConcept("body-site"), ValueConcept: ownConcept(dashed("body_" + b.Region))})
	}
	return list
}

func situation(a *care.Assessment) string {
	where := "At rest, "
	if a.Condition == care.InMovement {
		where = "During or just after movement, "
	}
	return where + a.AssessedAt.UTC().Format("2 January 2006 15:04") + " UTC."
}

// confirmation says whose word it is.
func confirmation(a *care.Assessment) string {
	switch {
	case a.Status == care.EnteredInError:
		return "Entered in error: it counts nowhere."
	case a.Status.Open():
		return unconfirmed
	case a.ConfirmedBy != nil && a.ConfirmedBy.Name != "":
		return "Confirmed by " + a.ConfirmedBy.Name + "."
	}
	return "Confirmed by a person."
}

const pspiSuffix = "-pspi"

// faceObservations are what the machine measured: PSPI, and each action unit that it rests on and knows.
func faceObservations(a *care.Assessment, o *pain.Observation, alone bool) []*Observation {
	device := &Reference{Reference: "Device/" + o.ModelSet().ID(), Display: "Wince's measurement of faces"}
	main := observation(a, pspiSuffix, "exam", "Exam")
	main.Code, main.Device = *ownConcept("pspi"), device
	if alone {
		main.Note = notes(a)
		main.Component = append(main.Component, bodySites(a)...)
	}
	list := []*Observation{main}
	add := func(to *Observation, code string, q *Quantity) {
		to.Component = append(to.Component, ObservationComponent{Code: *ownConcept(code), ValueQuantity: q})
	}
	if o.State != "assessed" {
		main.DataAbsentReason = notAssessable(o)
		main.Text = narrative(main.DataAbsentReason.Text, "This is not a score of zero.", situation(a), confirmation(a), notADevice)
	} else {
		for _, n := range []struct {
			code  string
			value *float64
		}{{"pspi-p95", o.PSPIP95}, {"pspi-mean", o.PSPIMean}, {"score-p95", o.ScoreP95}, {"score-mean", o.ScoreMean}} {
			if n.value != nil {
				add(main, n.code, points(decimal(*n.value)))
			}
		}
		add(main, "threshold", points(decimal(o.Threshold)))
		if o.Above != nil {
			add(main, "share-above", share(*o.Above))
		}
		if o.LongestMS != nil {
			add(main, "longest-above", quantity(whole(*o.LongestMS), "ms", "ms"))
		}
		main.Text = narrative(scoreWords(o), situation(a), confirmation(a), notADevice)
	}
	add(main, "share-assessed", share(o.Assessed))
	add(main, "time-assessed", quantity(whole(o.AssessedMS), "ms", "ms"))
	if away := o.Away(); away > 0 {
		add(main, "time-away", quantity(whole(away), "ms", "ms"))
	}
	if _, known := displays()["confidence-"+o.Confidence]; known {
		main.Component = append(main.Component, ObservationComponent{Code: *ownConcept("confidence"), ValueConcept: ownConcept("confidence-" + o.Confidence)})
	}
	if _, known := displays()["half-"+o.Side]; known {
		main.Component = append(main.Component, ObservationComponent{Code: *ownConcept("measured-half"), ValueConcept: ownConcept("half-" + o.Side)})
	}
	for _, set := range []struct {
		prefix string
		shares map[string]float64
	}{{"reason_", o.Reasons}, {"confounder_", o.Confounder}} {
		for _, code := range byShare(set.shares) {
			add(main, dashed(set.prefix+code), share(set.shares[code]))
		}
	}
	for u := pain.AU(0); u < pain.NumAU; u++ {
		sum, ok := o.AU[u.String()]
		if !ok {
			continue
		}
		v := observation(a, "-"+auCode(u.String()), "exam", "Exam")
		v.Code, v.Device = *ownConcept(auCode(u.String())), device
		add(v, "au-share", share(sum.Share))
		add(v, "au-peak", points(decimal(sum.Peak)))
		add(v, "au-mean", points(decimal(sum.Mean)))
		v.Text = narrative(fmt.Sprintf("%s, %s: there for %s of the judged time, peak %s of %s.", u, u.Name(), percent(sum.Share), decimal(sum.Peak), decimal(u.Max())),
			situation(a), confirmation(a), notADevice)
		main.DerivedFrom = append(main.DerivedFrom, Reference{Reference: v.Ref()})
		list = append(list, v)
	}
	return list
}

func scoreWords(o *pain.Observation) string {
	if o.PSPIP95 == nil || o.ScoreP95 == nil {
		return ""
	}
	words := fmt.Sprintf("PSPI %s, score %s of 16 (95th percentiles of the judged time); the face could be judged for %s of the time.",
		decimal(*o.PSPIP95), decimal(*o.ScoreP95), percent(o.Assessed))
	if away := o.Away(); away > 0 {
		words += fmt.Sprintf(" In between no pictures came for %d s, which is not counted.", (away+500)/1000)
	}
	return words
}

func share(x float64) *Quantity { return quantity(decimal(x), "share", "1") }

func percent(x float64) string { return strconv.Itoa(int(x*100+0.5)) + " %" }

// notAssessable says why a face could not be judged, the main reason first, and what to do about it.
func notAssessable(o *pain.Observation) *CodeableConcept {
	codings := []Coding{{System: dataAbsent, Code: "unknown", Display: "Unknown"}, own("not-assessable")}
	words := []string{"The face could not be judged for long enough."}
	all := pain.Reasons(1<<16 - 1)
	codes, advice := all.Codes(), all.Advice()
	for _, c := range byShare(o.Reasons) {
		if i := slices.Index(codes, c); i >= 0 {
			codings = append(codings, own(dashed("reason_"+c)))
			words = append(words, advice[i])
		}
	}
	return concept(strings.Join(words, " "), codings...)
}

// byShare returns the known keys of a map, the greatest value first.
func byShare(shares map[string]float64) []string {
	keys := []string{}
	for k, v := range shares {
		if v > 0 && (displays()[dashed("reason_"+k)] != "" || displays()[dashed("confounder_"+k)] != "") {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(shares[b], shares[a]), strings.Compare(a, b)) })
	return keys
}
