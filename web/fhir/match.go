package fhir

import (
	"strings"
)

// statusSystems are the code systems of the statuses, by type of resource.
var statusSystems = map[string]string{
	"Observation": "observation-status", "QuestionnaireResponse": "questionnaire-answers-status", "ServiceRequest": "request-status", "Task": "task-status",
	"Consent": "consent-state-codes", "Subscription": "subscription-status", "Questionnaire": "publication-status", "Procedure": "event-status",
}

// Codings returns what a token parameter of a resource is compared with, nil where the resource says nothing of it that can be
// compared here.
func Codings(r Resource, name string) []Coding {
	status := func(s string) []Coding {
		kind := r.Head().ResourceType
		system := "http://terminology.hl7.org/CodeSystem/medication-admin-status"
		if x := statusSystems[kind]; x != "" {
			system = "http://hl7.org/fhir/" + x
		}
		return []Coding{{System: system, Code: s}}
	}
	codes := func(c *CodeableConcept) []Coding {
		if c == nil || len(c.Coding) == 0 {
			return []Coding{}
		}
		return c.Coding
	}
	switch v := r.(type) {
	case *Observation:
		switch name {
		case "status":
			return status(v.Status)
		case "code":
			return codes(&v.Code)
		case "category":
			return codes(&v.Category[0])
		}
	case *QuestionnaireResponse:
		if name == "status" {
			return status(v.Status)
		}
	case *ServiceRequest:
		if name == "status" {
			return status(v.Status)
		}
		if name == "code" {
			return codes(v.Code)
		}
	case *Task:
		switch name {
		case "status":
			return status(v.Status)
		case "code":
			return codes(v.Code)
		case "business-status":
			return codes(v.BusinessStatus)
		}
	case *MedicationAdministration:
		if name == "status" {
			return status(v.Status)
		}
		if name == "code" {
			return codes(v.Medication)
		}
	case *Procedure:
		if name == "status" {
			return status(v.Status)
		}
		if name == "code" {
			return codes(v.Code)
		}
	case *Consent:
		if name == "status" {
			return status(v.Status)
		}
	case *Subscription:
		if name == "status" {
			return status(v.Status)
		}
	case *Patient:
		if name == "gender" {
			return []Coding{{System: "http://hl7.org/fhir/administrative-gender", Code: v.Gender}}
		}
	case *Questionnaire:
		if name == "version" {
			return []Coding{{Code: v.Version}}
		}
	case *CodeSystem:
		if name == "version" {
			return []Coding{{Code: v.Version}}
		}
	case *ValueSet:
		if name == "version" {
			return []Coding{{Code: v.Version}}
		}
	}
	return nil
}

// When returns the time that a date parameter is compared with, empty where the resource has none.
func When(r Resource, name string) string {
	if name == "_lastUpdated" {
		if m := r.Head().Meta; m != nil {
			return m.LastUpdated
		}
		return ""
	}
	switch v := r.(type) {
	case *Observation:
		return v.Effective
	case *QuestionnaireResponse:
		return v.Authored
	case *Provenance:
		return v.Recorded
	case *MedicationAdministration:
		return v.Effective
	case *Procedure:
		return v.Performed
	case *AuditEvent:
		return v.Recorded
	case *Patient:
		return v.BirthDate
	}
	return ""
}

// Names returns the names that somebody or something is looked up by.
func Names(r Resource) []string {
	switch v := r.(type) {
	case *Patient:
		return nameParts(v.Name)
	case *Practitioner:
		return nameParts(v.Name)
	case *Organization:
		return []string{v.Name}
	case *Location:
		return []string{v.Name}
	case *Questionnaire:
		return []string{v.Name}
	}
	return nil
}

func nameParts(names []HumanName) []string {
	var list []string
	for _, n := range names {
		list = append(list, n.Text, n.Family, strings.Join(n.Given, " "))
	}
	return list
}

// Addresses returns what a reference or uri parameter of a resource leads to, such as "Patient/1".
func Addresses(r Resource, name string) []string {
	var list []string
	add := func(refs ...*Reference) {
		for _, x := range refs {
			if x != nil && x.Reference != "" {
				list = append(list, x.Reference)
			}
		}
	}
	subject := func(x *Reference) {
		if name == "subject" || name == "patient" {
			add(x)
		}
	}
	switch v := r.(type) {
	case *Observation:
		subject(v.Subject)
		switch name {
		case "performer":
			for i := range v.Performer {
				add(&v.Performer[i])
			}
		case "device":
			add(v.Device)
		case "derived-from":
			for i := range v.DerivedFrom {
				add(&v.DerivedFrom[i])
			}
		}
	case *QuestionnaireResponse:
		subject(v.Subject)
		switch name {
		case "author":
			add(v.Author)
		case "questionnaire":
			list = append(list, v.Questionnaire)
		}
	case *ServiceRequest:
		subject(v.Subject)
	case *Task:
		subject(v.For)
	case *MedicationAdministration:
		subject(v.Subject)
	case *Procedure:
		subject(v.Subject)
	case *Consent:
		subject(v.Patient)
	case *Patient:
		if name == "organization" {
			add(v.Organization)
		}
	case *Questionnaire:
		list = append(list, v.URL)
	case *CodeSystem:
		list = append(list, v.URL)
	case *ValueSet:
		list = append(list, v.URL)
	case *ConceptMap:
		list = append(list, v.URL)
	}
	return list
}
