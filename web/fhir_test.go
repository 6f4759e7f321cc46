package web

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
	"wince/web/fhir"
)

var fhirOut = flag.String("fhir-out", "", "a folder to write what the server tells to, for web/fhir/testdata/validate.sh")

// found is a page of a search, as far as the tests look at it.
type found struct {
	answer
	Type  string
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		FullURL  string
		Resource struct {
			ResourceType, ID string
		}
		Search struct{ Mode string }
	}
}

func (f found) next() string {
	for _, l := range f.Link {
		if l.Relation == "next" {
			return strings.TrimPrefix(l.URL, "https://wince.test")
		}
	}
	return ""
}

func (f found) ids(mode string) []string {
	var ids []string
	for _, e := range f.Entry {
		if e.Search.Mode == mode {
			ids = append(ids, e.Resource.ResourceType+"/"+e.Resource.ID)
		}
	}
	return ids
}

func (g *rig) search(query string, headers ...string) found {
	g.Helper()
	a := g.do("GET", "/fhir/"+query, nil, headers...).want(200)
	f := found{answer: a}
	a.read(&f)
	if got := a.Header.Get("Content-Type"); got != "application/fhir+json; charset=utf-8" || f.Type != "searchset" {
		g.Fatalf("%s: %s, %s", query, got, a.body)
	}
	return f
}

// all follows the links to the end.
func (g *rig) all(query string) []string {
	g.Helper()
	var ids []string
	f := g.search(query)
	for n := 0; ; n++ {
		ids = append(ids, f.ids("match")...)
		next := f.next()
		if next == "" {
			return ids
		}
		if n > 500 {
			g.Fatal("the pages do not end")
		}
		f = g.search(strings.TrimPrefix(next, "/fhir/"))
	}
}

// outcome checks that the answer is an OperationOutcome with an issue of that type, and returns its words.
func (a answer) outcome(status int, code string) string {
	a.Helper()
	a.want(status)
	var o fhir.Outcome
	a.read(&o)
	if o.ResourceType != "OperationOutcome" || len(o.Issue) == 0 || o.Issue[0].Code != code || o.Issue[0].Details == nil || o.Issue[0].Details.Text == "" ||
		!strings.Contains(o.Issue[0].Diagnostics, a.Header.Get("X-Request-Id")) || !strings.HasPrefix(a.Header.Get("Content-Type"), fhirContent) {
		a.Fatalf("want an OperationOutcome of type %s: %s", code, a.body)
	}
	return o.Issue[0].Details.Text + strings.Join(o.Issue[0].Expression, " ")
}

// painadOf makes a confirmed assessment of a resident at a time.
func (g *rig) painadOf(resident string, at time.Time, face int) care.Assessment {
	g.Helper()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"resident_id": resident, "condition": "rest", "scale": "painad", "assessed_at": at,
		"answers": map[string]int{"breathing": 0, "vocalisation": 1, "face": face, "body": 0, "consolability": 0}}).want(201).read(&a)
	g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", map[string]any{}, "If-Match", fmt.Sprintf(`"%d"`, a.Version)).want(200).read(&a)
	return a
}

// ward is a home with something of every kind.
type ward struct {
	*rig
	resident care.Resident
	camera   care.Assessment // preliminary, with the machine's view
	done     care.Assessment // confirmed
	relief   care.Relief
	schedule care.Schedule
}

func newWard(t *testing.T) *ward {
	g := newRig(t).admin()
	w := &ward{rig: g, camera: g.assessment()}
	g.do("GET", "/api/v1/residents/"+w.camera.ResidentID, nil).want(200).read(&w.resident)
	w.done = g.painadOf(w.resident.ID, g.clock.now().Add(-3*time.Hour), 2)
	g.do("POST", "/api/v1/residents/"+w.resident.ID+"/reliefs", map[string]any{"assessment_id": w.done.ID, "drug": map[string]string{"text": "paracetamol", "dose": "500 mg"},
		"measures": []string{"warmth", "music"}}).want(201).read(&w.relief)
	g.do("POST", "/api/v1/schedules", map[string]any{"resident_id": w.resident.ID, "repeat": map[string]any{"every_hours": 1}}).want(201).read(&w.schedule)
	return w
}

