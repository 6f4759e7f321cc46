package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"wince/care"
	"wince/pain"
)

// column is one column of the download of assessments, and a member of its objects. Its order, name and unit are an interface: columns
// are added, and never moved or renamed.
type column struct {
	Name    string `json:"name"`    // of the column, and of the member
	Kind    string `json:"kind"`    // text, integer, number, boolean or time
	Unit    string `json:"unit"`    // and range; empty where there is none
	Meaning string `json:"meaning"` // in words

	// add appends the value as JSON writes it, without the quotes of a text; nothing where there is none.
	add func(b []byte, r *downloadRow) []byte `json:"-"`
}

// quoted says whether JSON writes the column's values as strings.
func (k *column) quoted() bool { return k.Kind == "text" || k.Kind == "time" }

// downloadRow is what a row is made of.
type downloadRow struct {
	a *care.Assessment
	o *pain.Observation // nil without a camera
}

func textColumn(name, meaning string, of func(*care.Assessment) string) column {
	return column{name, "text", "", meaning, func(b []byte, r *downloadRow) []byte { return append(b, of(r.a)...) }}
}

func timeColumn(name, meaning string, of func(*care.Assessment) *time.Time) column {
	return column{name, "time", "RFC 3339, UTC", meaning, func(b []byte, r *downloadRow) []byte {
		if t := of(r.a); t != nil && !t.IsZero() {
			return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		}
		return b
	}}
}

func integerColumn(name, unit, meaning string, of func(*downloadRow) (int64, bool)) column {
	return column{name, "integer", unit, meaning, func(b []byte, r *downloadRow) []byte {
		if n, ok := of(r); ok {
			return strconv.AppendInt(b, n, 10)
		}
		return b
	}}
}

func numberColumn(name, unit, meaning string, of func(*pain.Observation) *float64) column {
	return column{name, "number", unit, meaning, func(b []byte, r *downloadRow) []byte {
		if r.o != nil {
			if x := of(r.o); x != nil {
				return strconv.AppendFloat(b, *x, 'f', -1, 64)
			}
		}
		return b
	}}
}

func seenColumn(name, meaning string, of func(*pain.Observation) string) column {
	return column{name, "text", "", meaning, func(b []byte, r *downloadRow) []byte {
		if r.o == nil {
			return b
		}
		return append(b, of(r.o)...)
	}}
}

// recordColumns say what was assessed, by whom and how it ended.
func recordColumns() []column {
	return []column{
		textColumn("assessment_id", "the assessment", func(a *care.Assessment) string { return a.ID }),
		textColumn("site_id", "the site where it was made", func(a *care.Assessment) string { return a.SiteID }),
		textColumn("resident_id", "whom it is about", func(a *care.Assessment) string { return a.ResidentID }),
		textColumn("status", "final, amended, or entered_in_error: that one counts nowhere", func(a *care.Assessment) string { return string(a.Status) }),
		integerColumn("version", "", "counted from 1 with each change of the record", func(r *downloadRow) (int64, bool) { return int64(r.a.Version), true }),
		timeColumn("assessed_at", "when the resident was assessed", func(a *care.Assessment) *time.Time { return &a.AssessedAt }),
		timeColumn("confirmed_at", "when a person confirmed it", func(a *care.Assessment) *time.Time { return a.ConfirmedAt }),
		timeColumn("changed_at", "when the record was last changed", func(a *care.Assessment) *time.Time { return &a.ChangedAt }),
		textColumn("created_by_id", "the member of staff or program that made it", func(a *care.Assessment) string { return a.CreatedBy.ID }),
		textColumn("confirmed_by_id", "the member of staff that confirmed it", func(a *care.Assessment) string {
			if a.ConfirmedBy == nil {
				return ""
			}
			return a.ConfirmedBy.ID
		}),
		textColumn("condition", "rest or movement", func(a *care.Assessment) string { return string(a.Condition) }),
		textColumn("method", "camera, observer or self_report", func(a *care.Assessment) string { return string(a.Method) }),
		textColumn("scale_id", "the scale that was filled in; empty for none", func(a *care.Assessment) string { return refOf(a).ID }),
		textColumn("scale_version", "the version of its definition", func(a *care.Assessment) string { return refOf(a).Version }),
		integerColumn("total", "points of the scale", "the sum of all items; empty while some are open", func(r *downloadRow) (int64, bool) {
			if r.a.Total == nil {
				return 0, false
			}
			return int64(*r.a.Total), true
		}),
		textColumn("band", "id of the scale's band in which the total lies", func(a *care.Assessment) string { return a.Band }),
		textColumn("pain_type", "id of the scale's kind of pain, where it has any", func(a *care.Assessment) string { return a.PainType }),
		{"blind", "boolean", "", "the carer rated before the camera's view was shown", func(b []byte, r *downloadRow) []byte { return strconv.AppendBool(b, r.a.Blind) }},
		textColumn("body_sites", "regions of the body's map, with a space between them", func(a *care.Assessment) string {
			words := make([]string, len(a.BodySites))
			for i := range a.BodySites {
				words[i] = a.BodySites[i].Region
			}
			return strings.Join(words, " ")
		}),
	}
}

