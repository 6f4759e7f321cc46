package web

import (
	"encoding/json"
	"slices"
	"strings"

	"wince/web/fhir"
)

// elements are the parts of resources that a client wants.
type elements struct {
	list    []string // of _elements
	summary string   // of _summary: true, text or data
}

// parseElements reads _elements and _summary; nil for everything.
func parseElements(list, summary string) (*elements, error) {
	switch summary {
	case "", "false":
	case "true", "text", "data":
		return &elements{summary: summary}, nil
	default:
		return nil, badParam("_summary", "_summary must be true, text, data, count (of a search) or false.")
	}
	e := &elements{}
	for name := range strings.SplitSeq(list, ",") {
		if at := strings.LastIndexByte(name, '.'); at >= 0 { // Observation.status
			name = name[at+1:]
		}
		if name = strings.TrimSpace(name); name != "" {
			e.list = append(e.list, name)
		}
	}
	if len(e.list) == 0 {
		return nil, nil
	}
	return e, nil
}

// keeps says whether an element of a type of resource is wanted. What every resource of the type has is told whatever is asked for.
func (e *elements) keeps(kind, name string) bool {
	var wanted []string
	switch e.summary {
	case "data":
		return name != "text"
	case "true":
		wanted = fhir.Summary(kind)
	case "text":
		wanted = append(fhir.Mandatory(kind), "text")
	default:
		wanted = append(fhir.Mandatory(kind), e.list...)
	}
	// A value element is named with its type: value means valueQuantity too.
	return slices.ContainsFunc(wanted, func(k string) bool {
		rest, ok := strings.CutPrefix(name, k)
		return ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z')
	})
}

// of returns a resource with the wanted elements only, and the tag that says so.
func (e *elements) of(r fhir.Resource) ([]byte, error) {
	all, err := fhir.Marshal(r)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(all, &m); err != nil {
		return nil, err
	}
	for name := range m {
		if name != "resourceType" && name != "id" && name != "meta" && !e.keeps(r.Head().ResourceType, name) {
			delete(m, name)
		}
	}
	meta := fhir.Meta{}
	if h := r.Head().Meta; h != nil {
		meta = *h
	}
	meta.Tag = []fhir.Coding{{System: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", Code: "SUBSETTED"}}
	if m["meta"], err = json.Marshal(meta); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}