// Everything that a search finds can be read at its address, is a resource of its type, and is told by the version it has.
func TestFHIRReadsWhatItFinds(t *testing.T) {
	w := newWard(t)
	w.do("POST", "/fhir/Subscription", (&restHook{Server: &httptest.Server{URL: "https://platform.example"}}).ask("Observation?status=final", fhirContent)).want(201)
	for _, k := range fhir.Kinds() {
		list := w.all(k.Name)
		if len(list) == 0 {
			t.Errorf("%s: nothing found", k.Name)
		}
		for _, ref := range list[:min(len(list), 5)] {
			a := w.do("GET", "/fhir/"+ref, nil).want(200)
			if *fhirOut != "" {
				if err := os.WriteFile(filepath.Join(*fhirOut, strings.ReplaceAll(ref, "/", "-")+".json"), a.body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var r struct {
				ResourceType, ID string
				Meta             struct{ VersionID, LastUpdated string }
			}
			a.read(&r)
			if r.ResourceType+"/"+r.ID != ref {
				t.Errorf("%s is %s/%s", ref, r.ResourceType, r.ID)
			}
			if r.Meta.VersionID != "" {
				if got := a.Header.Get("ETag"); got != `W/"`+r.Meta.VersionID+`"` {
					t.Errorf("%s: ETag %q, version %q", ref, got, r.Meta.VersionID)
				}
				w.do("GET", "/fhir/"+ref, nil, "If-None-Match", `W/"`+r.Meta.VersionID+`"`).want(304)
				if k.Can(fhir.VRead) {
					again := w.do("GET", "/fhir/"+ref+"/_history/"+r.Meta.VersionID, nil).want(200)
					if string(again.body) != string(a.body) {
						t.Errorf("%s: the present version is\n%s\nnot\n%s", ref, again.body, a.body)
					}
				}
			}
		}
		w.do("GET", "/fhir/"+k.Name+"/"+care.NewID(), nil).outcome(404, "not-found")
		w.do("GET", "/fhir/"+k.Name+"/..", nil)
	}
	w.do("GET", "/fhir/Observation/"+w.done.ID+"/_history/9", nil).outcome(404, "not-found")
	var before fhir.Observation
	w.do("GET", "/fhir/Observation/"+w.done.ID+"/_history/1", nil).want(200).read(&before)
	if before.Status != "preliminary" || !strings.Contains(before.Text.Div, "a person must look at this") {
		t.Errorf("before it was confirmed it is %s: %s", before.Status, before.Text.Div)
	}
	var m fhir.CapabilityStatement
	w.as("").do("GET", "/fhir/metadata", nil).want(200).read(&m)
	if len(m.Rest[0].Resource) != len(fhir.Kinds()) || m.FHIRVersion != "4.0.1" {
		t.Errorf("metadata: %+v", m)
	}
}

func TestFHIRSearch(t *testing.T) {
	w := newWard(t)
	other := w.rig.resident(care.ConsentUnknown)
	day := w.clock.now().Add(-24 * time.Hour).Truncate(24 * time.Hour).Add(9 * time.Hour) // 09:00 yesterday
	early := w.painadOf(other.ID, day, 0)
	w.do("PUT", "/api/v1/residents/by-external-id/P-1", map[string]any{"name": "Paul"}).want(201)
	total, patient := "Observation/"+w.done.ID, "Patient/"+w.resident.ID
	d := day.Format("2006-01-02")
	for query, want := range map[string][]string{
		"Observation?code=painad-total&_sort=date":                                                           {"Observation/" + early.ID, total},
		"Observation?code=painad-total":                                                                      {total, "Observation/" + early.ID},
		"Observation?code=painad-total,pspi&patient=" + w.resident.ID:                                        {"Observation/" + w.camera.ID + "-pspi", total},
		"Observation?code=http://snomed.info/sct|225908003&subject=" + patient:                               {total},
		"Observation?code=http://snomed.info/sct|painad-total":                                               nil,
		"Observation?code=nonsense":                                                                          nil,
		"Observation?code=au4&status=preliminary":                                                            {"Observation/" + w.camera.ID + "-au4"},
		"Observation?code=au4&status=final":                                                                  nil,
		"Observation?status=final&category=survey&patient=Patient/" + w.resident.ID:                          {total},
		"Observation?status=cancelled":                                                                       nil,
		"Observation?status=http://hl7.org/fhir/observation-status|final&date=" + d:                          {"Observation/" + early.ID},
		"Observation?category=exam&code=pspi":                                                                {"Observation/" + w.camera.ID + "-pspi"},
		"Observation?patient=" + w.resident.ID + "," + other.ID + "&code=painad-total":                       {total, "Observation/" + early.ID},
		"Observation?patient=" + w.resident.ID + "&patient=" + other.ID:                                      nil,
		"Observation?patient=" + care.NewID():                                                                nil,
		"Observation?patient.identifier=P-1":                                                                 nil,
		"Observation?subject:Patient.identifier=nobody":                                                      nil,
		"Observation?_id=" + w.done.ID:                                                                       {total},
		"Observation?_id=" + w.camera.ID + "-au7," + w.done.ID:                                               {"Observation/" + w.camera.ID + "-au7", total},
		"Observation?_id=x":                                                                                  nil,
		"Observation?code=painad-total&date=lt" + d:                                                          nil,
		"Observation?code=painad-total&date=le" + d:                                                          {"Observation/" + early.ID},
		"Observation?code=painad-total&date=gt" + d:                                                          {total},
		"Observation?code=painad-total&date=sa" + d:                                                          {total},
		"Observation?code=painad-total&date=eb" + d:                                                          nil,
		"Observation?code=painad-total&date=ne" + d:                                                          {total},
		"Observation?code=painad-total&date=ge" + d + "&date=le" + d:                                         {"Observation/" + early.ID},
		"Observation?code=painad-total&date=" + d + "T09:00":                                                 {"Observation/" + early.ID},
		"Observation?code=painad-total&date=" + d + "T10:00:00%2B01:00":                                      {"Observation/" + early.ID},
		"Observation?code=painad-total&date=" + d + "T09:00:00.001Z":                                         nil,
		"Observation?code=painad-total&date=1999," + d:                                                       {"Observation/" + early.ID},
		"Observation?code=painad-total&date=ap" + w.clock.now().Add(-3*time.Hour).Format("2006-01-02T15:04"): {total},
		"Observation?code=painad-total&_lastUpdated=lt2026":                                                  nil,
		"QuestionnaireResponse?status=completed&authored=" + d:                                               {"QuestionnaireResponse/" + early.ID},
		"QuestionnaireResponse?status=in-progress":                                                           nil,
		"Patient?identifier=P-1&_elements=name":                                                              {""},
		"Patient?identifier=" + fhir.ExternalIDSystem + "|P-2":                                               nil,
		"Patient?identifier=http://other|P-1":                                                                nil,
		"Patient?name=elm&_id=" + w.resident.ID:                                                              {patient},
		"Patient?name=lm":                                                                                    nil,
		"Patient?birthdate=1938":                                                                             nil,
		"Patient?gender=unknown&_id=" + w.resident.ID:                                                        {patient},
		"Patient?_lastUpdated=ge2026-03-01&_id=" + w.resident.ID:                                             {patient},
		"Patient?_lastUpdated=gt2026-03-01":                                                                  nil,
		"MedicationAdministration?status=completed&effective-time=ge2026-03-01":                              {"MedicationAdministration/" + w.relief.ID},
		"MedicationAdministration?status=entered-in-error":                                                   nil,
		"Procedure?code=measure-music":                                                                       {"Procedure/" + w.relief.ID + "-1"},
		"Procedure?patient=" + w.resident.ID:                                                                 {"Procedure/" + w.relief.ID + "-0", "Procedure/" + w.relief.ID + "-1"},
		"Procedure?_id=" + w.relief.ID + "-1":                                                                {"Procedure/" + w.relief.ID + "-1"},
		"ServiceRequest?status=active&patient=" + w.resident.ID:                                              {"ServiceRequest/" + w.schedule.ID},
		"ServiceRequest?status=completed":                                                                    nil,
		"Provenance?target=Observation/" + w.camera.ID + "-au4":                                              {"Provenance/" + w.camera.ID},
		"Consent?patient=" + w.resident.ID + "&status=active":                                                {""},
		"CodeSystem?url=" + url.QueryEscape(fhir.System):                                                     {"CodeSystem/wince"},
		"Questionnaire?name=pai&version=1.0.0":                                                               {"Questionnaire/paic15.1.0.0", "Questionnaire/painad.1.0.0"},
		"AuditEvent?date=lt2026":                                                                             nil,
		"Practitioner?name=bee":                                                                              {""},
		"Task?status=failed":                                                                                 nil,
	} {
		got := w.all(query)
		if len(want) == 1 && want[0] == "" {
			if len(got) != 1 {
				t.Errorf("%s found %v, want one", query, got)
			}
			continue
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s found\n%v, want\n%v", query, got, want)
		}
	}
	// The same as a form, which keeps ids out of addresses.
	f := found{}
	w.do("POST", "/fhir/Observation/_search?code=painad-total", "patient="+w.resident.ID, "Content-Type", "application/x-www-form-urlencoded").want(200).read(&f)
	if !slices.Equal(f.ids("match"), []string{total}) {
		t.Errorf("a search by POST found %v", f.ids("match"))
	}
	inc := w.search("Observation?code=pspi&_include=Observation:patient&_include=Observation:device&_include=Observation:performer&_include=Observation:derived-from&_revinclude=Provenance:target")
	if got := inc.ids("include"); len(got) < 5 || !slices.Contains(got, patient) || !slices.Contains(got, "Provenance/"+w.camera.ID) ||
		!slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Device/") }) || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Practitioner/") }) {
		t.Errorf("included: %v", got)
	}
	_, nurse := w.staff(care.RoleNurse, care.ByPassword)
	inc = w.as(nurse).search("Observation?code=pspi&_include=Observation:performer")
	if got := inc.ids("include"); len(got) != 0 {
		t.Errorf("a nurse may not see the staff, and is shown %v", got)
	}
	n := w.search("Observation?code=painad-total&_summary=count")
	if n.Total == nil || *n.Total != 2 || len(n.Entry) != 0 {
		t.Errorf("a count: %s", n.body)
	}
	only := w.search("Observation?_id=" + w.done.ID + "&_elements=status,value")
	var raw struct {
		Entry []struct{ Resource map[string]any }
	}
	only.read(&raw)
	r := raw.Entry[0].Resource
	if r["status"] != "final" || r["valueQuantity"] == nil || r["component"] != nil || !strings.Contains(string(only.body), "SUBSETTED") {
		t.Errorf("some elements: %v", r)
	}
}

