package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// Pages of a search.
const (
	fhirPage    = 50
	maxFHIRPage = 500
)

// fhirQuery is a search as it was understood.
type fhirQuery struct {
	kind     *fhir.Kind
	tokens   map[string][][]fhir.Token // by parameter: all of the lists, one of each list
	times    map[string]care.Times
	words    map[string][][]string // strings, addresses and references
	patients []string              // ids; nil where the search names nobody
	nobody   bool                  // it names residents of whom none is known here
	sort     string
	newest   bool
	count    int
	total    bool
	counts   bool // the total is all that is asked for
	only     *elements
	include  []string
	back     []string
	from     *fhirCursor
	self     url.Values // what was understood
}

// fhirCursor is where a page begins.
type fhirCursor struct {
	At   int64  `json:"t,omitempty"` // milliseconds
	ID   string `json:"i,omitempty"`
	N    int    `json:"n,omitempty"` // so many resources of this record were told already
	Seq  int64  `json:"s,omitempty"`
	AsOf int64  `json:"a,omitempty"` // what is worked out is worked out for this moment on all pages
}

func (f *fhirCursor) place() *care.Place {
	return &care.Place{At: time.UnixMilli(f.At).UTC(), ID: f.ID}
}

const cursorParam = "_cursor"

func (f *fhirCursor) text() (string, error) {
	b, err := json.Marshal(f)
	return base64.RawURLEncoding.EncodeToString(b), err
}

func parseCursor(s string) (*fhirCursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	var f fhirCursor
	if err == nil {
		err = json.Unmarshal(b, &f)
	}
	if err != nil || len(s) > 500 || f.N < 0 || len(f.ID) > 200 {
		return nil, badParam(cursorParam, "The link to the next page is not one of this server's: begin the search again.")
	}
	return &f, nil
}

func badParam(name, text string) error {
	return &care.Error{Code: codeValue, Field: name, Text: text}
}

// fhirValues returns the parameters of a search: those of the address, and of the form where it was posted.
func fhirValues(c *gin.Context) (url.Values, error) {
	v, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, &care.Error{Code: codeMalformed, Err: err, Text: "The address has a query that cannot be read: encode it as a form is."}
	}
	if c.Request.Method != http.MethodPost {
		return v, nil
	}
	if err := mediaType(c, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	if err := c.Request.ParseForm(); err != nil {
		return nil, &care.Error{Code: codeMalformed, Err: err, Text: "The form cannot be read."}
	}
	for name, list := range c.Request.PostForm {
		v[name] = append(v[name], list...)
	}
	return v, nil
}

// parseFHIR reads a search. What it does not know is left out, or refused where the client is strict about it; what it knows and
// cannot read is always refused, for a search that found too much would be taken for the one that was asked for.
func (s *Server) parseFHIR(c *gin.Context, k *fhir.Kind) (*fhirQuery, error) {
	values, err := fhirValues(c)
	if err != nil {
		return nil, err
	}
	q := &fhirQuery{kind: k, tokens: map[string][][]fhir.Token{}, times: map[string]care.Times{}, words: map[string][][]string{}, count: fhirPage, self: url.Values{}}
	if len(k.Sort) > 0 {
		q.orderBy(k.Sort[0])
	}
	strict := strings.Contains(strings.ReplaceAll(c.GetHeader("Prefer"), " ", ""), "handling=strict")
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		known := false
		for _, value := range values[name] {
			if value == "" {
				continue // a field of a form that was left empty
			}
			ok, err := s.parseParam(c, q, name, value)
			if err != nil {
				return nil, err
			}
			if ok {
				q.self.Add(name, value)
			}
			known = known || ok
		}
		if !known && strict && len(strings.Join(values[name], "")) > 0 {
			return nil, &care.Error{Code: codeParameter, Field: name, Text: "There is no search parameter " + printable(name) + " of " + k.Name + ", or no such value of it: see /fhir/metadata."}
		}
	}
	q.self.Del(cursorParam)
	if q.only != nil && q.only.summary == "text" && len(q.include)+len(q.back) > 0 {
		return nil, badParam("_include", "_include and _revinclude do not go with _summary=text.")
	}
	return q, nil
}

// printable shortens what a client said to what can be said back.
func printable(s string) string {
	if len(s) > 60 {
		s = s[:60]
	}
	return strings.ToValidUTF8(s, "?")
}

func (q *fhirQuery) orderBy(s string) {
	q.sort, q.newest = strings.TrimPrefix(s, "-"), strings.HasPrefix(s, "-")
}

// parseParam takes in one value of a parameter and says whether the search knows it.
func (s *Server) parseParam(c *gin.Context, q *fhirQuery, name, value string) (bool, error) {
	switch name {
	case "_format", "_pretty":
		return true, nil
	case "_count":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return false, badParam(name, "_count must be a whole number, 0 or more.")
		}
		q.count = min(n, maxFHIRPage)
		return true, nil
	case "_total":
		q.total = value == "accurate" || value == "estimate"
		return value == "none" || q.total, nil
	case "_sort":
		if !slices.Contains(q.kind.Sort, value) {
			return false, nil
		}
		q.orderBy(value)
		return true, nil
	case "_elements", "_summary":
		return s.parseOnly(q, name, value)
	case "_include", "_revinclude":
		return q.parseInclude(name, value), nil
	case cursorParam:
		var err error
		q.from, err = parseCursor(value)
		return true, err
	}
	return s.parseSearch(c, q, name, value)
}

