package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// The page that shows the description of the interface to people. The server writes it whole: no script, nothing from elsewhere.
//
//go:embed reference/page.html reference/style.css
var referenceFiles embed.FS

// What the page is made of.
type (
	refPage struct {
		Title, About, OpenAPI string
		Groups                []refGroup
		Objects               []refObject
	}
	refGroup struct {
		Name, About, Anchor string
		Operations          []refOperation
	}
	refOperation struct {
		ID, Summary, Method, Path, More, Permission, Curl string
		Parameters                                        []refMember
		Body                                              template.HTML
		Answers                                           []refAnswer
	}
	refAnswer struct {
		Status, About string
		Body          template.HTML
	}
	refObject struct {
		Name, About, Anchor string
		Members             []refMember
	}
	refMember struct {
		Name, In, About string
		Type            template.HTML
		Required        bool
	}
)

// refSchema is what the page reads of a schema.
type refSchema struct {
	Ref         string          `json:"$ref"`
	Type        any             `json:"type"`
	Format      string          `json:"format"`
	Description string          `json:"description"`
	Enum        []string        `json:"enum"`
	AnyOf       []refSchema     `json:"anyOf"`
	Items       *refSchema      `json:"items"`
	Properties  json.RawMessage `json:"properties"`
	Additional  json.RawMessage `json:"additionalProperties"`
	Required    []string        `json:"required"`
}

type refContent map[string]struct {
	Schema refSchema `json:"schema"`
}

// members reads a JSON object in the order in which it is written.
func members(text json.RawMessage, each func(name string, v json.RawMessage) error) error {
	if len(text) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		var v json.RawMessage
		if err := d.Decode(&v); err != nil || !ok {
			return fmt.Errorf("read member %v: %w", t, err)
		}
		if err := each(name, v); err != nil {
			return err
		}
	}
	return nil
}

var notWord = regexp.MustCompile(`[^a-z]+`)

func anchor(name string) string { return notWord.ReplaceAllString(strings.ToLower(name), "-") }

// readReference makes the page's parts of the document.
func readReference(text []byte) (*refPage, error) {
	var d struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Title, Description string }
		Tags    []struct{ Name, Description string }
		Paths   json.RawMessage
		Parts   struct {
			Schemas    json.RawMessage
			Parameters map[string]refParameter
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	p := &refPage{Title: d.Info.Title, About: d.Info.Description, OpenAPI: d.OpenAPI}
	for _, t := range d.Tags {
		p.Groups = append(p.Groups, refGroup{Name: t.Name, About: t.Description, Anchor: anchor(t.Name)})
	}
	err := members(d.Paths, func(path string, item json.RawMessage) error {
		return members(item, func(method string, v json.RawMessage) error { return p.add(method, path, v, d.Parts.Parameters) })
	})
	if err != nil {
		return nil, err
	}
	return p, members(d.Parts.Schemas, func(name string, v json.RawMessage) error {
		var s refSchema
		if err := json.Unmarshal(v, &s); err != nil {
			return err
		}
		o := refObject{Name: name, About: s.Description, Anchor: "object-" + name}
		err := members(s.Properties, func(member string, v json.RawMessage) error {
			var m refSchema
			if err := json.Unmarshal(v, &m); err != nil {
				return err
			}
			o.Members = append(o.Members, refMember{Name: member, Type: m.html(), About: m.Description, Required: slices.Contains(s.Required, member)})
			return nil
		})
		p.Objects = append(p.Objects, o)
		return err
	})
}

type refParameter struct {
	Ref         string `json:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      refSchema
}

func (p *refPage) add(method, path string, text json.RawMessage, shared map[string]refParameter) error {
	var o struct {
		OperationID, Summary, Description string
		Tags                              []string
		Permission                        string `json:"x-permission"`
		Parameters                        []refParameter
		RequestBody                       struct{ Content refContent }
		Responses                         json.RawMessage
		Samples                           []struct{ Source string } `json:"x-codeSamples"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	op := refOperation{ID: o.OperationID, Summary: o.Summary, Method: strings.ToUpper(method), Path: path, More: o.Description, Permission: o.Permission, Body: o.RequestBody.Content.html()}
	if len(o.Samples) > 0 {
		op.Curl = o.Samples[0].Source
	}
	for _, x := range o.Parameters {
		if x.Ref != "" {
			x = shared[x.Ref[strings.LastIndex(x.Ref, "/")+1:]]
		}
		op.Parameters = append(op.Parameters, refMember{Name: x.Name, In: x.In, About: x.Description, Type: x.Schema.html(), Required: x.Required})
	}
	err := members(o.Responses, func(status string, v json.RawMessage) error {
		var a struct {
			Description string
			Content     refContent
		}
		if err := json.Unmarshal(v, &a); err != nil {
			return err
		}
		op.Answers = append(op.Answers, refAnswer{status, a.Description, a.Content.html()})
		return nil
	})
	for i := range p.Groups {
		if slices.Contains(o.Tags, p.Groups[i].Name) {
			p.Groups[i].Operations = append(p.Groups[i].Operations, op)
		}
	}
	return err
}

