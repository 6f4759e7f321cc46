package fhir

import (
	"strings"
	"time"
	"unicode/utf8"

	"wince/care"
)

// Token is a value of a token parameter: a code, of a system or of any.
type Token struct {
	System string // empty where any will do
	NoSys  bool   // "|code": one without a system
	Code   string // empty where any code of the system will do
}

// maxOr is how many alternatives a parameter can have.
const maxOr = 100

// SplitOr takes the alternatives of a parameter's value apart; a comma that a backslash precedes does not separate.
func SplitOr(value string) ([]string, error) {
	if !utf8.ValidString(value) {
		return nil, invalidValue("is not valid UTF-8")
	}
	var list []string
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\' && i+1 < len(value):
			// The value keeps its escapes of | and $, which are taken apart later.
			if value[i+1] == '|' || value[i+1] == '$' {
				b.WriteByte('\\')
			}
			i++
			b.WriteByte(value[i])
		case value[i] == ',':
			list = append(list, b.String())
			b.Reset()
		default:
			b.WriteByte(value[i])
		}
	}
	list = append(list, b.String())
	if len(list) > maxOr {
		return nil, invalidValue("has more than 100 alternatives")
	}
	for _, s := range list {
		if s == "" {
			return nil, invalidValue("is empty, or one of its alternatives is")
		}
	}
	return list, nil
}

func invalidValue(what string) error {
	return Issues{{Code: "value", Text: "The value " + what + "."}}
}

// ParseToken reads "code", "system|code", "system|" or "|code".
func ParseToken(s string) (Token, error) {
	at := -1
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if s[i] == '|' {
			at = i
			break
		}
	}
	unescape := strings.NewReplacer(`\|`, `|`, `\$`, `$`).Replace
	if at < 0 {
		return Token{Code: unescape(s)}, nil
	}
	t := Token{System: unescape(s[:at]), Code: unescape(s[at+1:])}
	t.NoSys = t.System == ""
	if t.System == "" && t.Code == "" {
		return t, invalidValue("has neither a system nor a code")
	}
	return t, nil
}

// Has says whether one of some codings is what a token asks for.
func (t Token) Has(codings []Coding) bool {
	for _, c := range codings {
		if t.Is(c.System, c.Code) {
			return true
		}
	}
	return false
}

// Is says whether a code of a system is what a token asks for.
func (t Token) Is(system, code string) bool {
	return (t.System == "" || t.System == system) && (!t.NoSys || system == "") && (t.Code == "" || t.Code == code)
}

// AnyOf says whether one of the tokens asks for one of the codings.
func AnyOf(tokens []Token, codings []Coding) bool {
	for _, t := range tokens {
		if t.Has(codings) {
			return true
		}
	}
	return false
}

// dateLayouts are the precisions of a date, with how long each lasts.
var dateLayouts = []struct {
	layout string
	end    func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05", second},
	{"2006-01-02T15:04:05Z07:00", second}, // the layout reads fractions too
}

func second(t time.Time) time.Time { return t.Add(time.Second) }

// ParseDate reads a value of a date parameter, with its prefix: which times it is about. A date is that whole day, a month the
// whole month, in UTC where no zone is said. now is what "about" is measured from: a tenth of the distance to it.
func ParseDate(s string, now time.Time) (care.TimeRange, error) {
	prefix, rest := "eq", s
	if len(s) > 2 && s[0] >= 'a' && s[0] <= 'z' {
		prefix, rest = s[:2], s[2:]
	}
	from, to, ok := dateSpan(rest)
	if !ok {
		return care.TimeRange{}, Issues{{Code: "value", Text: "A date must look like 2026, 2026-03, 2026-03-01 or 2026-03-01T08:00:00Z, with eq, ne, gt, lt, ge, le, sa, eb or ap before it where wanted."}}
	}
	switch prefix {
	case "eq":
		return care.TimeRange{From: from, To: to}, nil
	case "ne":
		return care.TimeRange{From: from, To: to, Not: true}, nil
	case "gt", "sa":
		return care.TimeRange{From: to}, nil
	case "lt", "eb":
		return care.TimeRange{To: from}, nil
	case "ge":
		return care.TimeRange{From: from}, nil
	case "le":
		return care.TimeRange{To: to}, nil
	case "ap":
		margin := now.Sub(from).Abs() / 10
		return care.TimeRange{From: from.Add(-margin), To: to.Add(margin)}, nil
	}
	return care.TimeRange{}, Issues{{Code: "value", Text: "There is no prefix " + prefix + " of dates: use eq, ne, gt, lt, ge, le, sa, eb or ap."}}
}

// dateSpan returns the first moment of a date and the first after it.
func dateSpan(s string) (from, to time.Time, ok bool) {
	s = strings.Replace(s, " ", "+", 1) // a plus sign that was not encoded
	for _, l := range dateLayouts {
		t, err := time.Parse(l.layout, s)
		if err != nil {
			continue
		}
		if t.Year() < 1 || t.Year() > 9000 {
			return from, to, false
		}
		if fraction := strings.IndexByte(s, '.'); fraction >= 0 {
			// To the precision that was given, whole milliseconds at least.
			t = t.Truncate(time.Millisecond)
			return t, t.Add(time.Millisecond), true
		}
		return t, l.end(t), true
	}
	return from, to, false
}
