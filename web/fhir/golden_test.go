package fhir

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Ids of the golden resources: fixed, and of the kind that records have.
func id(n byte) string {
	return "01900000-0000-7000-8000-0000000000" + string("0123456789abcdef"[n>>4]) + string("0123456789abcdef"[n&15])
}

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	kim    = care.Actor{ID: id(1), Name: "Kim Noor"}
	lee    = care.Actor{ID: id(2), Name: "Lee <Ann> & Co"}
	dora   = id(3)
	models = map[string]string{"face_mesh": "1 sha256:aa", "action_units": "3 sha256:bb"}
)

func scale(t testing.TB, name string) *pain.Scale {
	t.Helper()
	files, err := pain.BuiltInScales()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == name+".yaml" {
			s, err := pain.ParseScale(f.Name, f.Text)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatalf("no scale %s", name)
	return nil
}

// homeScale is one that a home wrote, with an id that no FHIR id can hold as it is.
func homeScale(t testing.TB) *pain.Scale {
	t.Helper()
	s, err := pain.ParseScale("our_own.yaml", []byte(`id: our_own
version: 1.2.0
name: Ours
title: Our own scale
kind: observation
source: Written by the home
permission: {state: granted, note: By the home}
total: {min: 0, max: 2}
pain_from: 1
bands:
  - {id: none, label: No sign of pain, from: 0, to: 0}
  - {id: some, label: Pain likely, from: 1, to: 2}
items:
  - id: face
    label: Face
    ask: "What does the face show?"
    options:
      - {value: 0, label: At ease}
      - {value: 2, label: Pained}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func observed(t testing.TB, judged bool) json.RawMessage {
	t.Helper()
	w := pain.NewWindow(pain.WindowConfig{})
	for i := range 300 {
		f := pain.Frame{Index: i, T: time.Duration(i) * time.Second / 30, AU: pain.Unmeasured()}
		if judged && i >= 200 { // the connection was away
			f.T += 21 * time.Second
		}
		if judged || i < 30 {
			f.State, f.PSPI, f.Score, f.Confounders = pain.Scored, 3.1+float64(i%7)/10, 2.1, pain.ConfounderSmile
			f.AU[pain.AU4], f.AU[pain.AU6], f.AU[pain.AU43] = 2.1, 1.3, 0
		} else {
			f.State, f.Reasons = pain.NotAssessable, pain.ReasonTooDark|pain.ReasonBlurred
		}
		w.Add(&f)
	}
	o := w.Observation()
	o.Models = models
	o.SetBaselines(map[string]int{"average": o.Scored}, "own")
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// assessments are the cases that golden files are made for.
func assessments(t testing.TB) map[string]struct {
	a *care.Assessment
	s *pain.Scale
} {
	painad, abbey, nrs := scale(t, "painad"), scale(t, "abbey"), scale(t, "nrs")
	x := 0.25
	make := func(s *pain.Scale, answers pain.Answers, change func(*care.Assessment)) struct {
		a *care.Assessment
		s *pain.Scale
	} {
		a := &care.Assessment{ID: id(0x10), SiteID: care.DefaultSite, ResidentID: dora, Condition: care.AtRest, Status: care.Preliminary, Method: care.ByCamera,
			Answers: answers, AssessedAt: noon, CreatedAt: noon, CreatedBy: kim, ChangedAt: noon.Add(90 * time.Second), ChangedBy: kim, Version: 1}
		if s != nil {
			ref := s.Ref()
			a.Scale = &ref
			if sum, ok := s.Sum(answers); ok {
				a.Total, a.Band = &sum, s.Band(sum).ID
			}
		}
		change(a)
		return struct {
			a *care.Assessment
			s *pain.Scale
		}{a, s}
	}
	full := pain.Answers{"breathing": 0, "vocalisation": 1, "face": 2, "body": 1, "consolability": 0}
	confirm := func(a *care.Assessment) {
		at := noon.Add(2 * time.Minute)
		a.Status, a.ConfirmedAt, a.ConfirmedBy, a.ChangedAt, a.ChangedBy, a.Version = care.Final, &at, &lee, at, lee, 2
	}
	return map[string]struct {
		a *care.Assessment
		s *pain.Scale
	}{
		"draft":       make(painad, pain.Answers{"face": 1}, func(a *care.Assessment) { a.Status, a.Method = care.Drafted, care.ByObserver }),
		"preliminary": make(painad, full, func(a *care.Assessment) { a.Observation = observed(t, true) }),
		"final": make(painad, full, func(a *care.Assessment) {
			a.Observation, a.Remarks = observed(t, true), "While turning in bed.\nHeld her hip <left>."
			a.Condition = care.InMovement
			a.BodySites = []care.BodySite{{Region: "left_hip"}, {Region: "lower_back", View: "back", X: &x, Y: &x}}
			confirm(a)
		}),
		"amended": make(abbey, pain.Answers{"vocalisation": 1, "face": 2, "body": 0, "behaviour": 1, "physiology": 0, "physical": 0}, func(a *care.Assessment) {
			a.Method = care.ByObserver
			a.PainType = "chronic"
			confirm(a)
			a.Status, a.Reason, a.ChangedBy, a.Version = care.Amended, "Wrong bed", kim, 3
		}),
		"entered_in_error": make(painad, full, func(a *care.Assessment) {
			confirm(a)
			a.Status, a.Reason, a.Version = care.EnteredInError, "Another resident", 3
		}),
		"not_assessable": make(nil, nil, func(a *care.Assessment) { a.Observation = observed(t, false) }),
		"camera_only":    make(nil, nil, func(a *care.Assessment) { a.Observation, a.Remarks = observed(t, true), "Asleep." }),
		"blind_hidden":   make(painad, pain.Answers{}, func(a *care.Assessment) { a.Observation, a.Blind = observed(t, true), true }),
		"self_report":    make(nrs, pain.Answers{"pain": 6}, func(a *care.Assessment) { a.Method = care.BySelfReport; confirm(a) }),
		"own_scale":      make(homeScale(t), pain.Answers{"face": 2}, func(a *care.Assessment) { a.Method = care.ByObserver; confirm(a) }),
		"erased": make(painad, full, func(a *care.Assessment) {
			confirm(a)
			a.CreatedBy.Name, a.ChangedBy.Name, a.ConfirmedBy = "", "", &care.Actor{ID: lee.ID}
		}),
	}
}

// resources are all golden resources by name.
func resources(t testing.TB) map[string]Resource {
	t.Helper()
	all := map[string]Resource{}
	for name, c := range assessments(t) {
		list, err := Observations(c.a, c.s)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if o.ID != c.a.ID && name != "final" && name != "not_assessable" && name != "camera_only" {
				continue // the same as in those
			}
			suffix := strings.TrimPrefix(o.ID, c.a.ID)
			if suffix == "" {
				suffix = "-total"
			}
			all["observation-"+name+suffix] = o
		}
		if r := NewResponse(c.a, c.s); r != nil {
			all["questionnaireresponse-"+name] = r
		}
		p, err := NewProvenance(c.a, c.s)
		if err != nil {
			t.Fatal(err)
		}
		all["provenance-"+name] = p
	}
	for _, name := range []string{"painad", "abbey", "paic15", "nrs"} {
		s := scale(t, name)
		all["questionnaire-"+name], all["codesystem-"+name] = NewQuestionnaire(s), NewScaleSystem(s)
		all["valueset-"+name] = NewValueSet(NewScaleSystem(s))
	}
	all["questionnaire-own"], all["codesystem-own"] = NewQuestionnaire(homeScale(t)), NewScaleSystem(homeScale(t))
	all["codesystem-wince"], all["valueset-wince"] = NewTerms(), NewValueSet(NewTerms())
	all["conceptmap-wince"] = NewConceptMap([]*pain.Scale{scale(t, "abbey"), scale(t, "nrs"), scale(t, "paic15"), scale(t, "painad")})
	all["device-models"] = NewDevice(pain.ModelSet{Models: models, Rules: pain.Rules})

	given := &care.ConsentRecord{ID: id(0x20), ResidentID: dora, Purpose: care.ForCamera, Decision: care.ConsentGiven, Basis: care.BasisConsent, GivenBy: "Ed Elm",
		Capacity: care.ByAttorney, GivenAt: noon.AddDate(0, -1, 0), RecordedAt: noon.AddDate(0, -1, 0), RecordedBy: kim, Version: 1}
	refused, withdrawn := *given, *given
	end := noon.AddDate(0, 0, -1)
	refused.Decision, refused.Purpose, refused.GivenBy = care.ConsentRefused, care.ForPhoto, ""
	withdrawn.WithdrawnAt, withdrawn.Version = &end, 2
	all["consent-given"], all["consent-refused"], all["consent-withdrawn"] = NewConsent(given, noon, noon), NewConsent(&refused, noon, noon), NewConsent(&withdrawn, noon, noon)

	r := &care.Resident{ID: dora, SiteID: care.DefaultSite, Name: "Dora Elm", Room: "7", ExternalID: "P-17", GivenName: "Dora Maria", FamilyName: "Elm", BirthDate: "1938-04-27",
		Sex: care.Female, Communication: care.CannotSay, Conditions: []care.FaceNote{care.PalsyLeft, care.FaceMask}, Language: "pt-BR", CreatedAt: noon, Version: 3}
	all["patient"] = NewPatient(r, "https://platform.example/patients", noon)
	all["patient-bare"] = NewPatient(&care.Resident{ID: dora, SiteID: care.DefaultSite, Name: "Dora", Sex: care.SexUnknown, Version: 1}, ExternalIDSystem, time.Time{})
	gone := noon
	all["practitioner"] = NewPractitioner(&care.User{ID: lee.ID, Name: lee.Name, Role: care.RoleNurse, Version: 1})
	all["practitioner-gone"] = NewPractitioner(&care.User{ID: kim.ID, Name: kim.Name, DisabledAt: &gone, Version: 2})
	site := &care.Site{ID: care.DefaultSite, Name: "Lime House", Zone: "Europe/Berlin", Version: 2}
	all["organization"], all["location"] = NewOrganization(site, noon), NewLocation(site, noon)

	for name, p := range map[string]care.Repeat{
		"hours": {EveryHours: 4}, "days": {EveryDays: 1, At: []string{"08:00", "20:00"}}, "weekdays": {Weekdays: []string{"mo", "th"}, EveryWeeks: 2, At: []string{"09:00"}},
		"fall": {On: care.Fall, Minutes: []int{0, 60, 240}},
	} {
		s := &care.Schedule{ID: id(0x30), SiteID: care.DefaultSite, ResidentID: dora, Scale: "painad", Condition: care.InMovement, Repeat: p, TimeZone: "Europe/Berlin",
			StartsAt: noon, CreatedAt: noon, CreatedBy: lee, Version: 1}
		if name == "hours" {
			s.ResidentID, s.Scale, s.Condition = "", "", ""
		}
		if name == "weekdays" {
			s.EndsAt, s.Version = &noon, 2
		}
		all["servicerequest-"+name] = NewServiceRequest(s, noon, noon)
	}
	for _, state := range []care.DueState{care.Upcoming, care.Due, care.Overdue, care.Missed, care.Done, care.Excused} {
		d := &care.DueItem{Key: id(0x30) + "/" + dora + "/1772366400", ResidentID: dora, ScheduleID: id(0x30), Scale: "painad", Condition: care.AtRest, Why: "every 4 hours", State: state,
			DueAt: noon, OverdueAt: noon.Add(time.Hour), MissedAt: noon.Add(4 * time.Hour)}
		if state == care.Done {
			d.AssessmentID = id(0x10)
		}
		all["task-"+string(state)] = NewTask(d, nil)
	}
	all["task-relief"] = NewTask(&care.DueItem{Key: id(0x40) + "/1772370000", ResidentID: dora, ReliefID: id(0x40), Scale: "abbey", Why: "relief at 12:00 UTC", State: care.Due,
		DueAt: noon.Add(time.Hour), OverdueAt: noon.Add(80 * time.Minute), MissedAt: noon.Add(2 * time.Hour)}, &Reference{Reference: "MedicationAdministration/" + id(0x40)})

	relief := &care.Relief{ID: id(0x40), ResidentID: dora, AssessmentID: id(0x10), Drug: &care.Drug{Text: "paracetamol", Dose: "500 mg by mouth", System: "http://www.whocc.no/atc", Code: "N02BE01"},
		Measures: []string{"warmth", "bath"}, GivenAt: noon, GivenBy: "Kim Noor", Remarks: "Drank it all.", Scale: "painad", RecordedAt: noon, RecordedBy: kim, Version: 1}
	wrong := *relief
	wrong.EnteredInError, wrong.Version, wrong.GivenBy, wrong.Drug = true, 2, "A visiting nurse", &care.Drug{Text: "ibuprofen"}
	all["medicationadministration"], all["medicationadministration-wrong"] = NewAdministration(relief, noon), NewAdministration(&wrong, noon)
	measures := append(care.Measures(), care.Measure{ID: "bath", Name: "Warm bath"})
	p := NewProcedures(relief, measures, noon)
	all["procedure"], all["procedure-own"] = p[0], p[1]
	only := *relief
	only.Drug = nil
	all["procedure-only"] = NewProcedures(&only, measures, noon)[0]

	for name, e := range map[string]*care.AuditEvent{
		"read":    {Action: "residents.read", Entity: "resident", EntityID: dora, Detail: json.RawMessage(`{"address":"/residents/:id"}`)},
		"confirm": {Action: care.ActAssessDone, Entity: "assessment", EntityID: id(0x10), Version: 2},
		"login":   {Action: care.ActLoginFailed, Entity: "user", EntityID: kim.ID},
		"server":  {Action: care.ActEscalate, Entity: "escalation", EntityID: id(0x50), By: care.Actor{ID: "server", Name: "Server"}},
	} {
		e.ID, e.Seq, e.At = id(0x60), 7, noon
		if e.By.ID == "" {
			e.By = kim
		}
		all["auditevent-"+name] = NewAuditEvent(e)
	}
	all["capabilitystatement"] = NewCapabilityStatement(Kinds(), Extra{Version: "1.0.0", URL: "https://wince.example:8443/fhir", Date: noon, Security: "A bearer token",
		Operations: []CapOperation{{Name: "export", Definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"}},
		OfPatient:  []CapOperation{{Name: "export", Definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export"}},
		Service:    []CodeableConcept{*SMART()}})
	hook := &care.Webhook{ID: id(0x70), Kind: care.FHIRHook, Name: "Care platform", URL: "https://platform.example/fhir", Criteria: "Observation?status=final,amended", ContentType: "application/fhir+json",
		Headers: []string{"Authorization: Bearer secret"}, CreatedAt: noon, Version: 1}
	all["subscription"] = NewSubscription(hook)
	broken := *hook
	broken.Disabled, broken.DisabledReason = true, "The receiver said that it wants no more."
	all["subscription-error"] = NewSubscription(&broken)
	patient, err := Marshal(all["patient"])
	if err != nil {
		t.Fatal(err)
	}
	all["bundle"] = &Bundle{Base: Base{ResourceType: "Bundle"}, Type: "searchset", Link: []BundleLink{{Relation: "self", URL: "https://wince.example:8443/fhir/Patient"}},
		Entry: []BundleEntry{{FullURL: "https://wince.example:8443/fhir/Patient/" + dora, Resource: patient, Search: &EntrySearch{Mode: "match"}}}}
	all["outcome"] = NewOutcome(Issue{Code: "value", Text: "The birth date must be a whole date.", Path: "Patient.birthDate"}, Issue{Severity: "warning", Code: "not-supported", Text: "The photo was not kept.", Path: "Patient.photo"})
	return all
}

// The resources are what the golden files hold; testdata/validate.sh has HL7's validator look at those.
func TestGolden(t *testing.T) {
	all := resources(t)
	for name, r := range all {
		compact, err := Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, compact, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		path := filepath.Join("testdata", "golden", name+".json")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is\n%s\nIf that is meant: go test ./web/fhir -run TestGolden -update", name, got.Bytes())
		}
		var v any
		if err := json.Unmarshal(compact, &v); err != nil {
			t.Fatal(err)
		}
		tight(t, name, v)
		if h := r.Head(); h.ResourceType == "" || len(h.ID) > 64 || h.Text == nil && h.ResourceType != "OperationOutcome" && h.ResourceType != "Bundle" {
			t.Errorf("%s: no type, no text or a long id", name)
		}
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if all[strings.TrimSuffix(filepath.Base(f), ".json")] == nil {
			t.Errorf("%s belongs to nothing any more: remove it", f)
		}
	}
}

// tight fails where there is something empty, which FHIR's JSON does not know.
func tight(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", path)
	case string:
		if v == "" {
			t.Errorf("%s is an empty text", path)
		}
	case []any:
		if len(v) == 0 {
			t.Errorf("%s is an empty list", path)
		}
		for _, x := range v {
			tight(t, path+"[]", x)
		}
	case map[string]any:
		if len(v) == 0 {
			t.Errorf("%s is an empty object", path)
		}
		for k, x := range v {
			tight(t, path+"."+k, x)
		}
	}
}

func TestWhatIsNotTold(t *testing.T) {
	practice := &care.Assessment{ID: id(1), Practice: true, Status: care.Preliminary, Observation: observed(t, true)}
	list, err := Observations(practice, nil)
	p, perr := NewProvenance(practice, scale(t, "painad"))
	if len(list) != 0 || err != nil || NewResponse(practice, scale(t, "painad")) != nil || p != nil || perr != nil {
		t.Error("practice is told")
	}
	hidden := assessments(t)["blind_hidden"]
	list, err = Observations(hidden.a, hidden.s)
	if err != nil || len(list) != 1 {
		t.Errorf("before the carer has rated the machine's view is told: %d observations, %v", len(list), err)
	}
	dark := assessments(t)["not_assessable"]
	list, err = Observations(dark.a, dark.s)
	if err != nil || len(list) != 1 || list[0].DataAbsentReason == nil || list[0].ValueQuantity != nil {
		t.Fatalf("got %+v, %v", list, err)
	}
	for _, c := range list[0].Component {
		if k := c.Code.Coding[0].Code; strings.HasPrefix(k, "pspi") || strings.HasPrefix(k, "score") {
			t.Errorf("what could not be judged has a %s", k)
		}
	}
	for name, c := range assessments(t) {
		list, err := Observations(c.a, c.s)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if said := strings.Contains(o.Text.Div, unconfirmed); said != c.a.Status.Open() {
				t.Errorf("%s, %s: says that a person must confirm: %v", name, o.ID, said)
			}
			if c.a.Total == nil && o.ValueQuantity != nil {
				t.Errorf("%s: a value without a total", name)
			}
		}
	}
}

func TestIDs(t *testing.T) {
	for _, key := range []string{id(1) + "/" + id(2) + "/1772366400", id(3) + "/1772366400", id(3) + "/0"} {
		got, of, resident, ok := TaskKey(TaskID(key))
		if !ok || got != key || !strings.HasPrefix(key, of) || resident != "" && !strings.Contains(key, resident) || len(TaskID(key)) > 64 {
			t.Errorf("%s became %s (%v), %s", key, got, ok, TaskID(key))
		}
	}
	for _, bad := range []string{"", "x", strings.Repeat("v", 60), TaskID(id(1)+"/"+id(2)+"/3") + "0"} {
		if key, _, _, ok := TaskKey(bad); ok && TaskID(key) != bad {
			t.Errorf("%q is read as %s", bad, key)
		}
	}
	for _, ref := range []pain.Ref{{ID: "painad", Version: "1.0.0"}, {ID: "our_own_scale", Version: "1.20.3"}} {
		got, ok := ParseScaleResourceID(ScaleResourceID(ref))
		if !ok || got != ref {
			t.Errorf("%v became %v", ref, got)
		}
	}
	a, b := homeScale(t), homeScale(t)
	b.File.Text = append(bytes.Clone(b.File.Text), '#')
	if scaleURL("CodeSystem", a) == scaleURL("CodeSystem", b) {
		t.Error("two homes' scales of one id have the same code system")
	}
	if b, err := Marshal(resources(t)["subscription"]); err != nil || bytes.Contains(b, []byte("secret")) {
		t.Errorf("a Subscription tells its headers: %s", b)
	}
	seen := map[string]bool{}
	for _, x := range terms() {
		if seen[x.code] {
			t.Errorf("two terms have the code %s", x.code)
		}
		seen[x.code] = true
	}
	if !reflect.DeepEqual(Codes([]Token{{Code: "painad-total"}, {Code: "nonsense"}}), Wanted{Scales: []string{"painad"}}) {
		t.Error("codes")
	}
}

func BenchmarkObservations(b *testing.B) {
	c := assessments(b)["final"]
	for b.Loop() {
		list, err := Observations(c.a, c.s)
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range list {
			if _, err := Marshal(o); err != nil {
				b.Fatal(err)
			}
		}
	}
}
