package fhir

import (
	"strings"

	"wince/care"
	"wince/pain"
)

// CodeSystem is a list of codes of our own.
type CodeSystem struct {
	Base
	URL           string        `json:"url,omitempty"`
	Version       string        `json:"version,omitempty"`
	Name          string        `json:"name,omitempty"`
	Title         string        `json:"title,omitempty"`
	Status        string        `json:"status"`
	Publisher     string        `json:"publisher,omitempty"`
	Description   string        `json:"description,omitempty"`
	Copyright     string        `json:"copyright,omitempty"`
	CaseSensitive *bool         `json:"caseSensitive,omitempty"`
	ValueSet      string        `json:"valueSet,omitempty"`
	Content       string        `json:"content"`
	Count         int           `json:"count,omitempty"`
	Concept       []CodeConcept `json:"concept,omitempty"`
}

// CodeConcept is one code with what it means. Options of a scale have their points.
type CodeConcept struct {
	Extension  []Extension `json:"extension,omitempty"`
	Code       string      `json:"code"`
	Display    string      `json:"display,omitempty"`
	Definition string      `json:"definition,omitempty"`
}

// TermsID is the id of the CodeSystem, ValueSet and ConceptMap of what belongs to no scale.
const TermsID = "wince"

// termsVersion changes with the list of terms; a test compares the list with the golden file.
const termsVersion = "1.0.0"

// NewTerms returns the code system of what belongs to no scale.
func NewTerms() *CodeSystem {
	yes := true
	c := &CodeSystem{Base: Base{ResourceType: "CodeSystem", ID: TermsID}, URL: System, Version: termsVersion, Name: "Wince", Title: "Wince: faces, situations and states",
		Status: "active", Publisher: "Wince", CaseSensitive: &yes, Content: "complete", ValueSet: canonical("ValueSet/wince"),
		Description: "What Wince measures of faces and tells of assessments. No codes of others were found for these."}
	for _, t := range terms() {
		c.Concept = append(c.Concept, CodeConcept{Code: t.code, Display: t.display, Definition: t.definition})
	}
	c.Count = len(c.Concept)
	c.Text = narrative(c.Title, c.Description)
	return c
}

// NewScaleSystem returns the code system of one version of a scale: total, items, options with their points, bands and types.
func NewScaleSystem(s *pain.Scale) *CodeSystem {
	yes := true
	c := &CodeSystem{Base: Base{ResourceType: "CodeSystem", ID: ScaleResourceID(s.Ref())}, URL: scaleURL("CodeSystem", s), Version: s.Version, Name: computerName(s.ID),
		Title: s.Title, Status: "active", Publisher: "Wince", CaseSensitive: &yes, Content: "complete", ValueSet: scaleURL("ValueSet", s),
		Description: "Codes for the scale " + s.Name + ". The wording of items and options is Wince's own or the home's.",
		Copyright:   "Permission to use this scale: " + s.Permission.State + ". " + s.Permission.Note}
	add := func(x Coding, definition string) {
		c.Concept = append(c.Concept, CodeConcept{Extension: x.Extension, Code: x.Code, Display: x.Display, Definition: definition})
	}
	add(totalCoding(s), "Sum of all items; none while items are open")
	for i := range s.Items {
		it := &s.Items[i]
		add(itemCoding(s, it), it.Ask)
		for k := range it.Options {
			add(optionCoding(s, it, &it.Options[k]), "")
		}
	}
	for i := range s.Bands {
		add(bandCoding(s, &s.Bands[i]), bandWords(&s.Bands[i]))
	}
	for i := range s.Types {
		add(typeCoding(s, &s.Types[i]), "")
	}
	c.Count = len(c.Concept)
	c.Text = narrative(c.Title, c.Description)
	return c
}

// ValueSet is all codes of a system.
type ValueSet struct {
	Base
	URL       string          `json:"url,omitempty"`
	Version   string          `json:"version,omitempty"`
	Name      string          `json:"name,omitempty"`
	Title     string          `json:"title,omitempty"`
	Status    string          `json:"status"`
	Publisher string          `json:"publisher,omitempty"`
	Immutable *bool           `json:"immutable,omitempty"`
	Copyright string          `json:"copyright,omitempty"`
	Compose   ValueSetCompose `json:"compose"`
}

// ValueSetCompose says which codes.
type ValueSetCompose struct {
	Include []ValueSetInclude `json:"include"`
}

// ValueSetInclude takes in a whole system.
type ValueSetInclude struct {
	System  string `json:"system,omitempty"`
	Version string `json:"version,omitempty"`
}

// NewValueSet returns the set of all codes of a system.
func NewValueSet(c *CodeSystem) *ValueSet {
	v := &ValueSet{Base: Base{ResourceType: "ValueSet", ID: c.ID}, URL: c.ValueSet, Version: c.Version, Name: c.Name + "Codes", Title: c.Title, Status: "active",
		Publisher: "Wince", Copyright: c.Copyright, Compose: ValueSetCompose{Include: []ValueSetInclude{{System: c.URL, Version: c.Version}}}}
	v.Text = narrative("All codes of: " + c.Title)
	return v
}

