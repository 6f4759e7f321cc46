package pain

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

//go:embed scales/*.yaml
var scaleFiles embed.FS

// ScaleFile is a definition as it was written, which is what a store keeps.
type ScaleFile struct {
	Name string // of the file, without a folder
	Text []byte // YAML
}

// BuiltInScales returns the definitions that come with Wince, by file name.
func BuiltInScales() ([]ScaleFile, error) {
	entries, err := scaleFiles.ReadDir("scales")
	if err != nil {
		return nil, fmt.Errorf("list scales: %w", err)
	}
	files := make([]ScaleFile, len(entries))
	for i, e := range entries {
		text, err := scaleFiles.ReadFile(path.Join("scales", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read scale: %w", err)
		}
		files[i] = ScaleFile{e.Name(), text}
	}
	return files, nil
}

// ScaleError says what is wrong with a definition file and where.
type ScaleError struct {
	File   string
	Line   int // counted from 1; 0 where the file as a whole is meant
	Reason string
}

func (e *ScaleError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

const maxScaleFile = 64 << 10 // bytes

// ParseScale reads and checks one definition. Every error is a *ScaleError.
func ParseScale(file string, text []byte) (*Scale, error) {
	fail := func(line int, reason string) (*Scale, error) { return nil, &ScaleError{file, line, reason} }
	if len(text) > maxScaleFile {
		return fail(0, "the file is larger than 64 KB")
	}
	if !utf8.Valid(text) {
		return fail(0, "the file is not text in UTF-8")
	}
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return fail(0, "the file is empty")
		}
		return fail(yamlReason(err))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fail(0, "the file holds more than one document")
	}
	var s Scale
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(&s); err != nil {
		return fail(yamlReason(err))
	}
	if c := (&scaleCheck{root: doc.Content[0], file: file}); !c.scale(&s) {
		return nil, c.err
	}
	s.File = ScaleFile{file, text}
	return &s, nil
}

var (
	yamlLine    = regexp.MustCompile(`line (\d+): ([^\n]+)`)
	yamlUnknown = regexp.MustCompile(`^field (.+) not found in type `)
	yamlParser  = regexp.MustCompile(`^did not find expected (',' or|'-' indicator|key$|node content|<document start>)`)
	yamlType    = regexp.MustCompile("^cannot unmarshal !!\\w+ (?:`(.+)` )?into (.+)$")
)

// yamlReason takes line and reason out of an error of the YAML library.
func yamlReason(err error) (line int, reason string) {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, "this is not valid YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
	}
	line, _ = strconv.Atoi(m[1]) // digits by the pattern
	if u := yamlUnknown.FindStringSubmatch(m[2]); u != nil {
		return line, fmt.Sprintf("there is no member %q here", u[1])
	}
	if u := yamlType.FindStringSubmatch(m[2]); u != nil {
		want := "another kind of value"
		switch {
		case u[2] == "int":
			want = "a whole number"
		case u[2] == "string":
			want = "a text"
		case u[2] == "float64":
			want = "a number"
		case u[2] == "bool":
			want = "true or false"
		case strings.HasPrefix(u[2], "[]"):
			want = "a list"
		}
		return line, fmt.Sprintf("%q is not allowed: %s is wanted here", u[1], want)
	}
	if yamlParser.MatchString(m[2]) {
		line++ // the library counts from 0 here, and from 1 elsewhere
	}
	return line, "this is not valid YAML: " + m[2]
}

// scaleCheck goes through a definition and remembers the first fault with the line that it stands on.
type scaleCheck struct {
	root *yaml.Node
	file string
	err  *ScaleError
}

// fault records what is wrong with the value at a path of member names and list positions, and returns false.
func (c *scaleCheck) fault(reason string, at ...any) bool {
	n := c.root
	line := n.Line
	for _, step := range at {
		for n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
				if n.Content[i].Value == step {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
				line = next.Line
			}
		}
		if next == nil {
			break // a member that is missing: the line of what it is missing from
		}
		n = next
	}
	c.err = &ScaleError{c.file, line, reason}
	return false
}

