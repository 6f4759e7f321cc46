package fhir

// parts are the elements of a type of resource that are told where not all of it is asked for.
type parts struct {
	summary   []string // marked as part of the summary in the definition of R4
	mandatory []string // those that every resource of the type has, at its top
}

// summaries are the elements of R4's summaries of which Wince tells any. dataAbsentReason is none of them, and told nevertheless: a number that is
// missing and nobody says why would be taken for one that was left out.
var summaries = map[string]parts{
	"AuditEvent":               {[]string{"type", "subtype", "action", "recorded", "outcome", "outcomeDesc", "purposeOfEvent"}, []string{"type", "recorded", "agent", "source"}},
	"CodeSystem":               {[]string{"url", "identifier", "version", "name", "title", "status", "experimental", "date", "publisher", "caseSensitive", "valueSet", "content", "count", "property"}, []string{"status", "content"}},
	"ConceptMap":               {[]string{"url", "identifier", "version", "name", "title", "status", "experimental", "date", "publisher", "source", "target"}, []string{"status"}},
	"Consent":                  {[]string{"identifier", "status", "scope", "category", "patient", "dateTime", "performer", "organization", "source", "policyRule", "verification", "provision"}, []string{"status", "scope", "category"}},
	"Device":                   {[]string{"udiCarrier", "status", "safety"}, nil},
	"Location":                 {[]string{"identifier", "status", "operationalStatus", "name", "description", "mode", "type", "physicalType", "managingOrganization"}, nil},
	"MedicationAdministration": {[]string{"status", "medication", "subject", "effective", "performer"}, []string{"status", "medication", "subject", "effective"}},
	"Observation": {[]string{"identifier", "basedOn", "partOf", "status", "code", "subject", "focus", "encounter", "effective", "issued", "performer", "value", "dataAbsentReason",
		"hasMember", "derivedFrom", "component"}, []string{"status", "code"}},
	"Organization":  {[]string{"identifier", "active", "type", "name"}, nil},
	"Patient":       {[]string{"identifier", "active", "name", "telecom", "gender", "birthDate", "deceased", "address", "managingOrganization", "link"}, nil},
	"Practitioner":  {[]string{"identifier", "active", "name", "telecom", "address", "gender", "birthDate"}, nil},
	"Procedure":     {[]string{"identifier", "basedOn", "partOf", "status", "statusReason", "category", "code", "subject", "encounter", "performed", "recorder", "asserter", "performer", "location", "reasonCode", "reasonReference", "bodySite", "outcome"}, []string{"status", "subject"}},
	"Provenance":    {[]string{"target", "recorded", "entity"}, []string{"target", "recorded", "agent"}},
	"Questionnaire": {[]string{"url", "identifier", "version", "name", "title", "status", "experimental", "subjectType", "date", "publisher", "code", "effectivePeriod"}, []string{"status"}},
	"QuestionnaireResponse": {[]string{"identifier", "basedOn", "partOf", "questionnaire", "status", "subject", "encounter", "authored", "author", "source"},
		[]string{"status"}},
	"ServiceRequest": {[]string{"identifier", "basedOn", "replaces", "status", "intent", "category", "priority", "doNotPerform", "code", "subject", "encounter", "occurrence", "asNeeded", "authoredOn",
		"requester", "performerType", "performer", "reasonCode", "reasonReference", "patientInstruction"}, []string{"status", "intent", "subject"}},
	"Subscription": {[]string{"status", "contact", "end", "reason", "criteria", "error", "channel"}, []string{"status", "reason", "criteria", "channel"}},
	"Task":         {[]string{"basedOn", "groupIdentifier", "partOf", "status", "statusReason", "businessStatus", "intent", "code", "description", "focus", "for", "encounter", "executionPeriod", "lastModified", "requester", "owner", "location"}, []string{"status", "intent"}},
	"ValueSet":     {[]string{"url", "identifier", "version", "name", "title", "status", "experimental", "date", "publisher", "immutable"}, []string{"status"}},
}

// Summary returns the elements of a type of resource that _summary=true tells (R4, section 3.1.1.5.10); id and meta go without saying.
func Summary(kind string) []string {
	return append(Mandatory(kind), summaries[kind].summary...)
}

// Mandatory returns the elements that every resource of a type has, and that are told whichever are asked for.
func Mandatory(kind string) []string {
	list := summaries[kind].mandatory
	return list[:len(list):len(list)]
}
