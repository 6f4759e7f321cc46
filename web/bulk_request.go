package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// bulkStore tells what exports need beside the rest.
type bulkStore interface {
	ErasedSince(ctx context.Context, scope care.Scope, since time.Time) ([]string, error)
}

const (
	// bulkSlack is how long a change may take to be written after the time that it bears: an export says that it holds all changes
	// before its own time less so much.
	bulkSlack     = 30 * time.Second
	bulkNDJSON    = "application/fhir+ndjson"
	bulkGuide     = "http://hl7.org/fhir/uv/bulkdata/" // where the guide's definitions have their names
	bulkRetry     = 2                                  // seconds
	bulkStatusURL = "/$export-status/"
	bulkFileURL   = "/$export-file/"
)

// bulkRoutes are the addresses of HL7's Bulk Data Access 2.0.
func (s *Server) bulkRoutes(e *gin.Engine) {
	f := e.Group(fhirBase, s.negotiateFHIR)
	for _, at := range []string{"/$export", "/Patient/$export"} {
		f.GET(at, s.admitBulk, s.bulkStart)
		f.POST(at, s.admitBulk, s.bulkStart)
	}
	f.GET(bulkStatusURL+":id", s.admitBulk, s.bulkStatus)
	f.DELETE(bulkStatusURL+":id", s.admitBulk, s.bulkCancel)
	e.GET(fhirBase+bulkFileURL+":id/:name", noStore, s.admitBulk, s.bulkFetch) // whose answer is no FHIR resource
}

// admitBulk lets in whoever is signed in; what an export may hold is looked at for each type.
func (s *Server) admitBulk(c *gin.Context) {
	err := s.admitToken(c, clientToken(c))
	if err == nil && byLocal(c) {
		err = edge(care.Forbidden, "The local token opens practice only, which is not told here: sign in for this.")
	}
	if err == nil && s.bulk.dir == "" {
		err = edge(codeRoute, "Exports are not set up here: whoever runs the server must give it a data folder for them.")
	}
	if err != nil {
		s.fail(c, err)
	}
}