// ConceptMap says which codes of others mean what ours do.
type ConceptMap struct {
	Base
	URL       string     `json:"url,omitempty"`
	Version   string     `json:"version,omitempty"`
	Name      string     `json:"name,omitempty"`
	Title     string     `json:"title,omitempty"`
	Status    string     `json:"status"`
	Publisher string     `json:"publisher,omitempty"`
	Group     []MapGroup `json:"group,omitempty"`
}

// MapGroup maps codes of one system to those of another.
type MapGroup struct {
	Source  string       `json:"source,omitempty"`
	Target  string       `json:"target,omitempty"`
	Element []MapElement `json:"element"`
}

// MapElement maps one code.
type MapElement struct {
	Code    string      `json:"code,omitempty"`
	Display string      `json:"display,omitempty"`
	Target  []MapTarget `json:"target,omitempty"`
}

// MapTarget is what a code is mapped to.
type MapTarget struct {
	Code        string `json:"code,omitempty"`
	Equivalence string `json:"equivalence"`
	Comment     string `json:"comment,omitempty"`
}

// NewConceptMap returns the map of the totals of scales, and of PSPI and the action units, to LOINC and SNOMED CT.
func NewConceptMap(scales []*pain.Scale) *ConceptMap {
	m := &ConceptMap{Base: Base{ResourceType: "ConceptMap", ID: TermsID}, URL: canonical("ConceptMap/wince"), Version: termsVersion, Name: "WinceToOthers",
		Title: "Wince's codes in LOINC and SNOMED CT", Status: "active", Publisher: "Wince"}
	const none = "No code was found."
	for _, s := range scales {
		t := totalCoding(s)
		element := func(code, equivalence, comment string) []MapElement {
			return []MapElement{{Code: t.Code, Display: t.Display, Target: []MapTarget{{Code: code, Equivalence: equivalence, Comment: comment}}}}
		}
		toLOINC := element("", "unmatched", none)
		switch {
		case s.ID == "nrs" && builtIn(s):
			toLOINC = []MapElement{{Code: t.Code, Display: t.Display, Target: []MapTarget{{Code: "72514-3", Equivalence: "equivalent"}, {Code: "38208-5", Equivalence: "wider"}}}}
		case s.ID == "painad" && builtIn(s):
			for i := range s.Bands {
				b := bandCoding(s, &s.Bands[i])
				toLOINC = append(toLOINC, MapElement{Code: b.Code, Display: b.Display, Target: []MapTarget{{Code: "104532-7", Equivalence: "relatedto",
					Comment: "A value of this observation, whose bands are customary."}}})
			}
		}
		m.Group = append(m.Group, MapGroup{Source: t.System, Target: loinc, Element: toLOINC},
			MapGroup{Source: t.System, Target: snomed, Element: element("225908003", "wider", "A pain score of any kind.")})
	}
	face := MapGroup{Source: System, Target: loinc}
	for _, c := range faceCodes() {
		face.Element = append(face.Element, MapElement{Code: c, Display: displays()[c], Target: []MapTarget{{Equivalence: "unmatched", Comment: none}}})
	}
	m.Group = append(m.Group, face)
	m.Text = narrative(m.Title)
	return m
}

// faceCodes are the codes of what is measured of a face.
func faceCodes() []string {
	list := []string{"pspi"}
	for a := pain.AU(0); a < pain.NumAU; a++ {
		list = append(list, auCode(a.String()))
	}
	return list
}

// Wanted says which observations codes ask for, so that a search reads no more than it must.
type Wanted struct {
	All    bool     // any scale's total
	Scales []string // ids of scales whose total is asked for
	Face   bool     // PSPI or action units
}

// Codes returns which observations have one of these codes; each is "code" or "system|code".
func Codes(tokens []Token) Wanted {
	var w Wanted
	for _, t := range tokens {
		switch id, isTotal := strings.CutSuffix(t.Code, totalCode); {
		case t.Code == "": // all codes of a system
			w.All, w.Face = true, true
		case isTotal:
			w.Scales = append(w.Scales, id)
		case t.Code == "225908003":
			w.All = true
		case t.Code == "72514-3":
			w.Scales = append(w.Scales, "nrs")
		case displays()[t.Code] != "":
			w.Face = true
		}
	}
	return w
}

// Narrow puts what a code search wants into a search for assessments. It returns false where nothing can be found.
func (w Wanted) Narrow(q *care.AssessmentSearch) bool {
	switch {
	case w.All && w.Face:
	case w.All:
		q.Scaled = true
	case len(w.Scales) > 0 && w.Face: // either: read them all
	case len(w.Scales) > 0:
		q.Scales = w.Scales
	case w.Face:
		q.Observed = true
	default:
		return false
	}
	return true
}
