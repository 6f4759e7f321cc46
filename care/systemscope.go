package care

import (
	"slices"
	"strings"
)

// Ops are the things that a program may do with a kind of record, with the letters of SMART App Launch 2: create, read one, update,
// delete, search.
type Ops uint8

// The operations.
const (
	OpCreate Ops = 1 << iota
	OpRead
	OpUpdate
	OpDelete
	OpSearch
)

const opLetters = "cruds" // in the order that SMART wants, and of the bits

func (o Ops) String() string {
	var b strings.Builder
	for i := range len(opLetters) {
		if o&(1<<i) != 0 {
			b.WriteByte(opLetters[i])
		}
	}
	return b.String()
}

// anyKind is the word for all kinds of resources.
const anyKind = "*"

// SystemScopes says what a connected program may do with which kinds of FHIR resources; "*" stands for all kinds. The words are
// those of SMART App Launch 2, such as system/Patient.rs, and the older system/Patient.read. The zero value allows nothing.
type SystemScopes map[string]Ops

// Longest list and word: what an administrator can oversee.
const (
	maxScopes    = 60
	maxScopeWord = 80
)

// ParseScopes reads scope words. Words for users and patients, launches and searches with parameters are none that a program here can
// have.
func ParseScopes(words []string) (SystemScopes, error) {
	if len(words) > maxScopes {
		return nil, invalid("scopes", "There are too many scopes: 60 at most.")
	}
	all := SystemScopes{}
	for _, w := range words {
		kind, ops, ok := parseScope(w)
		if !ok {
			return nil, invalid("scopes", `A scope must look like "system/Patient.rs": system, a kind of FHIR resource or *, and letters of "cruds" in that order.`)
		}
		all[kind] |= ops
	}
	return all, nil
}

func parseScope(w string) (kind string, ops Ops, ok bool) {
	rest, isSystem := strings.CutPrefix(w, "system/")
	kind, does, dot := strings.Cut(rest, ".")
	if !isSystem || !dot || len(w) > maxScopeWord || !resourceKind(kind) {
		return "", 0, false
	}
	switch does { // SMART App Launch 1
	case "read":
		return kind, OpRead | OpSearch, true
	case "write":
		return kind, OpCreate | OpUpdate | OpDelete, true
	case "*":
		return kind, OpCreate | OpRead | OpUpdate | OpDelete | OpSearch, true
	}
	last := -1
	for i := range len(does) {
		at := strings.IndexByte(opLetters, does[i])
		if at <= last {
			return "", 0, false
		}
		last, ops = at, ops|1<<at
	}
	return kind, ops, ops != 0
}

// resourceKind says whether s has the form of a kind of FHIR resource, or is the word for all of them.
func resourceKind(s string) bool {
	if s == anyKind {
		return true
	}
	return s != "" && s[0] >= 'A' && s[0] <= 'Z' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Allow says whether all of the operations are allowed with a kind of resource.
func (s SystemScopes) Allow(kind string, ops Ops) bool { return (s[kind]|s[anyKind])&ops == ops }

// Words returns the scopes in the order of their names.
func (s SystemScopes) Words() []string {
	words := []string{}
	for kind, ops := range s {
		if ops != 0 {
			words = append(words, "system/"+kind+"."+ops.String())
		}
	}
	slices.Sort(words)
	return words
}

// Intersect returns what both allow: a program that asks for everything gets what it may have.
func (s SystemScopes) Intersect(o SystemScopes) SystemScopes {
	both := SystemScopes{}
	for _, kinds := range []SystemScopes{s, o} {
		for kind := range kinds {
			if ops := (s[kind] | s[anyKind]) & (o[kind] | o[anyKind]); ops != 0 {
				both[kind] = ops
			}
		}
	}
	for kind, ops := range both { // what "*" says already
		if kind != anyKind && both[anyKind]&ops == ops {
			delete(both, kind)
		}
	}
	return both
}

// need is what a permission asks of a connected program's scopes. Without ops they follow from the request's method.
type need struct {
	kinds []string // with all of which the program may do what it asks for; none: any scope will do
	ops   Ops
}

// needs is the table from permissions to scopes. A permission without a row is none that a connected program has, whatever its role.
var needs = map[Permission]need{
	ReadSites:       {},
	ReadScales:      {kinds: []string{"Questionnaire"}},
	ReadResidents:   {kinds: []string{"Patient"}},
	ChangeResidents: {kinds: []string{"Patient"}},
	ReadAssessments: {kinds: []string{"Observation"}},
	ReadRelief:      {kinds: []string{"MedicationAdministration", "Procedure"}},
	ReadRounds:      {kinds: []string{"ServiceRequest", "Task"}},
	AddEvents:       {kinds: []string{"Task"}},
	ReadChanges:     {}, // of the kinds that it may see
	ReadReports:     {kinds: []string{"MeasureReport"}},

	ReadSubscriptions:   {kinds: []string{"Subscription"}},
	ChangeSubscriptions: {kinds: []string{"Subscription"}},
}

// May returns nil where a connected program has the permission: its role does, and so do its scopes for what the request does.
func (a *ClientAccess) May(p Permission, ops Ops) error {
	if p == Public {
		return nil
	}
	if err := RoleIntegration.May(p, true); err != nil {
		return err
	}
	n, ok := needs[p]
	if !ok {
		return &Error{Code: Forbidden, Text: permissions[p].does + " is for people: sign in as one for this."}
	}
	if n.ops != 0 {
		ops = n.ops
	}
	for _, kind := range n.kinds {
		if !a.Scopes.Allow(kind, ops) {
			return noScope(kind, ops)
		}
	}
	return nil
}

// MayFHIR returns nil where a connected program may do something with a kind of FHIR resource.
func (a *ClientAccess) MayFHIR(kind string, ops Ops) error {
	if a.Scopes.Allow(kind, ops) {
		return nil
	}
	return noScope(kind, ops)
}

func noScope(kind string, ops Ops) error {
	return &Error{Code: Forbidden, Text: "This needs the scope system/" + kind + "." + ops.String() + ", which this program has not: ask for it with the token, or ask an administrator to allow it."}
}