func refOf(a *care.Assessment) pain.Ref {
	if a.Scale == nil {
		return pain.Ref{}
	}
	return *a.Scale
}

// cameraColumns say what was measured.
func cameraColumns() []column {
	const points, share = "points, 0-16", "share, 0-1"
	list := []column{
		seenColumn("camera_state", "assessed or not_assessable; empty without a camera. not_assessable is no score of zero", func(o *pain.Observation) string { return o.State }),
		integerColumn("camera_duration_ms", "ms", "time looked at", func(r *downloadRow) (int64, bool) {
			return seenMS(r, func(o *pain.Observation) int64 { return o.DurationMS })
		}),
		integerColumn("camera_assessed_ms", "ms", "time in which the face could be judged", func(r *downloadRow) (int64, bool) {
			return seenMS(r, func(o *pain.Observation) int64 { return o.AssessedMS })
		}),
		integerColumn("camera_gaps_ms", "ms", "time in the middle without pictures (the connection was lost, or a pause), which is in no other figure", func(r *downloadRow) (int64, bool) {
			return seenMS(r, (*pain.Observation).Away)
		}),
		seenColumn("camera_reasons", "why the face could not be judged, the main reason first, with a space between them", func(o *pain.Observation) string { return byGreatest(o.Reasons) }),
		seenColumn("camera_confounders", "what else may explain or hide what was seen, the greatest share first", func(o *pain.Observation) string { return byGreatest(o.Confounder) }),
		numberColumn("score_p95", points, "95th percentile of the score, which is PSPI after the rules for confounders", func(o *pain.Observation) *float64 { return o.ScoreP95 }),
		numberColumn("score_mean", points, "mean of the score", func(o *pain.Observation) *float64 { return o.ScoreMean }),
		numberColumn("pspi_p95", points, "95th percentile of PSPI (Prkachin & Solomon 2008)", func(o *pain.Observation) *float64 { return o.PSPIP95 }),
		numberColumn("pspi_mean", points, "mean of PSPI", func(o *pain.Observation) *float64 { return o.PSPIMean }),
		numberColumn("score_threshold", points, "what score_above and score_longest_ms are counted against; a reading aid, no diagnosis", func(o *pain.Observation) *float64 { return &o.Threshold }),
		numberColumn("score_above", share, "share of the judged time at or above score_threshold", func(o *pain.Observation) *float64 { return o.Above }),
		integerColumn("score_longest_ms", "ms", "longest unbroken time at or above score_threshold", func(r *downloadRow) (int64, bool) {
			if r.o == nil || r.o.LongestMS == nil {
				return 0, false
			}
			return *r.o.LongestMS, true
		}),
		seenColumn("camera_confidence", "none, low or moderate", func(o *pain.Observation) string { return o.Confidence }),
		seenColumn("camera_baseline", "what most action units were measured against", func(o *pain.Observation) string { return o.Baseline }),
		seenColumn("camera_rules", "name and version of the rules that scored", func(o *pain.Observation) string { return o.Rules }),
		seenColumn("camera_models", "the networks that measured: name=version, with a semicolon between them", func(o *pain.Observation) string {
			words := []string{}
			for _, k := range slices.Sorted(maps.Keys(o.Models)) {
				words = append(words, k+"="+o.Models[k])
			}
			return strings.Join(words, "; ")
		}),
	}
	for u := pain.AU(0); u < pain.NumAU; u++ {
		name, of := strings.ToLower(u.String()), u.String()
		intensity := fmt.Sprintf("intensity, 0-%g", u.Max())
		au := func(pick func(pain.AUSummary) float64) func(*pain.Observation) *float64 {
			return func(o *pain.Observation) *float64 {
				v, ok := o.AU[of]
				if !ok {
					return nil
				}
				x := pick(v)
				return &x
			}
		}
		list = append(list,
			numberColumn(name+"_share", share, of+", "+u.Name()+": share of the judged time, as far as it was measured, in which it was seen; empty where it was not measured", au(func(s pain.AUSummary) float64 { return s.Share })),
			numberColumn(name+"_peak", intensity, of+", "+u.Name()+": 95th percentile", au(func(s pain.AUSummary) float64 { return s.Peak })),
			numberColumn(name+"_mean", intensity, of+", "+u.Name()+": mean", au(func(s pain.AUSummary) float64 { return s.Mean })))
	}
	return append(list, // what came later stands behind: no column is moved
		seenColumn("camera_side", "right or left, the person's own: the half of the face that was measured, of one palsied on the other; empty for both", func(o *pain.Observation) string { return o.Side }))
}