// Summaries of each kind of resource have what R4 says, and a count is told of whatever can be found.
func TestFHIRSummaries(t *testing.T) {
	w := newWard(t)
	w.do("POST", "/fhir/Subscription", (&restHook{Server: &httptest.Server{URL: "https://platform.example"}}).ask("Patient", "")).want(201)
	for _, k := range fhir.Kinds() {
		all := w.all(k.Name)
		if n := w.search(k.Name + "?_summary=count"); n.Total == nil || *n.Total != len(all) || len(n.Entry) != 0 {
			if k.Name != "AuditEvent" || n.Total == nil || *n.Total <= len(all) { // asking is an event, too
				t.Errorf("%s: %d are found, the count is %s", k.Name, len(all), n.body)
			}
		}
		for mode, check := range map[string]func(m map[string]any) bool{
			"true":  func(m map[string]any) bool { return m["text"] == nil },
			"text":  func(m map[string]any) bool { return m["text"] != nil },
			"data":  func(m map[string]any) bool { return m["text"] == nil },
			"false": func(m map[string]any) bool { return m["text"] != nil },
		} {
			f := w.search(k.Name + "?_summary=" + mode + "&_count=2")
			var b struct {
				Entry []struct{ Resource map[string]any }
			}
			f.read(&b)
			if len(b.Entry) == 0 || strings.Contains(string(f.body), "SUBSETTED") != (mode != "false") {
				t.Errorf("%s, %s: %s", k.Name, mode, f.body)
			}
			for _, e := range b.Entry {
				for _, name := range fhir.Mandatory(k.Name) {
					if e.Resource[name] == nil && e.Resource[name+"CodeableConcept"] == nil && e.Resource[name+"DateTime"] == nil {
						t.Errorf("%s, %s: no %s in %v", k.Name, mode, name, e.Resource)
					}
				}
				if e.Resource["id"] == nil || !check(e.Resource) && k.Name != "AuditEvent" {
					t.Errorf("%s, %s: %v", k.Name, mode, e.Resource)
				}
			}
		}
	}
	for _, of := range []string{"", "/_history/1"} {
		a := w.do("GET", "/fhir/Observation/"+w.done.ID+of+"?_summary=true", nil).want(200)
		var m map[string]any
		if a.read(&m); m["category"] != nil || m["component"] == nil || m["code"] == nil {
			t.Errorf("a summary of one: %v", m)
		}
	}
	for query, code := range map[string]string{"Patient?_summary=most": "value", "Patient?_summary=text&_include=Patient:organization": "value"} {
		w.do("GET", "/fhir/"+query, nil).outcome(400, code)
	}
	w.do("GET", "/fhir/Patient/"+w.resident.ID+"?_summary=count", nil).outcome(400, "value")
}