func (c refContent) html() template.HTML {
	var list []string
	for kind, x := range c {
		text := string(x.Schema.html())
		if !strings.HasSuffix(kind, "json") {
			text = "<code>" + template.HTMLEscapeString(kind) + "</code>"
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return template.HTML(strings.Join(list, " or ")) //nolint:gosec // made of escaped parts
}

// html names a schema's type in words, with links to objects.
func (s *refSchema) html() template.HTML {
	text := ""
	switch {
	case s.Ref != "":
		name := template.HTMLEscapeString(s.Ref[strings.LastIndex(s.Ref, "/")+1:])
		text = `<a href="#object-` + name + `">` + name + `</a>`
	case len(s.AnyOf) > 0:
		var list []string
		for i := range s.AnyOf {
			list = append(list, string(s.AnyOf[i].html()))
		}
		text = strings.Join(list, " or ")
	case s.Items != nil:
		text = "list of " + string(s.Items.html())
	case len(s.Properties) > 0:
		var list []string
		_ = members(s.Properties, func(name string, v json.RawMessage) error { // it was read before
			var m refSchema
			err := json.Unmarshal(v, &m)
			list = append(list, "<code>"+template.HTMLEscapeString(name)+"</code>: "+string(m.html()))
			return err
		})
		text = "{" + strings.Join(list, ", ") + "}"
	default:
		kinds, ok := s.Type.([]any)
		if !ok {
			kinds = []any{s.Type}
		}
		var list []string
		for _, k := range kinds {
			word, _ := k.(string)
			if word == "string" && s.Format != "" {
				word = s.Format
			}
			if word == "" {
				word = "anything"
			}
			list = append(list, template.HTMLEscapeString(word))
		}
		text = strings.Join(list, " or ")
		for _, v := range s.Enum {
			text += " <code>" + template.HTMLEscapeString(v) + "</code>"
		}
	}
	return template.HTML(text) //nolint:gosec // made of escaped parts
}

var (
	codeWords = regexp.MustCompile("`([^`]+)`")
	boldWords = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// words writes the little of Markdown that descriptions use: paragraphs, lists, code and bold.
func words(text string) template.HTML {
	var b strings.Builder
	inList := false
	for line := range strings.SplitSeq(text, "\n") {
		item, isItem := strings.CutPrefix(line, "- ")
		if isItem != inList {
			b.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[isItem])
			inList = isItem
		}
		html := template.HTMLEscapeString(item)
		html = boldWords.ReplaceAllString(codeWords.ReplaceAllString(html, "<code>$1</code>"), "<strong>$1</strong>")
		switch {
		case isItem:
			b.WriteString("<li>" + html + "</li>")
		case html != "":
			b.WriteString("<p>" + html + "</p>")
		}
	}
	if inList {
		b.WriteString("</ul>")
	}
	return template.HTML(b.String()) //nolint:gosec // what was not written here is escaped
}

// writeReference writes the page, once for all who ask.
var writeReference = sync.OnceValues(func() ([]byte, error) {
	p, err := readReference(openAPI)
	if err != nil {
		return nil, fmt.Errorf("read the description of the interface: %w", err)
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{"words": words}).ParseFS(referenceFiles, "reference/page.html")
	if err != nil {
		return nil, fmt.Errorf("read the page of the interface: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write the page of the interface: %w", err)
	}
	return b.Bytes(), nil
})

func (s *Server) reference(c *gin.Context) {
	b, err := writeReference()
	s.public(c, "text/html; charset=utf-8", b, err)
}

func (s *Server) referenceStyle(c *gin.Context) {
	b, err := referenceFiles.ReadFile("reference/style.css")
	s.public(c, "text/css; charset=utf-8", b, err)
}

// public answers with what is the same for everybody until the program changes.
func (s *Server) public(c *gin.Context, kind string, text []byte, err error) {
	if err != nil {
		s.fail(c, err)
		return
	}
	sum := sha256.Sum256(text)
	c.Header("Cache-Control", "public, max-age=300")
	if unchanged(c, `"`+hex.EncodeToString(sum[:8])+`"`) {
		return
	}
	c.Data(http.StatusOK, kind, text)
}
