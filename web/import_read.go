package web

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"wince/care"
	"wince/web/fhir"
)

// importRow is one resident of a file: how to put the particulars into a record, or what is wrong with the row.
type importRow struct {
	row      int // line of the table, from 1 with the head; or place in the Bundle, from 1
	external string
	site     string
	into     func(*care.Resident)
	err      error // of package care, whose field is a column; or an Issues
}

// importColumns are the names that a table's head may have, in lower case, for each member of a resident. docs/integrate.md lists them.
var importColumns = map[string][]string{
	"external_id": {"external_id", "resident_id", "patient_id", "id"},
	"name":        {"name", "display_name", "usual_name"},
	"given_name":  {"given_name", "first_name", "firstname", "vorname"},
	"family_name": {"family_name", "last_name", "lastname", "surname", "nachname"},
	"room":        {"room", "room_number", "zimmer"},
	"birth_date":  {"birth_date", "date_of_birth", "dob", "geburtsdatum"},
	"sex":         {"sex", "gender", "geschlecht"},
	"language":    {"language", "sprache"},
	"site_id":     {"site_id"},
}

// sexWords are the words for the sex that platforms write, in lower case.
var sexWords = map[string]care.Sex{
	"": care.SexUnknown, "unknown": care.SexUnknown, "u": care.SexUnknown, "female": care.Female, "f": care.Female, "w": care.Female,
	"male": care.Male, "m": care.Male, "other": care.OtherSex, "o": care.OtherSex, "d": care.OtherSex, "x": care.OtherSex,
}

func badFile(text string) error { return &care.Error{Code: care.Invalid, Field: "file", Text: text} }

// utf8Reader makes a text of a file's bytes: it takes a byte order mark off, reads Windows-1252 where that is said, and refuses what is
// neither.
func utf8Reader(from io.Reader, encoding string) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(from, 64<<10)
	switch encoding {
	case "", "utf-8":
	case "windows-1252":
		return bufio.NewReader(charmap.Windows1252.NewDecoder().Reader(in)), nil
	default:
		return nil, &care.Error{Code: care.Invalid, Field: "encoding", Text: `The encoding must be "utf-8" or "windows-1252".`}
	}
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		_, err = in.Discard(3)
		return in, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, badFile("This file is UTF-16: save it as CSV in UTF-8.")
	}
	return in, nil
}

// eachCSV reads a table of residents and tells each row. The error is about the whole file.
func eachCSV(in *bufio.Reader, tell func(importRow) error) error {
	separator, err := separatorOf(in)
	if err != nil {
		return err
	}
	r := csv.NewReader(in)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true
	head, err := r.Read()
	if err != nil {
		return csvError(err)
	}
	members, err := membersOf(head)
	if err != nil {
		return err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(err)
		}
		line, _ := r.FieldPos(0)
		if len(cells) == 1 && strings.TrimSpace(cells[0]) == "" {
			continue
		}
		if err := tell(csvRow(line, members, cells)); err != nil {
			return err
		}
	}
}

func csvError(err error) error {
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return badFile("The file is empty: its first line must name the columns.")
	case errors.As(err, &broken):
		return badFile(fmt.Sprintf("Line %d cannot be read: its quotes do not match.", broken.Line))
	}
	return err
}

// separatorOf looks which of comma, semicolon and tab the first line has most of, outside quotes.
func separatorOf(in *bufio.Reader) (rune, error) {
	head, err := in.Peek(8 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, err
	}
	counts, quoted := map[byte]int{}, false
	for _, c := range head {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best), nil
}

// membersOf finds what each column is. One that is not known is refused: a misspelt name must not be taken for an absent column.
func membersOf(head []string) ([]string, error) {
	members := make([]string, len(head))
	for i, name := range head {
		if !utf8.ValidString(name) {
			return nil, notUTF8(1)
		}
		word := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		for member, names := range importColumns {
			if slices.Contains(names, word) {
				members[i] = member
			}
		}
		if members[i] == "" {
			return nil, badFile("There is no column " + shortened(name) + ": rename it as the documentation lists them, or leave it out.")
		}
		if slices.Index(members, members[i]) < i {
			return nil, badFile("Two columns hold the " + members[i] + ": leave one out.")
		}
	}
	if !slices.Contains(members, "external_id") {
		return nil, badFile("There must be a column external_id: by it residents are found again.")
	}
	return members, nil
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "..."
	}
	return `"` + strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s) + `"`
}