var (
	scaleID      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	scaleVersion = regexp.MustCompile(`^\d{1,4}\.\d{1,4}\.\d{1,4}$`)
)

func (c *scaleCheck) id(id string, at ...any) bool {
	return scaleID.MatchString(id) || c.fault(fmt.Sprintf("id %q: use 1 to 40 small letters, digits and underscores, a letter first", id), append(at, "id")...)
}

// text checks one line of text.
func (c *scaleCheck) text(s string, longest int, at ...any) bool {
	name := at[len(at)-1]
	switch {
	case strings.TrimSpace(s) == "":
		return c.fault(fmt.Sprintf("%v is missing or empty", name), at...)
	case utf8.RuneCountInString(s) > longest || strings.ContainsAny(s, "\n\r\x00"):
		return c.fault(fmt.Sprintf("%v must be one line of at most %d characters", name, longest), at...)
	}
	return true
}

func (c *scaleCheck) scale(s *Scale) bool {
	if !c.id(s.ID) || !c.text(s.Name, 40, "name") || !c.text(s.Title, 200, "title") || !c.text(s.Source, 400, "source") {
		return false
	}
	switch {
	case !scaleVersion.MatchString(s.Version):
		return c.fault(fmt.Sprintf("version %q: three numbers such as 1.0.0 are wanted", s.Version), "version")
	case s.Kind != ScaleObservation && s.Kind != ScaleSelfReport:
		return c.fault(fmt.Sprintf("kind %q: observation or self_report is wanted", s.Kind), "kind")
	case s.Permission.State != "free" && s.Permission.State != "granted" && s.Permission.State != "unconfirmed":
		return c.fault(fmt.Sprintf("state %q: free, granted or unconfirmed is wanted", s.Permission.State), "permission", "state")
	case s.Kind == ScaleSelfReport && s.Camera != nil:
		return c.fault("a camera proposes nothing where the person says it", "camera")
	}
	return c.items(s) && c.totals(s) && c.types(s) && c.camera(s)
}

func (c *scaleCheck) items(s *Scale) bool {
	if len(s.Items) == 0 || len(s.Items) > 60 {
		return c.fault("a scale has 1 to 60 items", "items")
	}
	lowest, highest, seen := 0, 0, map[string]bool{}
	for i, it := range s.Items {
		if !c.id(it.ID, "items", i) || !c.text(it.Label, 80, "items", i, "label") || !c.text(it.Ask, 300, "items", i, "ask") {
			return false
		}
		if seen[it.ID] {
			return c.fault(fmt.Sprintf("a second item has the id %q", it.ID), "items", i, "id")
		}
		seen[it.ID] = true
		if len(it.Options) < 2 || len(it.Options) > 101 {
			return c.fault("an item has 2 to 101 options", "items", i, "options")
		}
		for j, o := range it.Options {
			if !c.text(o.Label, 200, "items", i, "options", j, "label") {
				return false
			}
			if o.Value < 0 || o.Value > 100 || j > 0 && o.Value <= it.Options[j-1].Value {
				return c.fault(fmt.Sprintf("value %d: values lie between 0 and 100 and rise from option to option", o.Value), "items", i, "options", j, "value")
			}
		}
		lowest += it.Options[0].Value
		highest += it.Options[len(it.Options)-1].Value
	}
	if s.Total.Min != lowest || s.Total.Max != highest {
		return c.fault(fmt.Sprintf("total %d to %d: the items add up to %d to %d", s.Total.Min, s.Total.Max, lowest, highest), "total")
	}
	return true
}

