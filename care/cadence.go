package care

import (
	"bytes"
	_ "embed" // cadence.json
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Cadence says when to look again after relief with one scale, and how far a difference of its totals can be trusted.
type Cadence struct {
	Scale         string  `json:"scale"`          // as assessments name it
	FirstMinutes  int     `json:"first_minutes"`  // after the relief was given
	RepeatMinutes int     `json:"repeat_minutes"` // while the total is above MildUpTo, and how long a reassessment can be made up for
	MildUpTo      int     `json:"mild_up_to"`     // the highest total that is no more than mild
	ThenMinutes   int     `json:"then_minutes"`   // once it is not
	UntilMinutes  int     `json:"until_minutes"`  // after the relief was given
	GraceMinutes  int     `json:"grace_minutes"`  // overdue after
	Source        string  `json:"source"`
	SEM           float64 `json:"sem"`       // standard error of measurement, in points of the total
	SEMState      string  `json:"sem_state"` // "published" or "assumed"
	SEMSource     string  `json:"sem_source"`
}

//go:embed cadence.json
var cadenceFile []byte

// CadenceFile is the table of cadences as it is compiled in, with its version.
type CadenceFile struct {
	Version  string    `json:"version"`
	Cadences []Cadence `json:"cadences"`
}

// Cadences returns the table. It is read at its first use; a test reads it before anybody else does.
var Cadences = sync.OnceValue(func() *CadenceFile {
	f, err := readCadences(cadenceFile)
	if err != nil {
		panic(err) // compiled in and tested
	}
	return f
})

func readCadences(b []byte) (*CadenceFile, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f CadenceFile
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("read cadences: %w", err)
	}
	for i, c := range f.Cadences {
		switch {
		case (c.Scale == "") != (i == len(f.Cadences)-1):
			return nil, fmt.Errorf("read cadences: row %d: the last row, and no other, is for every other scale", i+1)
		case c.FirstMinutes < 5 || c.RepeatMinutes < 15 || c.ThenMinutes < c.RepeatMinutes || c.UntilMinutes < c.FirstMinutes || c.UntilMinutes > 48*60:
			return nil, fmt.Errorf("read cadences: %s: the times do not follow each other", c.Scale)
		case c.GraceMinutes < 1 || c.GraceMinutes > c.RepeatMinutes || c.MildUpTo < 0 || c.SEM <= 0 || c.Source == "" || c.SEMSource == "":
			return nil, fmt.Errorf("read cadences: %s: a value is missing or out of range", c.Scale)
		case c.SEMState != "published" && c.SEMState != "assumed":
			return nil, fmt.Errorf("read cadences: %s: sem_state", c.Scale)
		}
	}
	if f.Version == "" || len(f.Cadences) == 0 {
		return nil, fmt.Errorf("read cadences: no version or no rows")
	}
	return &f, nil
}

// CadenceOf returns the cadence of a scale; the last row where the scale has none of its own.
func CadenceOf(scale string) *Cadence {
	rows := Cadences().Cadences
	for i := range rows {
		if strings.EqualFold(rows[i].Scale, scale) {
			return &rows[i]
		}
	}
	return &rows[len(rows)-1]
}
