package fhir

import (
	"encoding/json"
	"strings"

	"wince/care"
	"wince/pain"
)

// Provenance says whose word something is: the machine's and the person's.
type Provenance struct {
	Base
	Target   []Reference       `json:"target"`
	Occurred string            `json:"occurredDateTime,omitempty"`
	Recorded string            `json:"recorded"`
	Reason   []CodeableConcept `json:"reason,omitempty"`
	Activity *CodeableConcept  `json:"activity,omitempty"`
	Agent    []ProvenanceAgent `json:"agent"`
}

// ProvenanceAgent is who or what had a part in it.
type ProvenanceAgent struct {
	Type *CodeableConcept `json:"type,omitempty"`
	Who  Reference        `json:"who"`
}

var agentTypes = map[string]string{"assembler": "Assembler", "author": "Author", "verifier": "Verifier", "enterer": "Enterer"}

func agent(kind string, who *Reference) ProvenanceAgent {
	return ProvenanceAgent{Type: concept("", Coding{System: hl7 + "provenance-participant-type", Code: kind, Display: agentTypes[kind]}), Who: *who}
}

// NewProvenance returns whose word the resources of an assessment are, nil for practice.
func NewProvenance(a *care.Assessment, scale *pain.Scale) (*Provenance, error) {
	list, err := Observations(a, scale)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	p := &Provenance{Base: Base{ResourceType: "Provenance", ID: a.ID, Meta: meta(a.Version, a.ChangedAt)}, Occurred: dateTime(a.AssessedAt), Recorded: Instant(a.ChangedAt)}
	for _, o := range list {
		p.Target = append(p.Target, Reference{Reference: o.Ref()})
	}
	if r := NewResponse(a, scale); r != nil {
		p.Target = append(p.Target, Reference{Reference: r.Ref()})
	}
	for _, o := range list {
		if o.Device != nil {
			p.Agent = append(p.Agent, agent("assembler", o.Device))
			break
		}
	}
	words := []string{confirmation(a)}
	for _, x := range []struct {
		kind string
		by   *care.Actor
	}{{"author", &a.CreatedBy}, {"verifier", a.ConfirmedBy}, {"enterer", &a.ChangedBy}} {
		if x.by == nil || x.kind == "enterer" && (a.Version == 1 || a.ConfirmedBy != nil && *x.by == *a.ConfirmedBy || *x.by == a.CreatedBy) {
			continue
		}
		if who := person(*x.by); who != nil {
			p.Agent = append(p.Agent, agent(x.kind, who))
		}
	}
	if len(p.Agent) == 0 { // names can be erased, ids cannot; a program without a name made it
		p.Agent = []ProvenanceAgent{agent("author", &Reference{Display: "Not known any more"})}
	}
	act := Coding{System: hl7 + "v3-DataOperation", Code: "CREATE", Display: "create"}
	if a.Version > 1 {
		act.Code, act.Display = "UPDATE", "revise"
	}
	p.Activity = concept("", act)
	if a.Reason != "" {
		p.Reason = []CodeableConcept{*text(a.Reason)}
	}
	p.Text = narrative(words...)
	return p, nil
}

// AuditEvent is a row of the audit trail.
type AuditEvent struct {
	Base
	Type     Coding        `json:"type"`
	Subtype  []Coding      `json:"subtype,omitempty"`
	Action   string        `json:"action,omitempty"`
	Recorded string        `json:"recorded"`
	Outcome  string        `json:"outcome,omitempty"`
	Agent    []AuditAgent  `json:"agent"`
	Source   AuditSource   `json:"source"`
	Entity   []AuditEntity `json:"entity,omitempty"`
}

// AuditAgent is who did it.
type AuditAgent struct {
	Who       *Reference `json:"who,omitempty"`
	Requestor bool       `json:"requestor"`
}

// AuditSource is what recorded it.
type AuditSource struct {
	Observer Reference `json:"observer"`
}

// AuditEntity is what it was done to.
type AuditEntity struct {
	What        *Reference    `json:"what,omitempty"`
	Type        *Coding       `json:"type,omitempty"`
	Name        string        `json:"name,omitempty"`
	Detail      []AuditDetail `json:"detail,omitempty"`
	Description string        `json:"description,omitempty"`
}

// AuditDetail is something else that is known.
type AuditDetail struct {
	Type  string `json:"type"`
	Value string `json:"valueString"`
}

// auditKinds are the resources that kinds of record are told as.
var auditKinds = map[string]string{
	"resident": "Patient", "consent": "Consent", "assessment": "Provenance", "schedule": "ServiceRequest", "user": "Practitioner", "site": "Location",
}

// NewAuditEvent returns a row of the trail.
func NewAuditEvent(e *care.AuditEvent) *AuditEvent {
	v := &AuditEvent{Base: Base{ResourceType: "AuditEvent", ID: e.ID}, Recorded: Instant(e.At), Action: auditAction(e.Action), Outcome: "0",
		Type:    Coding{System: hl7 + "audit-event-type", Code: "rest", Display: "RESTful Operation"},
		Subtype: []Coding{{System: canonical("CodeSystem/audit-action"), Code: e.Action}}, Source: AuditSource{Observer: Reference{Display: "Wince"}},
		Agent: []AuditAgent{{Who: person(e.By), Requestor: true}}}
	if strings.HasPrefix(e.Action, "login") || e.Action == care.ActLogout {
		v.Type = Coding{System: "http://dicom.nema.org/resources/ontology/DCM", Code: "110114", Display: "User Authentication"}
		v.Action = "E"
	}
	if e.Action == care.ActLoginFailed {
		v.Outcome = "4"
	}
	if e.Entity != "" {
		x := AuditEntity{Name: e.Entity, Description: e.EntityID}
		if kind := auditKinds[e.Entity]; kind != "" && care.ValidID(e.EntityID) {
			x.What = refTo(kind, e.EntityID, "")
		}
		var detail map[string]any
		if json.Unmarshal(e.Detail, &detail) == nil {
			if address, ok := detail["address"].(string); ok && address != "" {
				x.Detail = []AuditDetail{{Type: "address", Value: address}}
			}
		}
		v.Entity = []AuditEntity{x}
	}
	v.Text = narrative(e.Action + ", " + e.At.UTC().Format("2 January 2006 15:04:05") + " UTC.")
	return v
}

// auditAction places an action in FHIR's five: create, read, update, delete, execute.
func auditAction(action string) string {
	_, what, _ := strings.Cut(action, ".")
	switch what {
	case "add", "make", "enrol", "open", "raise":
		return "C"
	case "read":
		return "R"
	case "erase", "revoke":
		return "D"
	case "":
		return "E"
	}
	return "U"
}
