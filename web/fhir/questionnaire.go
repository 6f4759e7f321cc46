package fhir

import (
	"encoding/json"
	"strconv"
	"strings"

	"wince/care"
	"wince/pain"
)

// Questionnaire is one version of a pain scale.
type Questionnaire struct {
	Base
	URL         string              `json:"url,omitempty"`
	Version     string              `json:"version,omitempty"`
	Name        string              `json:"name,omitempty"`
	Title       string              `json:"title,omitempty"`
	Status      string              `json:"status"`
	SubjectType []string            `json:"subjectType,omitempty"`
	Publisher   string              `json:"publisher,omitempty"`
	Description string              `json:"description,omitempty"`
	Purpose     string              `json:"purpose,omitempty"`
	Copyright   string              `json:"copyright,omitempty"`
	Code        []Coding            `json:"code,omitempty"`
	Item        []QuestionnaireItem `json:"item,omitempty"`
}

// QuestionnaireItem is a question.
type QuestionnaireItem struct {
	LinkID       string         `json:"linkId"`
	Code         []Coding       `json:"code,omitempty"`
	Prefix       string         `json:"prefix,omitempty"`
	Text         string         `json:"text,omitempty"`
	Type         string         `json:"type"`
	Required     *bool          `json:"required,omitempty"`
	ReadOnly     *bool          `json:"readOnly,omitempty"`
	AnswerOption []AnswerOption `json:"answerOption,omitempty"`
}

// AnswerOption is one of the answers to choose from.
type AnswerOption struct {
	ValueCoding *Coding `json:"valueCoding,omitempty"`
}

// totalLink is the total's place in the form. Ids of items begin with a letter.
const totalLink = "_total"

// questionnaireURL returns the canonical address of a scale in its version. Each version has one of its own, because no version can
// be put behind a UUID.
func questionnaireURL(s *pain.Scale) string { return scaleURL("Questionnaire/"+s.Version, s) }

// NewQuestionnaire returns a scale as a form. The wording is Wince's own or the home's.
func NewQuestionnaire(s *pain.Scale) *Questionnaire {
	yes := true
	q := &Questionnaire{Base: Base{ResourceType: "Questionnaire", ID: ScaleResourceID(s.Ref())}, URL: questionnaireURL(s), Version: s.Version,
		Name: computerName(s.ID), Title: s.Title, Status: "active", SubjectType: []string{"Patient"}, Publisher: "Wince", Purpose: s.Source,
		Copyright: "Permission to use this scale: " + s.Permission.State + ". " + s.Permission.Note, Code: totals(s)[:1]}
	q.Description = s.Name + ", from " + strconv.Itoa(s.Total.Min) + " to " + strconv.Itoa(s.Total.Max) + ". "
	if s.Kind == pain.ScaleSelfReport {
		q.Description += "The person says."
	} else {
		q.Description += "Somebody else watches."
	}
	lines := []string{s.Title + " (" + s.Name + " " + s.Version + ")", q.Description}
	for i := range s.Items {
		it := &s.Items[i]
		item := QuestionnaireItem{LinkID: it.ID, Code: []Coding{itemCoding(s, it)}, Prefix: it.Label, Text: it.Ask, Type: "choice", Required: &yes}
		words := make([]string, len(it.Options))
		for k := range it.Options {
			c := optionCoding(s, it, &it.Options[k])
			item.AnswerOption = append(item.AnswerOption, AnswerOption{ValueCoding: &c})
			words[k] = strconv.Itoa(it.Options[k].Value) + " " + it.Options[k].Label
		}
		q.Item = append(q.Item, item)
		lines = append(lines, it.Label+": "+strings.Join(words, "; "))
	}
	q.Item = append(q.Item, QuestionnaireItem{LinkID: totalLink, Code: []Coding{totalCoding(s)}, Text: "Total", Type: "integer", ReadOnly: &yes})
	q.Text = narrative(lines...)
	return q
}

// computerName makes a name that programs can use: Painad.
func computerName(id string) string {
	var b strings.Builder
	for _, part := range strings.Split(id, "_") {
		b.WriteString(sentence(part))
	}
	return b.String()
}

// QuestionnaireResponse is a form filled in.
type QuestionnaireResponse struct {
	Base
	Questionnaire string         `json:"questionnaire,omitempty"`
	Status        string         `json:"status"`
	Subject       *Reference     `json:"subject,omitempty"`
	Authored      string         `json:"authored,omitempty"`
	Author        *Reference     `json:"author,omitempty"`
	Source        *Reference     `json:"source,omitempty"`
	Item          []ResponseItem `json:"item,omitempty"`
}

// ResponseItem is an answered question.
type ResponseItem struct {
	LinkID string   `json:"linkId"`
	Text   string   `json:"text,omitempty"`
	Answer []Answer `json:"answer,omitempty"`
}

// Answer is an answer: an option, or the total.
type Answer struct {
	ValueInteger json.Number `json:"valueInteger,omitempty"`
	ValueCoding  *Coding     `json:"valueCoding,omitempty"`
}

// ResponseStatuses returns the states of assessments whose form has a status.
func ResponseStatuses(status string) []care.Status {
	switch status {
	case "in-progress":
		return []care.Status{care.Drafted, care.Preliminary}
	case "completed":
		return []care.Status{care.Final}
	case "amended":
		return []care.Status{care.Amended}
	case "entered-in-error":
		return []care.Status{care.EnteredInError}
	}
	return nil
}

func responseStatus(s care.Status) string {
	switch s {
	case care.Final:
		return "completed"
	case care.Amended:
		return "amended"
	case care.EnteredInError:
		return "entered-in-error"
	}
	return "in-progress"
}

// NewResponse returns the form of an assessment, nil for practice and where no scale is filled in.
func NewResponse(a *care.Assessment, s *pain.Scale) *QuestionnaireResponse {
	if !Exported(a) || s == nil {
		return nil
	}
	r := &QuestionnaireResponse{Base: Base{ResourceType: "QuestionnaireResponse", ID: a.ID, Meta: meta(a.Version, a.ChangedAt)},
		Questionnaire: questionnaireURL(s), Status: responseStatus(a.Status), Subject: patientRef(a.ResidentID), Authored: dateTime(a.AssessedAt)}
	by := a.CreatedBy
	if a.ConfirmedBy != nil {
		by = *a.ConfirmedBy
	}
	r.Author = person(by)
	if a.Method == care.BySelfReport {
		r.Source = patientRef(a.ResidentID)
	} else if care.ValidID(by.ID) {
		r.Source = person(by)
	}
	lines := []string{s.Name + ", filled in.", situation(a), confirmation(a)}
	for i := range s.Items {
		it := &s.Items[i]
		v, ok := a.Answers[it.ID]
		option := it.Option(v)
		if !ok || option == nil {
			continue
		}
		c := optionCoding(s, it, option)
		r.Item = append(r.Item, ResponseItem{LinkID: it.ID, Text: it.Ask, Answer: []Answer{{ValueCoding: &c}}})
		lines = append(lines, it.Label+": "+strconv.Itoa(v)+", "+option.Label)
	}
	if a.Total != nil {
		r.Item = append(r.Item, ResponseItem{LinkID: totalLink, Text: "Total", Answer: []Answer{{ValueInteger: whole(int64(*a.Total))}}})
	}
	r.Text = narrative(lines...)
	return r
}