func (s *Server) parseOnly(q *fhirQuery, name, value string) (bool, error) {
	if name == "_summary" && value == "count" {
		q.count, q.total, q.counts = 0, true, true
		return true, nil
	}
	e, s2 := value, ""
	if name == "_summary" {
		e, s2 = "", value
	}
	only, err := parseElements(e, s2)
	if err == nil && only != nil {
		q.only = only
	}
	return err == nil && (only != nil || value == "false"), err
}

func (q *fhirQuery) parseInclude(name, value string) bool {
	known, into := q.kind.Includes, &q.include
	if name == "_revinclude" {
		known, into = q.kind.RevIncludes, &q.back
	}
	// Observation:patient:Patient says the same as Observation:patient.
	short := value
	if parts := strings.Split(value, ":"); len(parts) == 3 {
		short = parts[0] + ":" + parts[1]
	}
	if !slices.Contains(known, short) {
		return false
	}
	if !slices.Contains(*into, short) {
		*into = append(*into, short)
	}
	return true
}

// parseSearch reads a parameter that narrows what is found.
func (s *Server) parseSearch(c *gin.Context, q *fhirQuery, name, value string) (bool, error) {
	base, modifier, _ := strings.Cut(name, ":")
	chain := ""
	if at := strings.IndexByte(base, '.'); at > 0 {
		base, chain = base[:at], base[at+1:]
	} else if at := strings.IndexByte(modifier, '.'); at > 0 { // subject:Patient.identifier
		modifier, chain = modifier[:at], modifier[at+1:]
	}
	p := q.kind.Param(base)
	if p == nil || chain != "" && (p.Name != "patient" && p.Name != "subject" || chain != "identifier") {
		return false, nil
	}
	if modifier != "" && (p.Type != "reference" || modifier != "Patient") {
		return false, &care.Error{Code: codeParameter, Field: name, Text: "The modifier of " + printable(name) + " is not known here: leave it out."}
	}
	alternatives, err := fhir.SplitOr(value)
	if err != nil {
		return false, named(err, name)
	}
	switch {
	case base == "patient" || base == "subject":
		err = s.parsePatients(c, q, alternatives, chain)
	case p.Type == "date":
		var group []care.TimeRange
		for _, one := range alternatives {
			r, dateErr := fhir.ParseDate(one, s.opt.Now())
			if dateErr != nil {
				return false, named(dateErr, name)
			}
			group = append(group, r)
		}
		q.times[base] = append(q.times[base], group)
	case p.Type == "token" && base != "_id":
		var group []fhir.Token
		for _, one := range alternatives {
			t, tokenErr := fhir.ParseToken(one)
			if tokenErr != nil {
				return false, named(tokenErr, name)
			}
			group = append(group, t)
		}
		q.tokens[base] = append(q.tokens[base], group)
	default:
		q.words[base] = append(q.words[base], alternatives)
	}
	return err == nil, err
}

// named says of an error in a value which parameter has it.
func named(err error, name string) error {
	return badParam(name, "The parameter "+printable(name)+": "+err.Error())
}

// parsePatients finds the residents that a search names: by id, or by the care platform's id.
func (s *Server) parsePatients(c *gin.Context, q *fhirQuery, alternatives []string, chain string) error {
	var ids []string
	for _, one := range alternatives {
		if chain == "identifier" {
			t, err := fhir.ParseToken(one)
			if err != nil {
				return named(err, "patient.identifier")
			}
			r, err := s.byIdentifier(c, t)
			if err != nil {
				return err
			}
			if r != nil {
				ids = append(ids, r.ID)
			}
			continue
		}
		one = strings.TrimPrefix(one, s.fhirAddress(c)+"/")
		if id := strings.TrimPrefix(one, "Patient/"); care.ValidID(id) {
			ids = append(ids, id)
		}
	}
	if q.patients != nil || q.nobody { // and
		ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(q.patients, id) })
	}
	q.patients, q.nobody = ids, len(ids) == 0
	return nil
}

// byIdentifier returns the resident with a care platform's id, nil where whoever asks may see none.
func (s *Server) byIdentifier(c *gin.Context, t fhir.Token) (*care.Resident, error) {
	if !t.Is(s.externalSystem(), t.Code) || t.Code == "" {
		return nil, nil
	}
	r, err := s.opt.Store.ResidentByExternalID(c.Request.Context(), t.Code)
	switch {
	case isCode(err, care.NotFound) || isCode(err, care.Erased):
		return nil, nil
	case err != nil:
		return nil, err
	case !scope(c).Has(r.SiteID):
		return nil, nil
	}
	return r, nil
}
