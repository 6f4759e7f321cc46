package fhir

import "encoding/json"

// Bundle is a page of what a search found.
type Bundle struct {
	Base
	Type  string        `json:"type"`
	Total *int          `json:"total,omitempty"`
	Link  []BundleLink  `json:"link,omitempty"`
	Entry []BundleEntry `json:"entry,omitempty"`
}

// BundleLink leads to the page itself or to the next.
type BundleLink struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

// BundleEntry is a resource that was found, or what was included because of it.
type BundleEntry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Search   *EntrySearch    `json:"search,omitempty"`
}

// EntrySearch says why an entry is there: match, include or outcome.
type EntrySearch struct {
	Mode string `json:"mode,omitempty"`
}

// Outcome is FHIR's OperationOutcome: what went wrong.
type Outcome struct {
	Base
	Issue []OutcomeIssue `json:"issue"`
}

// OutcomeIssue is one thing that went wrong.
type OutcomeIssue struct {
	Severity    string           `json:"severity"`
	Code        string           `json:"code"`
	Details     *CodeableConcept `json:"details,omitempty"`
	Diagnostics string           `json:"diagnostics,omitempty"`
	Expression  []string         `json:"expression,omitempty"`
}

// NewOutcome returns what went wrong. code is one of FHIR's issue types; words is a sentence for people.
func NewOutcome(issues ...Issue) *Outcome {
	o := &Outcome{Base: Base{ResourceType: "OperationOutcome"}}
	for _, i := range issues {
		x := OutcomeIssue{Severity: i.Severity, Code: i.Code, Details: text(i.Text), Diagnostics: i.Diagnostics}
		if x.Severity == "" {
			x.Severity = "error"
		}
		if i.Path != "" {
			x.Expression = []string{i.Path}
		}
		o.Issue = append(o.Issue, x)
	}
	return o
}

// Issue is one thing that is wrong with what somebody sent.
type Issue struct {
	Severity    string // fatal, error (where left out), warning or information
	Code        string // of http://hl7.org/fhir/issue-type
	Text        string // a sentence that says what to do
	Path        string // of the element at fault, such as Patient.birthDate
	Diagnostics string
}

// Issues are all that is wrong with what somebody sent.
type Issues []Issue //nolint:errname // FHIR calls them issues

func (i Issues) Error() string {
	if len(i) == 0 {
		return "no issues"
	}
	if i[0].Path != "" {
		return i[0].Path + ": " + i[0].Text
	}
	return i[0].Text
}
