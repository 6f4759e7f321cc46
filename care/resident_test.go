package care

import (
	"math"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestResidentCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in    Resident
		field string
	}{
		"good":               {Resident{Name: " Ada Oak ", Room: "1"}, ""},
		"no name":            {Resident{Name: "  "}, "name"},
		"a name too long":    {Resident{Name: strings.Repeat("é", 121)}, "name"},
		"just short enough":  {Resident{Name: strings.Repeat("é", 120)}, ""},
		"two lines":          {Resident{Name: "Ada\nOak"}, "name"},
		"not UTF-8":          {Resident{Name: "Ada \xff"}, "name"},
		"room too long":      {Resident{Name: "Ada", Room: strings.Repeat("1", 41)}, "room"},
		"unknown consent":    {Resident{Name: "Ada", Consent: "perhaps"}, "consent"},
		"external id with 0": {Resident{Name: "Ada", ExternalID: "a\x00b"}, "external_id"},
		"everything": {Resident{Name: "Ada", GivenName: "Ada", FamilyName: "Oak", BirthDate: "1931-02-28", Sex: Female, Communication: CannotSay,
			Conditions: []FaceNote{LowVision, Parkinsonism}, Language: "pt-BR"}, ""},
		"an odd id":           {Resident{Name: "Ada", ID: "7"}, "id"},
		"born tomorrow":       {Resident{Name: "Ada", BirthDate: "2026-03-02"}, ""}, // it may be tomorrow there
		"born in the future":  {Resident{Name: "Ada", BirthDate: "2026-03-03"}, "birth_date"},
		"born long ago":       {Resident{Name: "Ada", BirthDate: "1890-01-01"}, "birth_date"},
		"no such day":         {Resident{Name: "Ada", BirthDate: "1931-02-29"}, "birth_date"},
		"odd sex":             {Resident{Name: "Ada", Sex: "f"}, "sex"},
		"odd communication":   {Resident{Name: "Ada", Communication: "sometimes"}, "communication"},
		"odd condition":       {Resident{Name: "Ada", Conditions: []FaceNote{"tired"}}, "conditions"},
		"language as a word":  {Resident{Name: "Ada", Language: "german"}, "language"},
		"language, no subtag": {Resident{Name: "Ada", Language: "de-"}, "language"},
	} {
		if err := c.in.Check(noon); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	r := Resident{GivenName: " Ada", FamilyName: "Oak ", Conditions: []FaceNote{LowVision, FaceMask, LowVision}}
	if err := r.Check(noon); err != nil || r.Name != "Ada Oak" || r.Consent != ConsentUnknown || len(r.Conditions) != 2 || r.Sex != SexUnknown {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestOnlyAYesIsConsent(t *testing.T) {
	for consent, want := range map[Consent]bool{ConsentGiven: true, ConsentRefused: false, ConsentUnknown: false, "": false} {
		if err := (&Resident{Consent: consent}).MayBeFilmed(noon); (err == nil) != want {
			t.Errorf("consent %q: %v", consent, err)
		}
	}
}

// A record of consent counts before a bare yes or no, and only from when it was given to when it expires.
func TestConsentInTime(t *testing.T) {
	later, earlier := noon.Add(time.Hour), noon.Add(-time.Hour)
	for name, c := range map[string]struct {
		record *ConsentRecord
		want   Consent
	}{
		"a bare yes":          {nil, ConsentGiven},
		"given":               {&ConsentRecord{Decision: ConsentGiven, GivenAt: noon}, ConsentGiven},
		"refused":             {&ConsentRecord{Decision: ConsentRefused, GivenAt: earlier}, ConsentRefused},
		"withdrawn":           {&ConsentRecord{Decision: ConsentGiven, GivenAt: earlier, WithdrawnAt: &noon}, ConsentWithdrawn},
		"expires later":       {&ConsentRecord{Decision: ConsentGiven, GivenAt: earlier, ExpiresAt: &later}, ConsentGiven},
		"expires now":         {&ConsentRecord{Decision: ConsentGiven, GivenAt: earlier, ExpiresAt: &noon}, ConsentExpired},
		"the clock went back": {&ConsentRecord{Decision: ConsentGiven, GivenAt: later}, ConsentUnknown},
	} {
		r := &Resident{Consent: ConsentGiven, CameraConsent: c.record}
		if got := r.At(noon).Consent; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if err := r.MayBeFilmed(noon); (err == nil) != (c.want == ConsentGiven) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConsentCheck(t *testing.T) {
	good := ConsentRecord{Purpose: ForCamera, Decision: ConsentGiven, GivenBy: "Tom Oak", Capacity: ByAttorney}
	for name, c := range map[string]struct {
		change func(*ConsentRecord)
		field  string
	}{
		"good":                {func(*ConsentRecord) {}, ""},
		"no purpose":          {func(c *ConsentRecord) { c.Purpose = "" }, "purpose"},
		"no decision":         {func(c *ConsentRecord) { c.Decision = ConsentUnknown }, "decision"},
		"nobody":              {func(c *ConsentRecord) { c.GivenBy = " " }, "given_by"},
		"no capacity":         {func(c *ConsentRecord) { c.Capacity = "" }, "capacity"},
		"not for people":      {func(c *ConsentRecord) { c.Capacity = NotRecorded }, "capacity"},
		"odd basis":           {func(c *ConsentRecord) { c.Basis = "because" }, "legal_basis"},
		"unnamed law":         {func(c *ConsentRecord) { c.Basis = BasisNational }, "note"},
		"in the future":       {func(c *ConsentRecord) { c.GivenAt = noon.Add(clockSkew + time.Second) }, "given_at"},
		"over at once":        {func(c *ConsentRecord) { c.ExpiresAt = &noon }, "expires_at"},
		"for ever":            {func(c *ConsentRecord) { at := noon.AddDate(11, 0, 0); c.ExpiresAt = &at }, "expires_at"},
		"a note of two lines": {func(c *ConsentRecord) { c.Note = "a\nb" }, "note"},
	} {
		r := good
		c.change(&r)
		if err := r.Check(noon); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	r := good
	if err := r.Check(noon); err != nil || r.Basis != BasisConsent || !r.GivenAt.Equal(noon) || !ValidID(r.ID) {
		t.Errorf("got %+v, %v", r, err)
	}
	act := Act{By: Actor{"u", "Ann"}, At: noon}
	if err := r.Withdraw("", act); fieldOf(err) != "withdrawn_by" || r.WithdrawnAt != nil {
		t.Errorf("withdrawn by nobody: %v", err)
	}
	r.RecordedAt = noon.Add(clockSkew + time.Second)
	if err := r.Withdraw("Tom Oak", act); err == nil || r.WithdrawnAt != nil {
		t.Errorf("withdrawn before it was recorded: %v", err)
	}
	r.RecordedAt = noon
	if err := r.Withdraw("Tom Oak", act); err != nil || r.StateAt(noon) != ConsentWithdrawn {
		t.Errorf("got %+v, %v", r, err)
	}
	if err := r.Withdraw("Tom Oak", act); err == nil {
		t.Error("withdrawn twice")
	}
}

func TestBaselineCheck(t *testing.T) {
	many := map[string]float64{}
	for i := range 257 {
		many["v"+itoa(i)] = 1
	}
	for name, c := range map[string]struct {
		in    Baseline
		field string
	}{
		"good":             {Baseline{Method: "units/1", Frames: 90, Values: map[string]float64{"eye_open_r": .31}}, ""},
		"no method":        {Baseline{Frames: 90, Values: map[string]float64{"a": 1}}, "method"},
		"no frames":        {Baseline{Method: "u", Values: map[string]float64{"a": 1}}, "frames"},
		"no numbers":       {Baseline{Method: "u", Frames: 1}, "values"},
		"too many numbers": {Baseline{Method: "u", Frames: 1, Values: many}, "values"},
		"not a number":     {Baseline{Method: "u", Frames: 1, Values: map[string]float64{"a": math.NaN()}}, "values"},
		"endless":          {Baseline{Method: "u", Frames: 1, Values: map[string]float64{"a": math.Inf(-1)}}, "values"},
		"a picture's name": {Baseline{Method: "u", Frames: 1, Values: map[string]float64{"face.jpg": 1}}, "values"},
		"in the future":    {Baseline{Method: "u", Frames: 1, TakenAt: noon.Add(clockSkew + time.Second), Values: map[string]float64{"a": 1}}, "taken_at"},
	} {
		if err := c.in.Check(noon); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	var b Baseline
	if err := b.Choose(); err != nil || !b.Chosen {
		t.Error(err)
	}
	for _, reason := range []string{"", " ", strings.Repeat("x", maxReason+1)} {
		if err := b.Retire(reason, noon); fieldOf(err) != "reason" || !b.Chosen || b.RetiredAt != nil {
			t.Errorf("%q: %v %+v", reason, err, b)
		}
	}
	if err := b.Retire(" not at ease ", noon); err != nil || b.Chosen || b.RetiredAt == nil || b.RetiredWhy != "not at ease" {
		t.Errorf("%v %+v", err, b)
	}
	if b.Retire("again", noon) == nil || b.Choose() == nil {
		t.Error("a retired baseline was used")
	}
}