// Pages are stable while records are added, whatever their length, and hold everything once.
func TestFHIRPages(t *testing.T) {
	w := newWard(t)
	start := w.clock.now()
	for i := range 7 {
		w.painadOf(w.resident.ID, start.Add(-time.Duration(i)*time.Hour), i%3)
	}
	w.painadOf(w.resident.ID, start.Add(-time.Hour), 1) // at the same moment as another
	for _, query := range []string{"Observation?", "Observation?_sort=date&", "Observation?_sort=_lastUpdated&", "QuestionnaireResponse?", "Provenance?", "Observation?code=painad-total&status=final&", "Procedure?", "Questionnaire?", "Task?", "AuditEvent?entity=" + w.done.ID + "&"} {
		whole := w.all(query + "_count=500")
		for _, n := range []int{1, 3, 7} {
			if got := w.all(fmt.Sprintf("%s_count=%d", query, n)); !reflect.DeepEqual(got, whole) {
				if strings.HasPrefix(query, "AuditEvent") {
					continue // every look adds to the trail
				}
				t.Errorf("%s in pages of %d:\n%v, at once:\n%v", query, n, got, whole)
			}
		}
	}
	before := w.all("Observation?_count=500")
	f := w.search("Observation?_count=4")
	got := f.ids("match")
	for i := 0; f.next() != ""; i++ {
		w.painadOf(w.resident.ID, start, i%3)                                  // newer than what was told
		w.painadOf(w.resident.ID, start.Add(-time.Duration(i)*time.Minute), 1) // here and there
		f = w.search(strings.TrimPrefix(f.next(), "/fhir/"))
		got = append(got, f.ids("match")...)
	}
	seen := map[string]int{}
	for _, id := range got {
		if seen[id]++; seen[id] > 1 {
			t.Errorf("%s was told twice", id)
		}
	}
	for _, id := range before {
		if seen[id] == 0 {
			t.Errorf("%s was not told", id)
		}
	}
}

