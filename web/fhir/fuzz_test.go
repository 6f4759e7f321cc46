package fhir

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wince/care"
)

// Whatever a search says, it is understood as something that holds, or refused with a sentence.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"a,b", `a\,b`, "system|code", "|code", "system|", "ge2026-03-01T08:00:00+01:00", "2026", "ap2026-03", "ne2026-03-01T08:00", "lt2026-03-01T08:00:00.5Z", "eq", "\\", "9999-99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := SplitOr(s)
		refused(t, err)
		for _, one := range list {
			if one == "" {
				t.Errorf("%q has an empty alternative", s)
			}
			token, err := ParseToken(one)
			refused(t, err)
			if err == nil && token.Code == "" && token.System == "" {
				t.Errorf("%q asks for nothing", one)
			}
			r, err := ParseDate(one, noon)
			refused(t, err)
			if err == nil && !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To) {
				t.Errorf("%q is the empty time from %v to %v", one, r.From, r.To)
			}
		}
	})
}

// refused checks that an error is a sentence for the client.
func refused(t *testing.T, err error) {
	t.Helper()
	var issues Issues
	if err != nil && (!errors.As(err, &issues) || len(issues) == 0 || issues[0].Text == "" || issues[0].Code == "") {
		t.Errorf("not refused in FHIR's words: %v", err)
	}
}

// A Patient is read to something that makes a resident or breaks one of the residents' rules, and told again the same.
func FuzzReadPatient(f *testing.F) {
	for _, r := range []*care.Resident{{ID: dora, Name: "Dora", Sex: care.Female}, {ID: dora, Name: "D", GivenName: "A B", FamilyName: "C", BirthDate: "1938-04-27", Language: "de",
		Room: "7", ExternalID: "P", Communication: care.CannotSay, Conditions: []care.FaceNote{care.PalsyLeft}, SiteID: care.DefaultSite}} {
		b, err := Marshal(NewPatient(r, ExternalIDSystem, noon))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{"", "{}", "[]", "null", `{"resourceType":"Patient"}`, `{"resourceType":"Patient","name":[{"text":"A","use":"old"},{"family":"B"}],"active":false,"_birthDate":{}}`, `{"resourceType":"Patient","name":{},"identifier":[],"extension":[{"url":""}]}`, `{} {}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadPatient(b, ExternalIDSystem)
		refused(t, err)
		if err != nil {
			return
		}
		r := &care.Resident{SiteID: care.DefaultSite, Version: 1}
		p.Into(r)
		if err := r.Check(noon); err != nil {
			var known *care.Error
			if !errors.As(err, &known) {
				t.Fatal(err)
			}
			refused(t, func() error {
				err := PatientIssue(err)
				var issues Issues
				if errors.As(err, &issues) {
					return err
				}
				return nil
			}())
			return
		}
		again, err := Marshal(NewPatient(r, ExternalIDSystem, noon))
		if err != nil {
			t.Fatal(err)
		}
		p2, err := ReadPatient(again, ExternalIDSystem)
		if err != nil {
			t.Fatalf("what was told cannot be read: %v: %s", err, again)
		}
		r2 := *r
		p2.Into(&r2)
		// Runs of spaces in given names become one.
		r.GivenName, r2.GivenName = strings.Join(strings.Fields(r.GivenName), " "), strings.Join(strings.Fields(r2.GivenName), " ")
		if err := r2.Check(noon); err != nil || !r.SameAs(&r2) {
			t.Errorf("%+v came back as %+v, %v", r, r2, err)
		}
		if !utf8.Valid(again) || !json.Valid(again) {
			t.Error("what is told is not JSON")
		}
	})
}

func TestDates(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for value, want := range map[string]care.TimeRange{
		"2026":                      {From: at("2026-01-01T00:00:00Z"), To: at("2027-01-01T00:00:00Z")},
		"2026-02":                   {From: at("2026-02-01T00:00:00Z"), To: at("2026-03-01T00:00:00Z")},
		"eq2026-02-03":              {From: at("2026-02-03T00:00:00Z"), To: at("2026-02-04T00:00:00Z")},
		"2026-02-03T08:00":          {From: at("2026-02-03T08:00:00Z"), To: at("2026-02-03T08:01:00Z")},
		"2026-02-03T08:00+02:00":    {From: at("2026-02-03T06:00:00Z"), To: at("2026-02-03T06:01:00Z")},
		"2026-02-03T08:00:00 02:00": {From: at("2026-02-03T06:00:00Z"), To: at("2026-02-03T06:00:01Z")},
		"2026-02-03T08:00:00.25Z":   {From: at("2026-02-03T08:00:00.25Z"), To: at("2026-02-03T08:00:00.251Z")},
		"gt2026-02":                 {From: at("2026-03-01T00:00:00Z")},
		"sa2026-02":                 {From: at("2026-03-01T00:00:00Z")},
		"ge2026-02":                 {From: at("2026-02-01T00:00:00Z")},
		"lt2026-02":                 {To: at("2026-02-01T00:00:00Z")},
		"eb2026-02":                 {To: at("2026-02-01T00:00:00Z")},
		"le2026-02":                 {To: at("2026-03-01T00:00:00Z")},
		"ne2026-02":                 {From: at("2026-02-01T00:00:00Z"), To: at("2026-03-01T00:00:00Z"), Not: true},
		"ap2026-02-19T12:00:00Z":    {From: at("2026-02-18T12:00:00Z"), To: at("2026-02-20T12:00:01Z")}, // ten days ago
	} {
		got, err := ParseDate(value, noon)
		if err != nil || !got.From.Equal(want.From) || !got.To.Equal(want.To) || got.Not != want.Not {
			t.Errorf("%s is %v to %v (%v, %v)", value, got.From, got.To, got.Not, err)
		}
	}
	for _, bad := range []string{"", "x", "2026-13", "2026-02-30", "20260203", "ge", "xx2026", "2026-02-03T25:00", "26", "2026-2-3", "0000"} {
		if _, err := ParseDate(bad, noon); err == nil {
			t.Errorf("%q is taken for a date", bad)
		}
	}
}