func seenMS(r *downloadRow, of func(*pain.Observation) int64) (int64, bool) {
	if r.o == nil {
		return 0, false
	}
	return of(r.o), true
}

// byGreatest returns the keys of a map, the greatest value first, with a space between them.
func byGreatest(shares map[string]float64) string {
	keys := slices.Sorted(maps.Keys(shares))
	slices.SortStableFunc(keys, func(a, b string) int {
		switch {
		case shares[a] > shares[b]:
			return -1
		case shares[a] < shares[b]:
			return 1
		}
		return 0
	})
	return strings.Join(keys, " ")
}

// scaleColumns are the items of a scale, of all its versions that were used: what the carer answered and, where the camera proposes
// the item, what it proposed and what the carer had answered before seeing that.
func scaleColumns(versions []*pain.Scale) []column {
	var list []column
	known := map[string]bool{}
	for _, s := range versions {
		camera := s.CameraItems()
		for i := range s.Items {
			it, scale := &s.Items[i], s.ID
			name := scale + "." + it.ID
			unit := fmt.Sprintf("points, %d-%d", it.Options[0].Value, it.Options[len(it.Options)-1].Value)
			if !known[name] {
				known[name] = true
				list = append(list, answerColumn(name, unit, s.Name+", "+it.Label+": the carer's answer", scale, it.ID, func(a *care.Assessment) pain.Answers { return a.Answers }))
			}
			if !known[name+".camera"] && slices.Contains(camera, it.ID) {
				known[name+".camera"] = true
				list = append(list,
					integerColumn(name+".camera", unit, s.Name+", "+it.Label+": what the camera proposed, provisionally", func(r *downloadRow) (int64, bool) {
						for i := range r.a.Proposals {
							if p := &r.a.Proposals[i]; p.ScaleID == scale && p.ItemID == it.ID {
								return int64(p.Value), true
							}
						}
						return 0, false
					}),
					answerColumn(name+".blind", unit, s.Name+", "+it.Label+": the carer's answer before the camera's view was shown", scale, it.ID, func(a *care.Assessment) pain.Answers { return a.RatedBlind }))
			}
		}
	}
	return list
}

func answerColumn(name, unit, meaning, scale, item string, of func(*care.Assessment) pain.Answers) column {
	return integerColumn(name, unit, meaning, func(r *downloadRow) (int64, bool) {
		if refOf(r.a).ID != scale {
			return 0, false
		}
		v, ok := of(r.a)[item]
		return int64(v), ok
	})
}

// downloadColumns returns the columns for some sites: the record, the camera, and the items of every scale that comes with Wince or
// is a site's own.
func (s *Server) downloadColumns(ctx context.Context, sites []string) ([]column, error) {
	ids := slices.Collect(maps.Keys(s.builtIn))
	newest := map[string]*pain.Scale{}
	maps.Copy(newest, s.builtIn)
	for _, site := range sites {
		n, err := s.opt.Store.Instrument(ctx, site)
		if err != nil {
			return nil, err
		}
		for _, ref := range n.Own {
			if newest[ref.ID], err = s.scale(ctx, ref); err != nil {
				return nil, err
			}
			ids = append(ids, ref.ID)
		}
	}
	slices.Sort(ids)
	list := append(recordColumns(), cameraColumns()...)
	for _, id := range slices.Compact(ids) {
		versions := []*pain.Scale{newest[id]}
		refs, err := s.opt.Store.ScaleVersions(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			v, err := s.scale(ctx, ref)
			if err != nil {
				return nil, err
			}
			versions = append(versions, v)
		}
		list = append(list, scaleColumns(versions)...)
	}
	return list, nil
}

// read takes an assessment into the row. Members of the observation that are not exported are passed over.
func (r *downloadRow) read(a *care.Assessment, o *pain.Observation) error {
	*r = downloadRow{a: a}
	if len(a.Observation) == 0 {
		return nil
	}
	*o = pain.Observation{}
	if err := json.Unmarshal(a.Observation, o); err != nil {
		return fmt.Errorf("read the observation of assessment %s: %w", a.ID, err)
	}
	r.o = o
	return nil
}