func TestFHIRRefuses(t *testing.T) {
	w := newWard(t)
	for name, c := range map[string]struct {
		method, path string
		body         any
		headers      []string
		status       int
		code         string
	}{
		"unknown type":           {"GET", "/fhir/Medication/1", nil, nil, 404, "not-found"},
		"unknown address":        {"GET", "/fhir/a/b/c/d", nil, nil, 404, "not-found"},
		"wrong method":           {"DELETE", "/fhir/Patient/" + w.resident.ID, nil, nil, 405, "not-supported"},
		"XML":                    {"GET", "/fhir/Patient", nil, []string{"Accept", "application/fhir+xml"}, 406, "not-supported"},
		"_format=xml":            {"GET", "/fhir/Patient?_format=xml", nil, nil, 406, "not-supported"},
		"FHIR R5":                {"GET", "/fhir/Patient", nil, []string{"Accept", "application/fhir+json; fhirVersion=5.0"}, 406, "not-supported"},
		"bad date":               {"GET", "/fhir/Observation?date=yesterday", nil, nil, 400, "value"},
		"bad prefix":             {"GET", "/fhir/Observation?date=xx2026", nil, nil, 400, "value"},
		"a 13th month":           {"GET", "/fhir/Observation?date=2026-13", nil, nil, 400, "value"},
		"bad count":              {"GET", "/fhir/Observation?_count=-1", nil, nil, 400, "value"},
		"bad cursor":             {"GET", "/fhir/Observation?_cursor=zzz", nil, nil, 400, "value"},
		"an empty alternative":   {"GET", "/fhir/Observation?code=a,,b", nil, nil, 400, "value"},
		"unknown modifier":       {"GET", "/fhir/Observation?code:not=a", nil, nil, 400, "not-supported"},
		"strict":                 {"GET", "/fhir/Observation?colour=blue", nil, []string{"Prefer", "handling=strict"}, 400, "not-supported"},
		"strict sort":            {"GET", "/fhir/Observation?_sort=colour", nil, []string{"Prefer", "handling=strict"}, 400, "not-supported"},
		"query not a form":       {"GET", "/fhir/Observation?a=%zz", nil, nil, 400, "structure"},
		"a search of JSON":       {"POST", "/fhir/Observation/_search", map[string]any{}, nil, 415, "not-supported"},
		"Patient of text":        {"POST", "/fhir/Patient", "x", []string{"Content-Type", "text/plain"}, 415, "not-supported"},
		"Patient too long":       {"POST", "/fhir/Patient", strings.Repeat(" ", 2<<20), []string{"Content-Type", fhirContent}, 413, "too-long"},
		"update without a match": {"PUT", "/fhir/Patient/" + w.resident.ID, map[string]any{}, nil, 428, "required"},
		"update by what":         {"PUT", "/fhir/Patient?name=x", map[string]any{}, nil, 400, "value"},
		"update by another's":    {"PUT", "/fhir/Patient?identifier=http://x|1", map[string]any{}, nil, 400, "value"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do(c.method, c.path, c.body, c.headers...)
			a.T = t
			a.outcome(c.status, c.code)
		})
	}
	w.as("").do("GET", "/fhir/Patient", nil).outcome(401, "login")
	_, carer := w.staff(care.RoleCarer, care.ByPassword)
	w.as(carer).do("POST", "/fhir/Patient", map[string]any{}).outcome(403, "forbidden")
	f := w.search("Observation?colour=blue&code=pspi&_sort=colour")
	if self := f.Link[0].URL; strings.Contains(self, "colour") || !strings.Contains(self, "code=pspi") {
		t.Errorf("the link to itself says what was not understood: %s", self)
	}
}