// bulkStart begins an export.
func (s *Server) bulkStart(c *gin.Context) {
	w, err := s.bulkWanted(c)
	if err == nil {
		err = s.seenBulk(c, w)
	}
	j := &bulkJob{owner: actor(c).ID, request: s.fhirAddress(c) + strings.TrimPrefix(c.Request.URL.RequestURI(), fhirBase), at: care.Stamp(s.opt.Now().Add(-bulkSlack))}
	if err == nil {
		err = s.bulk.start(j, s.bulkWork(w))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Location", s.fhirAddress(c)+bulkStatusURL+j.id)
	s.writeFHIR(c, http.StatusAccepted, fhir.NewOutcome(fhir.Issue{Severity: "information", Code: "informational", Text: "The export has begun: ask its status for what comes of it."}))
}

// bulkWanted reads a request for an export.
func (s *Server) bulkWanted(c *gin.Context) (*bulkWanted, error) {
	prefer := strings.ToLower(strings.ReplaceAll(c.GetHeader("Prefer"), " ", ""))
	if !strings.Contains(prefer, "respond-async") {
		return nil, &care.Error{Code: codeParameter, Field: "Prefer", Text: "An export takes a while: send the header Prefer: respond-async."}
	}
	lenient := strings.Contains(prefer, "handling=lenient")
	in, err := bulkParameters(c)
	if err != nil {
		return nil, err
	}
	for name := range in {
		if known := []string{"_since", "_type", "_outputFormat", "_format"}; !slices.Contains(known, name) && !lenient {
			return nil, badParam(name, "An export knows _since, _type and _outputFormat only. With Prefer: handling=lenient the rest is passed over.")
		}
	}
	if f := in["_outputFormat"]; f != "" && f != bulkNDJSON && f != "application/ndjson" && f != "ndjson" {
		return nil, badParam("_outputFormat", "Exports are written as "+bulkNDJSON+" only.")
	}
	w := &bulkWanted{scope: scope(c), listed: map[string][]fhir.Resource{}}
	if in["_since"] != "" {
		if w.since, err = time.Parse(time.RFC3339, in["_since"]); err != nil {
			return nil, badParam("_since", "_since must be a time with seconds and zone, such as 2026-01-31T12:00:00Z.")
		}
	}
	if w.kinds, err = bulkKinds(c, in["_type"], strings.HasSuffix(c.FullPath(), "/Patient/$export"), lenient); err != nil {
		return nil, err
	}
	w.gone = !w.since.IsZero() && slices.Contains(w.kinds, "Patient")
	sites, err := s.opt.Store.Sites(c.Request.Context(), w.scope)
	if err != nil {
		return nil, err
	}
	for i := range sites {
		w.sites = append(w.sites, sites[i].ID)
	}
	slices.Sort(w.sites)
	for _, k := range w.kinds {
		if slices.Contains(ofLists, k) {
			list, err := s.listed(c, k)
			if err != nil {
				return nil, err
			}
			w.listed[k] = slices.DeleteFunc(list, func(r fhir.Resource) bool { return !changedSince(r, w.since) })
		}
	}
	return w, nil
}

// bulkParameters reads the query, or the Parameters resource of a POST.
func bulkParameters(c *gin.Context) (map[string]string, error) {
	in := map[string]string{}
	for name, values := range c.Request.URL.Query() {
		in[name] = strings.Join(values, ",")
	}
	if c.Request.Method != http.MethodPost || c.Request.ContentLength == 0 {
		return in, nil
	}
	var body struct {
		ResourceType string `json:"resourceType"`
		Parameter    []struct {
			Name    string `json:"name"`
			String  string `json:"valueString"`
			Code    string `json:"valueCode"`
			Instant string `json:"valueInstant"`
		} `json:"parameter"`
	}
	if err := json.NewDecoder(c.Request.Body).Decode(&body); err != nil || body.ResourceType != "Parameters" {
		return nil, fhir.Issues{{Code: "structure", Text: "The body must be a Parameters resource."}}
	}
	for _, p := range body.Parameter {
		value := p.String + p.Code + p.Instant
		if old := in[p.Name]; old != "" {
			value = old + "," + value
		}
		in[p.Name] = value
	}
	return in, nil
}

// bulkKinds returns the types that are asked for and may be seen, or all that may be seen where none is asked for.
func bulkKinds(c *gin.Context, asked string, patients, lenient bool) ([]string, error) {
	known := slices.Concat(ofRecords, ofAssessments)
	if !patients {
		known = append(known, ofLists...)
	}
	may := func(kind string) error {
		if err := mayFHIR(c, kind, fhir.Search); err != nil {
			return err
		}
		return mayFHIR(c, kind, fhir.Read)
	}
	var kinds []string
	if asked == "" {
		var why error
		for _, k := range known {
			err := may(k)
			if err == nil {
				kinds = append(kinds, k)
			} else if why == nil {
				why = err
			}
		}
		if len(kinds) == 0 {
			return nil, why
		}
		return kinds, nil
	}
	for k := range strings.SplitSeq(asked, ",") {
		switch {
		case slices.Contains(kinds, k):
		case slices.Contains(known, k):
			if err := may(k); err != nil {
				return nil, err
			}
			kinds = append(kinds, k)
		case !lenient:
			return nil, badParam("_type", "Exported are "+strings.Join(known, ", ")+".")
		}
	}
	if len(kinds) == 0 {
		return nil, badParam("_type", "Nothing is left to export: exported are "+strings.Join(known, ", ")+".")
	}
	return kinds, nil
}

// seenBulk records that somebody asks for everything of some types.
func (s *Server) seenBulk(c *gin.Context, w *bulkWanted) error {
	recorded := map[care.Permission]bool{}
	for _, k := range w.kinds {
		if p := fhirPermission(k, fhir.Read); !recorded[p] {
			recorded[p] = true
			if err := s.seenFHIR(c, k, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// bulkOutput is a line of the manifest.
type bulkOutput struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Count int64  `json:"count"`
}

// bulkManifest says what came of an export.
type bulkManifest struct {
	TransactionTime string       `json:"transactionTime"`
	Request         string       `json:"request"`
	RequiresToken   bool         `json:"requiresAccessToken"`
	Output          []bulkOutput `json:"output"`
	Deleted         []bulkOutput `json:"deleted"`
	Error           []bulkOutput `json:"error"`
}

// bulkStatus tells how far an export is, and where its files are once it is done.
func (s *Server) bulkStatus(c *gin.Context) {
	j, err := s.bulk.find(c.Param("id"), actor(c).ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.bulk.mu.Lock()
	running, failed, expires := j.running, j.failed, j.expires
	s.bulk.mu.Unlock()
	switch {
	case running:
		c.Header("X-Progress", fmt.Sprintf("%d resources written", j.count.Load()))
		c.Header("Retry-After", strconv.Itoa(bulkRetry))
		c.Status(http.StatusAccepted)
		return
	case failed != nil:
		s.fail(c, fmt.Errorf("export: %w", failed))
		return
	}
	m := bulkManifest{TransactionTime: fhir.Instant(j.at), Request: j.request, RequiresToken: true, Output: []bulkOutput{}, Deleted: []bulkOutput{}, Error: []bulkOutput{}}
	tell := func(to *[]bulkOutput, files []*bulkFile) {
		for _, f := range files {
			if f.count > 0 {
				*to = append(*to, bulkOutput{f.kind, s.fhirAddress(c) + bulkFileURL + j.id + "/" + f.name, f.count})
			}
		}
	}
	tell(&m.Output, j.files)
	tell(&m.Deleted, j.deleted)
	c.Header("Expires", expires.UTC().Format(http.TimeFormat))
	c.JSON(http.StatusOK, m)
}

// bulkCancel ends an export, or forgets it where it is done.
func (s *Server) bulkCancel(c *gin.Context) {
	j, err := s.bulk.find(c.Param("id"), actor(c).ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.bulk.drop(j)
	s.writeFHIR(c, http.StatusAccepted, fhir.NewOutcome(fhir.Issue{Severity: "information", Code: "informational", Text: "The export was cancelled and its files are removed."}))
}

// bulkFetch answers with a file.
func (s *Server) bulkFetch(c *gin.Context) {
	j, err := s.bulk.find(c.Param("id"), actor(c).ID)
	var v *bulkFile
	var from io.ReadCloser
	if err == nil {
		s.bulk.mu.Lock()
		i := slices.IndexFunc(append(slices.Clone(j.files), j.deleted...), func(f *bulkFile) bool { return f.name == c.Param("name") })
		if i < 0 || j.running || j.failed != nil {
			err = edge(care.NotFound, "There is no such file.")
		} else {
			v = append(slices.Clone(j.files), j.deleted...)[i]
		}
		s.bulk.mu.Unlock()
	}
	if err == nil && v.kind != "Bundle" { // a token that may do less than the one that began it
		err = mayFHIR(c, v.kind, fhir.Read)
	}
	if err == nil {
		from, err = j.open(v)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	defer from.Close()
	c.Header("Content-Type", bulkNDJSON)
	c.Status(http.StatusOK)
	if _, err := io.CopyBuffer(struct{ io.Writer }{newSteady(c.Writer)}, from, make([]byte, downloadBuffer)); err != nil {
		s.log.WarnContext(c.Request.Context(), "export download cut", "request", requestID(c), "error", err)
		panic(http.ErrAbortHandler) // so that nobody takes the beginning for the whole
	}
}
