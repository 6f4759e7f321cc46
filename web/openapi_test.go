package web

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator/schema_validation"

	"wince/care"
	"wince/pain"
)

// fields is a JSON object whose members keep their order.
type fields []field

type field struct {
	name  string
	value any
}

func (f fields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, m := range f {
		b.WriteByte(",{"[min(1, max(0, 1-i))])
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		v, err := plainJSON(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(v)
	}
	if len(f) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainJSON leaves <, > and & as they are.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func (f fields) get(name string) any {
	for _, m := range f {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// book makes the document.
type book struct {
	words      *goWords
	components map[string]fields
	made       map[string]reflect.Type
	inputs     map[reflect.Type]bool // types that are both sent and answered
	errs       []error
}

func (b *book) wrong(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// shapes are members whose Go type says less than is known of them.
var shapes = map[string]any{
	"care.Assessment.Observation": (*pain.Observation)(nil),
	"pain.Observation.Baselines":  (*map[string]float64)(nil), // of observations from before there were any
	"web.told.Record":             (*map[string]any)(nil),
	"web.clientInput.JWKS":        map[string]any{},
	"care.Client.JWKS":            (*map[string]any)(nil),
	"care.AuditEvent.Detail":      map[string]any{},
	"web.newPasskey.Credential":   map[string]any{},
	"web.passkeyLogin.Credential": map[string]any{},
	"web.passkeyCeremony.Options": map[string]any{},
}

// schema describes a type. In a request what is left out may also be null.
func (b *book) schema(t reflect.Type, request bool) fields {
	switch t {
	case reflect.TypeFor[time.Time]():
		return fields{{"type", "string"}, {"format", "date-time"}}
	case reflect.TypeFor[json.RawMessage]():
		return fields{}
	case reflect.TypeFor[day]():
		return fields{{"type", "string"}, {"format", "date"}}
	case reflect.TypeFor[format]():
		return fields{{"type", "string"}, {"enum", []string{"json", "csv"}}}
	case reflect.TypeFor[care.Code]():
		return b.component("Code", t, func() fields {
			codes := slices.Sorted(maps.Keys(problemKinds))
			return fields{{"type", "string"}, {"description", "What went wrong, for programs to compare"}, {"enum", codes}}
		})
	}
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t.Kind() != reflect.Pointer {
		return fields{{"type", "string"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(b.schema(t.Elem(), request))
	case reflect.String:
		if choices := b.words.values[typeName(t)]; t.Name() != "string" && len(choices) > 0 {
			return b.component(title(t.Name()), t, func() fields { return enum(b.words.types[typeName(t)], choices) })
		}
		return fields{{"type", "string"}}
	case reflect.Bool:
		return fields{{"type", "boolean"}}
	case reflect.Int, reflect.Int64:
		return fields{{"type", "integer"}}
	case reflect.Uint64:
		return fields{{"type", "integer"}, {"minimum", 0}}
	case reflect.Float64:
		return fields{{"type", "number"}}
	case reflect.Slice:
		return fields{{"type", "array"}, {"items", b.schema(t.Elem(), request)}}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return fields{{"type", "object"}}
		}
		return fields{{"type", "object"}, {"additionalProperties", b.schema(t.Elem(), request)}}
	case reflect.Interface:
		return fields{}
	case reflect.Struct:
		if t.Name() == "" {
			return b.object(t, request, nil, nil)
		}
		name := title(t.Name())
		if request && b.inputs[t] {
			name += "Input"
		}
		return b.component(name, t, func() fields { return b.object(t, request, nil, nil) })
	}
	b.wrong("no schema for %v", t)
	return nil
}

// component keeps a schema under a name and returns a reference to it.
func (b *book) component(name string, t reflect.Type, make func() fields) fields {
	if was, ok := b.made[name]; !ok {
		b.made[name] = t
		b.components[name] = make()
	} else if was != t {
		b.wrong("two types are called %s: %v and %v", name, was, t)
	}
	return fields{{"$ref", "#/components/schemas/" + name}}
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func enum(about string, choices []choice) fields {
	var values []string
	for _, c := range choices {
		values = append(values, c.value)
		if c.about != "" {
			about += "\n- `" + c.value + "`: " + c.about
		}
	}
	return fields{{"type", "string"}, {"description", about}, {"enum", values}}
}

func nullable(s fields) fields {
	if s.get("$ref") != nil {
		return fields{{"anyOf", []any{s, fields{{"type", "null"}}}}}
	}
	for i, m := range s {
		if text, ok := m.value.(string); ok && m.name == "type" {
			s[i].value = []string{text, "null"}
		}
	}
	return s
}

// object describes a struct's members, as encoding/json writes them. Of a request needs must be there, and omits must not.
func (b *book) object(t reflect.Type, request bool, omits, needs []string) fields {
	properties, required := fields{}, []string{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if tag == "-" {
				continue
			}
			if f.Anonymous && tag == "" {
				in := f.Type
				if in.Kind() == reflect.Pointer {
					in = in.Elem()
				}
				walk(in)
				continue
			}
			if tag == "" || slices.Contains(omits, tag) {
				if tag == "" {
					b.wrong("%v.%s has no name in JSON", t, f.Name)
				}
				continue
			}
			properties = append(properties, field{tag, b.member(t, f, tag, request, slices.Contains(needs, tag))})
			if request && slices.Contains(needs, tag) || !request && !strings.Contains(options, "omitempty") {
				required = append(required, tag)
			}
		}
	}
	walk(t)
	out := fields{{"type", "object"}}
	if about := b.words.types[typeName(t)]; about != "" && !strings.HasPrefix(about, "The body of ") {
		out = append(out, field{"description", about})
	}
	if len(required) > 0 {
		out = append(out, field{"required", required})
	}
	if len(properties) > 0 {
		out = append(out, field{"properties", properties})
	}
	if request {
		out = append(out, field{"additionalProperties", false})
	}
	return out
}

func (b *book) member(t reflect.Type, f reflect.StructField, name string, request, needed bool) fields {
	key := typeName(t) + "." + f.Name
	in := f.Type
	if shape, ok := shapes[key]; ok {
		in = reflect.TypeOf(shape)
	}
	s := b.schema(in, request)
	about := b.words.fields[key]
	if s.get("type") == "string" && isID(t, name, about) {
		s = append(s, field{"format", "uuid"})
	}
	if request && !needed && in.Kind() != reflect.Pointer {
		s = nullable(s)
	}
	if about != "" {
		s = append(s, field{"description", about})
	}
	return s
}

// isID says whether a member always holds a UUID.
func isID(t reflect.Type, name, about string) bool {
	switch t {
	case reflect.TypeFor[care.Actor](), reflect.TypeFor[care.Measure](), reflect.TypeFor[care.Passkey](), reflect.TypeFor[care.BodyRegion]():
		return false
	}
	if t.PkgPath() == reflect.TypeFor[pain.Scale]().PkgPath() || strings.Contains(about, "empty where there was none") {
		return false
	}
	return name == "id" || slices.Contains([]string{"site_id", "resident_id", "session_id", "assessment_id", "schedule_id", "relief_id"}, name)
}

// operationID is a route's name.
func (r *route) operationID() string {
	name := runtime.FuncForPC(reflect.ValueOf(r.do).Pointer()).Name()
	name = strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")
	return cmp.Or(r.doc.id, name)
}

// pages says whether the route answers with pages.
func (r *route) pages() bool {
	return r.doc.paged || slices.ContainsFunc(r.doc.query, func(p param) bool { return p.name == "cursor" })
}

// queries is what the query may hold.
func (r *route) queries() []param {
	if !r.doc.paged {
		return r.doc.query
	}
	return append(r.doc.query[:len(r.doc.query):len(r.doc.query)], param{"limit", "a page of at most so many, to 200; where neither it nor a cursor is given, all come at once", 0},
		param{"cursor", "the `next` of the page before", ""})
}

// success is the status of a route's success.
func (r *route) success() int {
	if r.doc.gives == nil {
		return cmp.Or(r.doc.status, http.StatusNoContent)
	}
	return cmp.Or(r.doc.status, http.StatusOK)
}

// template is the route's address as OpenAPI writes it, with the names of its parameters.
func (r *route) template() (string, []string) {
	parts, names := strings.Split(r.path, "/"), []string(nil)
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i], names = "{"+name+"}", append(names, name)
		}
	}
	return strings.Join(parts, "/"), names
}

func (b *book) operation(r *route) fields {
	d := &r.doc
	if d.about == "" || r.group == "" {
		b.wrong("%s %s has no description: give it one beside its handler (CONTRIBUTING.md, Adding a route)", r.method, r.path)
		return nil
	}
	op := fields{{"operationId", r.operationID()}, {"tags", []string{r.group}}, {"summary", d.about}}
	more := strings.TrimSpace(d.more)
	if d.match {
		more = strings.TrimSpace(more + "\n\nSend the record's `ETag` as `If-Match`, so that you change what you saw.")
	}
	if more != "" {
		op = append(op, field{"description", more})
	}
	op = append(op, field{"x-permission", r.may})
	switch {
	case strings.Contains(strings.Join(d.sends, " "), "Device"):
		op = append(op, field{"security", []fields{{{"tablet", []string{}}}, {{"tabletCookie", []string{}}}}})
	case r.may == care.Public:
		op = append(op, field{"security", []string{}})
	}
	if p := b.parameters(r); len(p) > 0 {
		op = append(op, field{"parameters", p})
	}
	if d.takes != nil {
		op = append(op, field{"requestBody", b.body(r)})
	}
	op = append(op, field{"responses", b.responses(r)})
	if d.manual == "" {
		op = append(op, field{"x-codeSamples", []fields{{{"lang", "Shell"}, {"label", "curl"}, {"source", r.curl()}}}})
	}
	return op
}

func (b *book) parameters(r *route) (list []fields) {
	_, names := r.template()
	for _, name := range names {
		s, about := fields{{"type", "string"}}, "the "+r.variable(name)+"'s id"
		if name == "external" {
			about = "the care platform's id, percent-encoded"
		}
		list = append(list, fields{{"name", name}, {"in", "path"}, {"required", true}, {"description", about}, {"schema", s}})
	}
	for _, q := range r.queries() {
		s := b.schema(reflect.TypeOf(q.like), true)
		if q.name == "limit" {
			s = append(s, field{"minimum", 1})
		}
		list = append(list, fields{{"name", q.name}, {"in", "query"}, {"description", q.about}, {"schema", s}})
	}
	if r.takesKey() {
		list = append(list, ref("parameters", "IdempotencyKey"))
	}
	if r.doc.match {
		list = append(list, ref("parameters", "IfMatch"))
	}
	if r.doc.cached {
		list = append(list, ref("parameters", "IfNoneMatch"))
	}
	return list
}

func (b *book) body(r *route) fields {
	if m, ok := r.doc.takes.(media); ok {
		return fields{{"required", true}, {"content", fields{{string(m), fields{{"schema", fields{{"type", "string"}}}}}}}}
	}
	t := reflect.TypeOf(r.doc.takes)
	s := fields{{"type", "object"}, {"additionalProperties", false}}
	if t.Name() != "" {
		name := title(t.Name())
		if len(r.doc.omits) > 0 {
			name = title(r.operationID()) // several addresses read this type, each its own part
		}
		s = b.component(name, t, func() fields { return b.object(t, true, r.doc.omits, r.doc.needs) })
	}
	content := fields{{"schema", s}}
	var sample any
	if json.Unmarshal([]byte(r.doc.sample), &sample) == nil && !strings.Contains(r.doc.sample, "$") {
		content = append(content, field{"example", json.RawMessage(r.doc.sample)})
	}
	return fields{{"required", true}, {"content", fields{{"application/json", content}}}}
}

func (b *book) responses(r *route) fields {
	d, out := &r.doc, fields{}
	headers := fields{{"X-Request-Id", ref("headers", "RequestID")}}
	if d.tag {
		headers = append(headers, field{"ETag", ref("headers", "ETag")})
	}
	if !d.unheld {
		headers = append(headers, field{"RateLimit", ref("headers", "RateLimit")}, field{"RateLimit-Policy", ref("headers", "RateLimitPolicy")})
	}
	if r.pages() {
		headers = append(headers, field{"Link", ref("headers", "Link")})
	}
	if r.takesKey() {
		headers = append(headers, field{replayHeader, ref("headers", "Replayed")})
	}
	content := fields{}
	switch gives := d.gives.(type) {
	case nil:
	case media:
		content = fields{{string(gives), fields{{"schema", fields{{"type", "string"}}}}}}
	default:
		s := b.schema(reflect.TypeOf(gives), false)
		if d.list != "" {
			members := fields{{d.list, fields{{"type", "array"}, {"items", s}}}}
			if r.pages() {
				members = append(members, field{"next", fields{{"type", "string"}, {"description", "As cursor, it gives the page after this; absent on the last"}}})
			}
			s = fields{{"type", "object"}, {"required", []string{d.list}}, {"properties", members}}
		}
		content = fields{{"application/json", fields{{"schema", s}}}}
	}
	for _, m := range d.also {
		kind, _, _ := strings.Cut(string(m), ";")
		content = append(content, field{kind, fields{{"schema", fields{{"type", "string"}}}}})
	}
	done := func(status int, about string) {
		h := headers
		if status == http.StatusCreated || status >= 300 && status != http.StatusNotModified {
			h = append(h[:len(h):len(h)], field{"Location", ref("headers", "Location")})
		}
		answer := fields{{"description", about}, {"headers", h}}
		if len(content) > 0 {
			answer = append(answer, field{"content", content})
		}
		out = append(out, field{strconv.Itoa(status), answer})
	}
	if d.again {
		done(http.StatusOK, "As it was kept before")
	}
	done(r.success(), http.StatusText(r.success()))
	if d.quiet {
		content = nil
		done(http.StatusNoContent, "Done, and nothing to answer")
	}
	if d.cached {
		content = nil
		done(http.StatusNotModified, "The client has it already")
	}
	byStatus := map[int][]string{}
	for _, code := range r.refusals() {
		k := problemKinds[code]
		byStatus[k.status] = append(byStatus[k.status], "`"+string(code)+"`: "+k.title)
	}
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		h := fields{{"X-Request-Id", ref("headers", "RequestID")}}
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			h = append(h, field{"Retry-After", ref("headers", "RetryAfter")})
		}
		slices.Sort(byStatus[status])
		out = append(out, field{strconv.Itoa(status), fields{{"description", strings.Join(slices.Compact(byStatus[status]), "; ")}, {"headers", h},
			{"content", fields{{problemContent, fields{{"schema", ref("schemas", "Problem")}}}}}}})
	}
	return out
}

func ref(kind, name string) fields { return fields{{"$ref", "#/components/" + kind + "/" + name}} }

// refusals are the codes that a route can refuse with.
func (r *route) refusals() []care.Code {
	d := &r.doc
	codes := append([]care.Code{codeInternal, care.Storage, care.StorageFull, care.StorageReadOnly}, d.fails...)
	if !d.unheld {
		codes = append(codes, codeTooFast)
	}
	if r.method != http.MethodGet && r.method != http.MethodOptions {
		codes = append(codes, codeCrossSite)
	}
	if r.may != care.Public {
		codes = append(codes, codeSignIn, care.Forbidden, care.PasswordNeeded, codeOtherPerson)
	}
	if d.takes != nil {
		codes = append(codes, codeMalformed, codeMediaType, codeTooLarge, codeTooSlow, care.Invalid)
	}
	if r.takesKey() {
		codes = append(codes, codeMalformed, codeKeyReused, codeKeyBusy, codeKeySpent)
	}
	if len(r.queries()) > 0 {
		codes = append(codes, care.Invalid)
	}
	if strings.Contains(r.path, ":") || slices.ContainsFunc(d.query, func(p param) bool { return p.name == "site_id" }) {
		codes = append(codes, care.NotFound)
	}
	if d.match {
		codes = append(codes, codeIfMatch, care.Stale)
	}
	return codes
}

func (b *book) document(table []route) fields {
	b.findInputs(table)
	paths, at := fields{}, map[string]int{}
	for i := range table {
		r := &table[i]
		op := b.operation(r)
		path, _ := r.template()
		k, ok := at[path]
		if !ok {
			k = len(paths)
			at[path], paths = k, append(paths, field{path, fields{}})
		}
		if ops, ok := paths[k].value.(fields); ok {
			paths[k].value = append(ops, field{strings.ToLower(r.method), op})
		}
	}
	b.schema(reflect.TypeFor[problem](), false)
	var tags []fields
	for _, g := range groups {
		tags = append(tags, fields{{"name", g.name}, {"description", g.about}})
	}
	schemas := fields{}
	for _, name := range slices.Sorted(maps.Keys(b.components)) {
		schemas = append(schemas, field{name, b.components[name]})
	}
	return fields{
		{"openapi", "3.1.0"},
		{"info", fields{{"title", "Wince"}, {"version", "1.0.0"}, {"summary", "Pain assessment for care homes"}, {"description", aboutDocument},
			{"license", fields{{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
		{"servers", []fields{{{"url", "/api/v1"}, {"description", "The server that this document comes from"}}}},
		{"security", []fields{{{"bearer", []string{}}}, {{"cookie", []string{}}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", fields{
			{"schemas", schemas},
			{"parameters", fields{
				{"IfMatch", fields{{"name", "If-Match"}, {"in", "header"}, {"required", true}, {"description", "The ETag of the record as it was read"}, {"schema", fields{{"type", "string"}}}, {"example", `"1"`}}},
				{"IdempotencyKey", fields{{"name", keyHeader}, {"in", "header"}, {"description", "A key of the client's, such as a UUID: the same request with it is done once and answered the same for a day (draft-ietf-httpapi-idempotency-key-header)"}, {"schema", fields{{"type", "string"}, {"minLength", 1}, {"maxLength", maxKey}, {"pattern", "^[!-~]+$"}}}}},
				{"IfNoneMatch", fields{{"name", "If-None-Match"}, {"in", "header"}, {"description", "The ETag of what the client has already: 304 where it is the same"}, {"schema", fields{{"type", "string"}}}}},
			}},
			{"headers", fields{
				{"RequestID", header("Names this request in the log and in the audit trail", "string")},
				{"ETag", header("The record's version; sent as If-Match with a change", "string")},
				{"Location", header("Where the new record is, or where to go on", "string")},
				{"Link", header("The page after this (RFC 8288): rel=\"next\"; absent on the last", "string")},
				{"Replayed", header("true where this is the answer to the same request before", "string")},
				{"RateLimit", header("How many requests are left (draft-ietf-httpapi-ratelimit-headers-10), such as \"principal\";r=590;t=1; absent where no limit is set", "string")},
				{"RateLimitPolicy", header("How many requests are let in, such as \"principal\";q=600;w=60", "string")},
				{"RetryAfter", header("Seconds after which trying again makes sense", "integer")},
			}},
			{"securitySchemes", fields{
				{"bearer", fields{{"type", "http"}, {"scheme", "bearer"}, {"description", "The token of a sign-in with `\"token\": true`, or the local token of the server's machine"}}},
				{"cookie", fields{{"type", "apiKey"}, {"in", "cookie"}, {"name", cookieName}, {"description", "Set by signing in; for browsers"}}},
				{"tablet", fields{{"type", "apiKey"}, {"in", "header"}, {"name", deviceHeader}, {"description", "The token of an enrolled tablet"}}},
				{"tabletCookie", fields{{"type", "apiKey"}, {"in", "cookie"}, {"name", deviceCookie}, {"description", "Set by enrolling a tablet; for browsers"}}},
			}},
		}},
	}
}

func header(about, kind string) fields {
	return fields{{"description", about}, {"schema", fields{{"type", kind}}}}
}

const aboutDocument = "What tablets, care platforms and other programs call. Wince is **not a cleared medical device**; what the camera says is preliminary until a person confirms it.\n\n" +
	"JSON in UTF-8, one object a request; a member that does not exist is refused. Optional members of a request may be `null`, which is the same as leaving them out. " +
	"Times are RFC 3339 in UTC, identifiers are UUIDs of version 7. New members may come into answers: do not refuse what you do not know.\n\n" +
	"Refusals are problem details (RFC 9457): compare `code`, show `detail`. Each answer has an `X-Request-Id`. The guide is docs/api.md."

// findInputs finds the types that are both sent and answered: what is required differs, and so do their names.
func (b *book) findInputs(table []route) {
	sent, answered := map[reflect.Type]bool{}, map[reflect.Type]bool{}
	var walk func(t reflect.Type, into map[reflect.Type]bool)
	walk = func(t reflect.Type, into map[reflect.Type]bool) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem(), into)
		case reflect.Struct:
			if into[t] {
				return
			}
			into[t] = true
			for i := range t.NumField() {
				walk(t.Field(i).Type, into)
			}
		}
	}
	for _, r := range table {
		for v, into := range map[any]map[reflect.Type]bool{&r.doc.takes: sent, &r.doc.gives: answered} {
			if p, ok := v.(*any); ok && *p != nil {
				walk(reflect.TypeOf(*p), into)
			}
		}
	}
	for t := range sent {
		b.inputs[t] = answered[t]
	}
}

const openAPIFile = "openapi.json"

// makeDocument makes the document of a server's table.
func makeDocument(t *testing.T, table []route) []byte {
	t.Helper()
	words, err := readGoWords()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{words: words, components: map[string]fields{}, made: map[string]reflect.Type{}, inputs: map[reflect.Type]bool{}}
	text, err := plainJSON(b.document(table))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range b.errs {
		t.Error(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", " "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// TestOpenAPI compares the document that the server gives with what its table, the Go types and their comments say. With
// -update it writes the document.
func TestOpenAPI(t *testing.T) {
	g := newRig(t)
	got := makeDocument(t, g.server.table())
	want := kept(t, openAPIFile, got)
	if !bytes.Equal(got, want) {
		a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
		i := 0
		for i < min(len(a), len(b))-1 && a[i] == b[i] {
			i++
		}
		t.Fatalf("%s is not what the routes say, from line %d:\n%s\nwhere the routes say\n%s\nIf that is meant: go test ./web -run TestOpenAPI -update", openAPIFile, i+1, b[i], a[i])
	}
	doc, err := libopenapi.NewDocument(got)
	if err != nil {
		t.Fatal(err)
	}
	if ok, problems := schema_validation.ValidateOpenAPIDocument(doc); !ok {
		for _, p := range problems {
			for _, e := range p.SchemaValidationErrors {
				t.Errorf("not OpenAPI 3.1: %s at %s", e.Reason, e.FieldPath)
			}
			t.Errorf("not OpenAPI 3.1: %s: %s", p.Message, p.Reason)
		}
	}
	if _, err := doc.BuildV3Model(); err != nil {
		t.Errorf("a reference leads nowhere: %v", err)
	}
}

// Nobody adds a route and forgets to say what it does.
func TestRouteWithoutDescription(t *testing.T) {
	words, err := readGoWords()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{words: words, components: map[string]fields{}, made: map[string]reflect.Type{}, inputs: map[reflect.Type]bool{}}
	b.document([]route{{method: "GET", path: "/x", may: care.Public}})
	if len(b.errs) != 1 || !strings.Contains(b.errs[0].Error(), "GET /x has no description") {
		t.Errorf("got %v", b.errs)
	}
}