func notUTF8(line int) error {
	return badFile(fmt.Sprintf("Line %d is not UTF-8: save the file as CSV in UTF-8, or send it with encoding=windows-1252 where that is what it is.", line))
}

func csvRow(line int, members, cells []string) importRow {
	row := importRow{row: line}
	if len(cells) != len(members) {
		row.err = badFile(fmt.Sprintf("This line has %d cells, the head has %d.", len(cells), len(members)))
		return row
	}
	values := map[string]string{}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			row.err = notUTF8(line)
			return row
		}
		values[members[i]] = strings.TrimSpace(cell)
	}
	row.external, row.site = values["external_id"], values["site_id"]
	if row.external == "" {
		row.err = &care.Error{Code: care.Invalid, Field: "external_id", Text: "The external_id is missing: by it residents are found again."}
	}
	sex, known := sexWords[strings.ToLower(values["sex"])]
	if !known {
		row.err = &care.Error{Code: care.Invalid, Field: "sex", Text: "The sex must be female, male, other or unknown."}
	}
	if born, err := time.Parse("2.1.2006", values["birth_date"]); err == nil { // day first where there are points; slashes may mean either
		values["birth_date"] = born.Format(time.DateOnly)
	}
	row.into = func(r *care.Resident) {
		before := fullName(r)
		for member, to := range map[string]*string{"name": &r.Name, "given_name": &r.GivenName, "family_name": &r.FamilyName, "room": &r.Room,
			"birth_date": &r.BirthDate, "language": &r.Language} {
			if v, there := values[member]; there {
				*to = v
			}
		}
		if _, there := values["sex"]; there {
			r.Sex = sex
		}
		if _, there := values["name"]; !there && (r.Name == "" || r.Name == before) { // made of the parts, unless staff say another
			r.Name = fullName(r)
		}
	}
	return row
}

func fullName(r *care.Resident) string { return strings.TrimSpace(r.GivenName + " " + r.FamilyName) }

// eachPatient reads a Bundle of Patients, one after the other, and tells each. The error is about the whole file.
func eachPatient(in io.Reader, system string, tell func(importRow) error) error {
	d := json.NewDecoder(in)
	d.UseNumber()
	broken := badFile("The file is not one FHIR Bundle in JSON.")
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fileError(err, broken)
	}
	kind, entries := "", false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fileError(err, broken)
		}
		switch name {
		case "resourceType":
			if err := d.Decode(&kind); err != nil || kind != "Bundle" {
				return fileError(err, broken)
			}
		case "entry":
			if entries {
				return broken
			}
			entries = true
			if err := eachEntry(d, system, tell, broken); err != nil {
				return err
			}
		default:
			var passed json.RawMessage
			if err := d.Decode(&passed); err != nil {
				return fileError(err, broken)
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return fileError(err, broken)
	}
	if kind != "Bundle" {
		return badFile(`The resourceType must be "Bundle".`)
	}
	return nil
}

func eachEntry(d *json.Decoder, system string, tell func(importRow) error, broken error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return fileError(err, broken)
	}
	for n := 1; d.More(); n++ {
		var e struct {
			Resource map[string]any `json:"resource"`
		}
		if err := d.Decode(&e); err != nil {
			return fileError(err, broken)
		}
		row := importRow{row: n}
		p, err := fhir.ParsePatient(e.Resource, system)
		switch {
		case err != nil:
			row.err = err
		case p.ExternalID == "":
			row.err = fhir.Issues{{Code: "required", Path: "Patient.identifier", Text: "There must be an identifier of the system " + system + ": by it residents are found again."}}
		default:
			row.external, row.site, row.into = p.ExternalID, p.Organization, p.Into
		}
		if err := tell(row); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fileError(err, broken)
	}
	return nil
}

// fileError says that a file is broken, unless reading it failed for another reason, such as its size.
func fileError(err, broken error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if err == nil || errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken
	}
	return err
}
