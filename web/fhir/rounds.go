package fhir

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"wince/care"
)

// ServiceRequest asks for assessments again and again: a schedule.
type ServiceRequest struct {
	Base
	Status      string            `json:"status"`
	Intent      string            `json:"intent"`
	Category    []CodeableConcept `json:"category,omitempty"`
	Code        *CodeableConcept  `json:"code,omitempty"`
	OrderDetail []CodeableConcept `json:"orderDetail,omitempty"`
	Subject     *Reference        `json:"subject,omitempty"`
	Timing      *Timing           `json:"occurrenceTiming,omitempty"`
	AsNeeded    *CodeableConcept  `json:"asNeededCodeableConcept,omitempty"`
	AuthoredOn  string            `json:"authoredOn,omitempty"`
	Requester   *Reference        `json:"requester,omitempty"`
	Note        []Annotation      `json:"note,omitempty"`
}

// Timing says when something comes round again.
type Timing struct {
	Repeat *TimingRepeat    `json:"repeat,omitempty"`
	Code   *CodeableConcept `json:"code,omitempty"`
}

// TimingRepeat is the rule of a timing. Clock times are those where the home is.
type TimingRepeat struct {
	BoundsPeriod *Period     `json:"boundsPeriod,omitempty"`
	Frequency    int         `json:"frequency,omitempty"`
	Period       json.Number `json:"period,omitempty"`
	PeriodUnit   string      `json:"periodUnit,omitempty"`
	DayOfWeek    []string    `json:"dayOfWeek,omitempty"`
	TimeOfDay    []string    `json:"timeOfDay,omitempty"`
}

var fhirDays = map[string]string{"mo": "mon", "tu": "tue", "we": "wed", "th": "thu", "fr": "fri", "sa": "sat", "su": "sun"}

// ScheduleStatus returns a schedule's status at a moment: active, or completed once it has ended.
func ScheduleStatus(s *care.Schedule, now time.Time) string {
	if s.EndsAt != nil && !s.EndsAt.After(now) {
		return "completed"
	}
	return "active"
}

// NewServiceRequest returns a schedule as it stands at now.
func NewServiceRequest(s *care.Schedule, updated, now time.Time) *ServiceRequest {
	r := &ServiceRequest{Base: Base{ResourceType: "ServiceRequest", ID: s.ID, Meta: meta(s.Version, updated)}, Status: ScheduleStatus(s, now), Intent: "plan",
		Code: ownConcept("pain-assessment"), OrderDetail: wanted(s.Scale, s.Condition), Subject: patientRef(s.ResidentID), AuthoredOn: dateTime(s.CreatedAt), Requester: person(s.CreatedBy)}
	if s.ResidentID == "" { // everybody in the home
		r.Subject = refTo("Location", s.SiteID, "All residents of the site")
	}
	bounds := &Period{Start: dateTime(s.StartsAt), End: dateTimeOf(s.EndsAt)}
	words := s.Repeat.Words()
	rule := &TimingRepeat{BoundsPeriod: bounds, Frequency: 1}
	switch p := &s.Repeat; {
	case p.On != "":
		rule = &TimingRepeat{BoundsPeriod: bounds}
		r.AsNeeded = text(words)
	case p.EveryHours > 0:
		rule.Period, rule.PeriodUnit = whole(int64(p.EveryHours)), "h"
	case len(p.Weekdays) > 0:
		rule.Period, rule.PeriodUnit = whole(int64(max(1, p.EveryWeeks))), "wk"
		for _, d := range p.Weekdays {
			rule.DayOfWeek = append(rule.DayOfWeek, fhirDays[d])
		}
	default:
		rule.Period, rule.PeriodUnit = whole(int64(p.EveryDays)), "d"
	}
	for _, at := range s.Repeat.At {
		rule.TimeOfDay = append(rule.TimeOfDay, at+":00")
	}
	r.Timing = &Timing{Repeat: rule, Code: text(words)}
	if len(rule.TimeOfDay) > 0 {
		r.Note = []Annotation{{Text: "Clock times are those of the time zone " + s.TimeZone + "."}}
	}
	r.Text = narrative("Pain assessment, "+words+".", scaleWords(s.Scale, s.Condition))
	return r
}

// wanted says with which scale and in which condition, where only those count.
func wanted(scale string, c care.Condition) []CodeableConcept {
	var list []CodeableConcept
	if scale != "" {
		list = append(list, *text("Scale: " + scale))
	}
	if c != "" {
		list = append(list, *ownConcept(string(c)))
	}
	return list
}