func patientBody(more map[string]any) map[string]any {
	p := map[string]any{"resourceType": "Patient", "identifier": []any{map[string]any{"system": fhir.ExternalIDSystem, "value": "P-9"}},
		"name": []any{map[string]any{"family": "Ash", "given": []any{"Cleo", "Ann"}}}, "gender": "female", "birthDate": "1941-02-03"}
	for k, v := range more {
		if v == nil {
			delete(p, k)
		} else {
			p[k] = v
		}
	}
	return p
}

// The care platform sends the same again and again; it makes one resident, and changes it when something has changed.
func TestFHIRPatientFromThePlatform(t *testing.T) {
	g := newRig(t).admin()
	_, token := g.staff(care.RoleIntegration, care.ByPassword)
	p := g.as(token)
	at := "/fhir/Patient?identifier=" + url.QueryEscape(fhir.ExternalIDSystem+"|P-9")
	var one, two fhir.Patient
	a := p.do("PUT", at, patientBody(nil)).want(201).read(&one)
	if a.Header.Get("Location") != "https://wince.test/fhir/Patient/"+one.ID || a.Header.Get("ETag") != `W/"1"` {
		t.Errorf("headers: %v", a.Header)
	}
	p.do("PUT", at, patientBody(nil)).want(200).read(&two)
	if two.ID != one.ID || two.Meta.VersionID != "1" {
		t.Errorf("the same again made %s, version %s", two.ID, two.Meta.VersionID)
	}
	// What only Wince knows stays when the platform, which does not, sends its view.
	g.do("PATCH", "/api/v1/residents/"+one.ID, map[string]any{"room": "12", "conditions": []string{"palsy_left"}, "communication": "cannot_say"}, "If-Match", `"1"`).want(200)
	p.do("PUT", at, patientBody(map[string]any{"gender": "other", "id": one.ID})).want(200).read(&two)
	var r care.Resident
	g.do("GET", "/api/v1/residents/"+one.ID, nil).want(200).read(&r)
	if r.Room != "12" || len(r.Conditions) != 1 || r.Communication != care.CannotSay || r.Sex != care.OtherSex || r.Name != "Cleo Ann Ash" || r.BirthDate != "1941-02-03" || r.Version != 3 {
		t.Errorf("the resident is %+v", r)
	}
	p.do("PUT", at, patientBody(nil), "If-Match", `W/"2"`).outcome(412, "conflict")
	p.do("PUT", at, patientBody(map[string]any{"id": "else"})).outcome(422, "value")
	p.do("PUT", at, patientBody(map[string]any{"identifier": nil})).outcome(422, "value")

	// Create, unless there is one.
	cond := []string{"If-None-Exist", "identifier=" + url.QueryEscape(fhir.ExternalIDSystem+"|P-9"), "Content-Type", fhirContent}
	p.do("POST", "/fhir/Patient", patientBody(nil), cond...).want(200).read(&two)
	if two.ID != one.ID {
		t.Error("a second one was made")
	}
	p.do("POST", "/fhir/Patient", patientBody(nil)).outcome(409, "conflict")
	p.do("POST", "/fhir/Patient", patientBody(map[string]any{"identifier": nil}), "Prefer", "return=minimal").want(201)
	var o fhir.Outcome
	p.do("POST", "/fhir/Patient", patientBody(map[string]any{"identifier": nil, "photo": []any{map[string]any{"url": "x"}}}), "Prefer", "return=OperationOutcome").want(201).read(&o)
	if len(o.Issue) != 1 || o.Issue[0].Severity != "warning" || o.Issue[0].Expression[0] != "Patient.photo" {
		t.Errorf("what was not kept: %+v", o.Issue)
	}

	// Read, change what was read, send it back.
	var read map[string]any
	a = p.do("GET", "/fhir/Patient/"+one.ID, nil).want(200).read(&read)
	read["birthDate"] = "1941-02-04"
	p.do("PUT", "/fhir/Patient/"+one.ID, read, "If-Match", a.Header.Get("ETag")).want(200).read(&two)
	if two.BirthDate != "1941-02-04" || two.Meta.VersionID != "4" || len(two.Extension) != 3 {
		t.Errorf("changed: %+v", two)
	}
	p.do("PUT", "/fhir/Patient/"+one.ID, read, "If-Match", a.Header.Get("ETag")).outcome(412, "conflict")
	p.do("PUT", "/fhir/Patient/"+care.NewID(), read, "If-Match", `W/"1"`).outcome(422, "value")
	for name, bad := range map[string]map[string]any{
		"Patient.birthDate":                         {"birthDate": "1941-02"},
		"Patient.gender":                            {"gender": "f"},
		"Patient.name":                              {"name": nil},
		"Patient.name[0].given[0]":                  {"name": []any{map[string]any{"given": []any{3}}}},
		"Patient.nane":                              {"nane": 1},
		"Patient.active":                            {"active": false},
		"Patient.deceasedBoolean":                   {"deceasedBoolean": true},
		"Patient.modifierExtension":                 {"modifierExtension": []any{map[string]any{"url": "x"}}},
		"Patient.managingOrganization":              {"managingOrganization": map[string]any{"reference": "Organization/" + care.NewID()}},
		"Patient.managingOrganization.reference":    {"managingOrganization": map[string]any{"reference": "Home/1"}},
		"Patient.communication[0].language":         {"communication": []any{map[string]any{"preferred": true}}},
		"Patient.identifier[0].value":               {"identifier": []any{map[string]any{"system": fhir.ExternalIDSystem}}},
		"Patient.extension[0].valueCodeableConcept": {"extension": []any{map[string]any{"url": fhir.FaceNoteExtension}}},
	} {
		var o fhir.Outcome
		p.do("POST", "/fhir/Patient", patientBody(bad)).want(422).read(&o)
		if len(o.Issue) == 0 || len(o.Issue[0].Expression) != 1 || o.Issue[0].Expression[0] != name {
			t.Errorf("%s: %+v", name, o.Issue)
		}
	}
	p.do("POST", "/fhir/Patient", `{"resourceType":"Patient"`).outcome(422, "structure")
	p.do("POST", "/fhir/Patient", `{"resourceType":"Group"}`).outcome(422, "structure")
}