func (c *scaleCheck) totals(s *Scale) bool {
	next, seen := s.Total.Min, map[string]bool{}
	for i, b := range s.Bands {
		if !c.id(b.ID, "bands", i) || !c.text(b.Label, 80, "bands", i, "label") {
			return false
		}
		switch {
		case seen[b.ID]:
			return c.fault(fmt.Sprintf("a second band has the id %q", b.ID), "bands", i, "id")
		case b.From != next:
			return c.fault(fmt.Sprintf("the band begins at %d: bands follow each other without gap or overlap, so %d is wanted", b.From, next), "bands", i, "from")
		case b.To < b.From:
			return c.fault(fmt.Sprintf("the band ends at %d, before it begins", b.To), "bands", i, "to")
		}
		seen[b.ID], next = true, b.To+1
	}
	if next != s.Total.Max+1 {
		return c.fault(fmt.Sprintf("the bands end at %d and must end at %d, the highest total", next-1, s.Total.Max), "bands")
	}
	if s.PainFrom <= s.Total.Min || s.PainFrom > s.Total.Max {
		return c.fault(fmt.Sprintf("pain_from %d: a total above the lowest, %d, up to the highest, %d, is wanted", s.PainFrom, s.Total.Min, s.Total.Max), "pain_from")
	}
	for i, x := range s.Cutoffs {
		if !c.text(x.Meaning, 200, "cutoffs", i, "meaning") || !c.text(x.Source, 200, "cutoffs", i, "source") {
			return false
		}
		if x.From < s.Total.Min || x.From > s.Total.Max {
			return c.fault(fmt.Sprintf("cut-off %d lies outside the totals", x.From), "cutoffs", i, "from")
		}
	}
	return true
}

func (c *scaleCheck) types(s *Scale) bool {
	seen := map[string]bool{}
	for i, t := range s.Types {
		if !c.id(t.ID, "types", i) || !c.text(t.Label, 80, "types", i, "label") {
			return false
		}
		if seen[t.ID] {
			return c.fault(fmt.Sprintf("a second type has the id %q", t.ID), "types", i, "id")
		}
		seen[t.ID] = true
	}
	return true
}

func (c *scaleCheck) camera(s *Scale) bool {
	if s.Camera == nil {
		return true
	}
	if !c.text(s.Camera.Rules, 40, "camera", "rules") {
		return false
	}
	if len(s.Camera.Items) == 0 {
		return c.fault("name the items that the camera proposes, or leave camera out", "camera", "items")
	}
	for _, id := range slices.Sorted(maps.Keys(s.Camera.Items)) {
		if s.Item(id) == nil {
			return c.fault(fmt.Sprintf("there is no item %q", id), "camera", "items", id)
		}
	}
	for _, it := range s.Items {
		if rules, ok := s.Camera.Items[it.ID]; ok && !c.rules(&it, rules) {
			return false
		}
	}
	return true
}

func (c *scaleCheck) rules(it *Item, rules []CameraRule) bool {
	at := []any{"camera", "items", it.ID}
	if len(rules) < 2 {
		return c.fault("at least two rules are wanted: one with units and one for the rest", at...)
	}
	for i, r := range rules {
		here := func(member string) []any { return append(append([]any{}, at...), i, member) }
		switch last := i == len(rules)-1; {
		case it.Option(r.Value) == nil:
			return c.fault(fmt.Sprintf("value %d is no option of %s", r.Value, it.ID), here("value")...)
		case last && (len(r.Seen) > 0 || r.Share != 0 || r.Peak != 0):
			return c.fault("the last rule is for the rest: only its value is given", here("seen")...)
		case !last && len(r.Seen) == 0:
			return c.fault("the units that must be seen are missing: only the last rule goes without", here("seen")...)
		case !last && (r.Share <= 0 || r.Share > 1):
			return c.fault("share must lie above 0 and at most at 1", here("share")...)
		case r.Peak < 0 || r.Peak > 5:
			return c.fault("peak must lie between 0 and 5", here("peak")...)
		}
		for _, group := range r.Seen {
			if len(group) == 0 {
				return c.fault("a group of units is empty", here("seen")...)
			}
			for _, u := range group {
				if _, err := ParseAU(u); err != nil {
					return c.fault(err.Error(), here("seen")...)
				}
			}
		}
	}
	return true
}