func scaleWords(scale string, c care.Condition) string {
	var words []string
	if scale != "" {
		words = append(words, "With the scale "+scale+".")
	}
	if c != "" {
		words = append(words, displays()[string(c)]+".")
	}
	return strings.Join(words, " ")
}

// Task is one assessment that is due, or was until lately.
type Task struct {
	Base
	BasedOn        []Reference      `json:"basedOn,omitempty"`
	Status         string           `json:"status"`
	StatusReason   *CodeableConcept `json:"statusReason,omitempty"`
	BusinessStatus *CodeableConcept `json:"businessStatus,omitempty"`
	Intent         string           `json:"intent"`
	Code           *CodeableConcept `json:"code,omitempty"`
	Description    string           `json:"description,omitempty"`
	For            *Reference       `json:"for,omitempty"`
	ReasonRef      *Reference       `json:"reasonReference,omitempty"`
	Restriction    *TaskRestriction `json:"restriction,omitempty"`
	Output         []TaskOutput     `json:"output,omitempty"`
}

// TaskRestriction says until when a task can be done.
type TaskRestriction struct {
	Period *Period `json:"period,omitempty"`
}

// TaskOutput is what a task was done with.
type TaskOutput struct {
	Type  CodeableConcept `json:"type"`
	Value *Reference      `json:"valueReference,omitempty"`
}

// taskStatuses places the states of what is due in FHIR; the state itself is the business status.
var taskStatuses = map[care.DueState]string{
	care.Upcoming: "requested", care.Due: "ready", care.Overdue: "ready", care.Missed: "failed", care.Done: "completed", care.Excused: "cancelled",
}

// NewTask returns an item of what is due. kind is the type of the resource that a relief's follow-up comes after.
func NewTask(d *care.DueItem, relief *Reference) *Task {
	t := &Task{Base: Base{ResourceType: "Task", ID: TaskID(d.Key)}, Status: taskStatuses[d.State], Intent: "order", Code: ownConcept("pain-assessment"),
		BusinessStatus: ownConcept("due-" + string(d.State)), Description: sentence(d.Why), For: patientRef(d.ResidentID), ReasonRef: relief,
		Restriction: &TaskRestriction{Period: &Period{Start: dateTime(d.DueAt), End: dateTime(d.MissedAt)}}}
	if d.ScheduleID != "" {
		t.BasedOn = []Reference{{Reference: "ServiceRequest/" + d.ScheduleID}}
	}
	if d.AssessmentID != "" {
		t.Output = []TaskOutput{{Type: *ownConcept("pain-assessment"), Value: refTo("Provenance", d.AssessmentID, "")}}
	}
	t.Text = narrative("Pain assessment, "+d.Why+": "+strings.ToLower(displays()["due-"+string(d.State)])+".", scaleWords(d.Scale, d.Condition),
		"Due "+d.DueAt.UTC().Format("2 January 2006 15:04")+" UTC.")
	return t
}

// taskIDs writes bytes in letters and digits that a FHIR id can hold.
var taskIDs = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// TaskID returns the id of the task of a due item, which its key can be read from again. A key is ids and seconds with slashes
// between, too long for an id as it is.
func TaskID(key string) string {
	var b []byte
	for _, part := range strings.Split(key, "/") {
		if id, err := uuid.Parse(part); err == nil {
			b = append(b, id[:]...)
		} else if n, err := strconv.ParseUint(part, 10, 40); err == nil {
			b = append(b, binary.BigEndian.AppendUint64(nil, n)[3:]...)
		}
	}
	return taskIDs.EncodeToString(b)
}

// TaskKey reads the key of a due item from its task's id: of a schedule, resident and time, or of a relief and time. The id of
// the schedule or relief is also returned, and that of the resident, where it is in the key.
func TaskKey(id string) (key, of, resident string, ok bool) {
	b, err := taskIDs.DecodeString(id)
	if err != nil || len(b) != 37 && len(b) != 21 || taskIDs.EncodeToString(b) != id {
		return "", "", "", false
	}
	parts := []string{uuid.UUID(b[:16]).String()}
	if len(b) == 37 {
		resident = uuid.UUID(b[16:32]).String()
		parts = append(parts, resident)
	}
	n := binary.BigEndian.Uint64(append([]byte{0, 0, 0}, b[len(b)-5:]...))
	return strings.Join(append(parts, strconv.FormatUint(n, 10)), "/"), parts[0], resident, true
}