// Residents of other sites are as if they did not exist, practice is not told, an erased resident is gone, and who looked is recorded.
func TestFHIRKeepsToItself(t *testing.T) {
	w := newWard(t)
	var far care.Site
	w.do("POST", "/api/v1/sites", map[string]any{"name": "Far House", "zone": "Europe/Berlin"}).want(201).read(&far)
	_, token := w.staff(care.RoleManager, care.ByPassword, far.ID)
	there := w.as(token)
	var refs []string
	for _, k := range fhir.Kinds() {
		if slices.Contains([]string{"AuditEvent", "CodeSystem", "ConceptMap", "ValueSet", "Questionnaire", "Device", "Subscription"}, k.Name) {
			continue
		}
		refs = append(refs, w.all(k.Name+"?_count=500")...)
	}
	for _, ref := range refs {
		if strings.HasSuffix(ref, "/"+far.ID) || strings.HasPrefix(ref, "Practitioner") {
			continue
		}
		kind, id, _ := strings.Cut(ref, "/")
		there.do("GET", "/fhir/"+ref, nil).outcome(404, "not-found")
		if got := there.all(kind + "?_id=" + id); len(got) != 0 {
			t.Errorf("%s is found from another site", ref)
		}
	}
	for _, k := range []string{"Observation", "Patient", "Task", "Procedure", "ServiceRequest", "Consent"} {
		if got := there.all(k + "?patient=" + w.resident.ID); k != "Patient" && len(got) != 0 {
			t.Errorf("%s of a resident of another site: %v", k, got)
		}
	}
	there.do("PUT", "/fhir/Patient/"+w.resident.ID, map[string]any{"resourceType": "Patient", "id": w.resident.ID, "name": []any{map[string]any{"text": "X"}}}, "If-Match", `W/"1"`).outcome(404, "not-found")

	v := w.session(map[string]any{"practice": true, "condition": "rest"})
	w.live.session(v.ID).observe()
	var a care.Assessment
	w.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).want(201).read(&a)
	w.do("GET", "/fhir/Observation/"+a.ID+"-pspi", nil).outcome(404, "not-found")
	w.do("GET", "/fhir/Provenance/"+a.ID, nil).outcome(404, "not-found")
	if got := w.all("Observation?_id=" + a.ID + "-pspi"); len(got) != 0 {
		t.Error("practice is told")
	}
	w.as(localToken).do("GET", "/fhir/Observation", nil).outcome(403, "forbidden")

	looked := func(action, entity, id string) int {
		list, err := w.store.Audit(t.Context(), care.AuditQuery{Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range list {
			var d map[string]string
			if e.Action == action && e.Entity == entity && e.EntityID == id && json.Unmarshal(e.Detail, &d) == nil && strings.HasPrefix(d["address"], "/fhir/") {
				n++
			}
		}
		return n
	}
	before := looked("assessments.read", "assessment", w.done.ID)
	w.do("GET", "/fhir/Observation/"+w.done.ID, nil).want(200)
	if looked("assessments.read", "assessment", w.done.ID) != before+1 {
		t.Error("a look at an observation is not recorded")
	}
	before = looked("assessments.read", "resident", w.resident.ID)
	w.do("POST", "/fhir/Observation/_search", "patient="+w.resident.ID, "Content-Type", "application/x-www-form-urlencoded").want(200)
	if looked("assessments.read", "resident", w.resident.ID) != before+1 {
		t.Error("a search for a resident's observations is not recorded as a look at the resident")
	}

	w.do("GET", "/api/v1/residents/"+w.resident.ID, nil).read(&w.resident)
	w.do("POST", "/api/v1/residents/"+w.resident.ID+"/erase", map[string]any{}, "If-Match", fmt.Sprintf(`"%d"`, w.resident.Version)).want(204)
	w.do("GET", "/fhir/Patient/"+w.resident.ID, nil).outcome(410, "deleted")
	there.do("GET", "/fhir/Patient/"+w.resident.ID, nil).outcome(404, "not-found")
	for _, ref := range []string{"Observation/" + w.done.ID, "Observation/" + w.camera.ID + "-pspi", "Provenance/" + w.done.ID, "MedicationAdministration/" + w.relief.ID} {
		if body := w.do("GET", "/fhir/"+ref, nil).want(200).body; strings.Contains(string(body), "Dora") || strings.Contains(string(body), "in bed") {
			t.Errorf("%s tells who it was: %s", ref, body)
		}
	}
}

// A carer who rates blind is not shown the machine's view by way of FHIR.
func TestFHIRBlind(t *testing.T) {
	g := newRig(t).admin()
	g.do("PATCH", "/api/v1/instrument", map[string]any{"blind": true}, "If-Match", `"0"`).want(200)
	r := g.resident(care.ConsentGiven)
	v := g.session(map[string]any{"resident_id": r.ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID, "scale": "painad"}).want(201).read(&a)
	if got := g.all("Observation"); !slices.Equal(got, []string{"Observation/" + a.ID}) {
		t.Errorf("before the carer has rated: %v", got)
	}
	g.do("GET", "/fhir/Observation/"+a.ID+"-pspi", nil).outcome(404, "not-found")
	g.do("PATCH", "/api/v1/assessments/"+a.ID, map[string]any{"answers": pain.Answers{"face": 1}}, "If-Match", `"1"`).want(200)
	g.do("GET", "/fhir/Observation/"+a.ID+"-pspi", nil).want(http.StatusOK)
}

// A connected program does what its scopes say, in its sites, and is shown nothing else by way of an include.
func TestFHIRScopes(t *testing.T) {
	w := newWard(t)
	_, secret := w.apiKey("Platform", []string{"system/Observation.rs", "system/Patient.cu"})
	p := w.as(secret)
	p.do("GET", "/fhir/Observation/"+w.done.ID, nil).want(200)
	f := p.search("Observation?code=painad-total&_include=Observation:patient&_revinclude=Provenance:target")
	if len(f.ids("match")) != 1 || len(f.ids("include")) != 0 {
		t.Errorf("found %v and included %v", f.ids("match"), f.ids("include"))
	}
	for _, path := range []string{"Patient", "Patient/" + w.resident.ID, "QuestionnaireResponse", "Provenance/" + w.done.ID, "Device", "Practitioner", "AuditEvent", "Task", "Subscription"} {
		p.do("GET", "/fhir/"+path, nil).outcome(403, "forbidden")
	}
	p.do("PUT", "/fhir/Patient?identifier=P-9", patientBody(nil)).want(201)
	_, reading := w.apiKey("Reader", []string{"system/*.rs"})
	w.as(reading).do("PUT", "/fhir/Patient?identifier=P-9", patientBody(nil)).outcome(403, "forbidden")
	f = w.as(reading).search("Observation?code=pspi&_include=Observation:patient&_include=Observation:performer")
	if got := f.ids("include"); !slices.Equal(got, []string{"Patient/" + w.resident.ID}) {
		t.Errorf("a program is shown staff, or not the resident: %v", got)
	}
	w.as(reading).do("GET", "/fhir/AuditEvent", nil).outcome(403, "forbidden")
	var far care.Site
	w.do("POST", "/api/v1/sites", map[string]any{"name": "Far House", "zone": "Europe/Berlin"}).want(201).read(&far)
	_, elsewhere := w.apiKey("Elsewhere", []string{"system/*.rs"}, far.ID)
	w.as(elsewhere).do("GET", "/fhir/Observation/"+w.done.ID, nil).outcome(404, "not-found")
	if got := w.as(elsewhere).all("Observation"); len(got) != 0 {
		t.Errorf("a program of another site finds %v", got)
	}
}
