package evaluate

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"wince/pain"
)

// made are samples of six people whose AU4 is measured at half its level, whose AU12 leaks a fifth into AU6, and of whom the
// odd ones are refused one time in four.
func made() []Sample {
	var all []Sample
	for person := range 6 {
		for i := range 48 {
			s := Sample{Person: string(rune('a' + person)), Groups: map[string]string{"sex": []string{"female", "male"}[person%2]}}
			v := pain.Unmeasured()
			v[pain.AU4], v[pain.AU6], v[pain.AU12], v[pain.AU9], v[pain.AU43] = float32(i%6), float32(i/6%4), float32(i/2%5), 0, float32(i%2)
			s.Truth = truthOf(v)
			s.Truth.Label = []string{"calm", "pain"}[i%2]
			if person%2 == 1 && i%4 == 0 {
				s.Frame.State, s.Frame.Reasons = pain.NotAssessable, pain.ReasonMouthCovered
			} else {
				s.Frame.State, s.Frame.AU = pain.Scored, v
				s.Frame.AU[pain.AU4] = v[pain.AU4] / 2
				s.Frame.AU[pain.AU6] = v[pain.AU6] + v[pain.AU12]/5
				s.Frame.PSPI, s.Frame.Score = s.Frame.AU.PSPI(), s.Frame.AU.PSPI()
			}
			all = append(all, s)
		}
		all = append(all, Sample{Person: string(rune('a' + person))}) // not coded
	}
	return all
}

func TestSum(t *testing.T) {
	set := &Set{Kind: "unbc", Root: "/data/<set>"}
	r := Sum(set, made(), Options{Bootstrap: Bootstrap{Rounds: 50, Seed: 1}})
	if r.People != 6 || r.Pictures != 6*49 || r.Coded != 6*48 {
		t.Errorf("%d people, %d pictures, %d coded", r.People, r.Pictures, r.Coded)
	}
	near(t, "judged", *r.Judged.Value, 0.875, 1e-9)
	near(t, "refused", r.Refused["mouth_covered"], 0.125, 1e-9)
	units := map[string]UnitReport{}
	for _, u := range r.Units {
		units[u.AU] = u
	}
	if len(units) != 5 {
		t.Errorf("%d units", len(units))
	}
	au4 := units["AU4"]
	near(t, "AU4 Pearson", *au4.Pearson.Value, 1, 1e-9)
	near(t, "AU4 ICC: 2 cov / (var + var) = 1 / 1.25", *au4.ICC.Value, 0.8, 1e-4)
	if au4.Pearson.Low == nil || *au4.Pearson.Low > *au4.Pearson.Value || *au4.MAE.High < *au4.MAE.Value {
		t.Errorf("intervals %+v %+v", au4.Pearson, au4.MAE)
	}
	if units["AU9"].Pearson.Value != nil {
		t.Error("a unit that never moves has a correlation")
	}
	at := map[string]int{}
	for i, name := range r.CrossTalk.True {
		at[name] = i
	}
	near(t, "slope of AU4", *r.CrossTalk.Slopes[at["AU4"]][at["AU4"]], 0.5, 0.01)
	near(t, "AU12 into AU6", *r.CrossTalk.Slopes[at["AU12"]][at["AU6"]], 0.2, 0.01)
	if r.CrossTalk.Where != "AU12 into AU6" || len(r.CrossTalk.Together) != 0 {
		t.Errorf("worst cross-talk: %s, together %v", r.CrossTalk.Where, r.CrossTalk.Together)
	}
	if r.Pain == nil || r.Pain.N != 252 || *r.Pain.Score.Pearson.Value < 0.8 || *r.Pain.Score.AUC[2].AUC.Value < 0.8 {
		t.Errorf("pain: %+v", r.Pain)
	}
	total := 0
	for _, row := range r.Pain.Confuse {
		for _, n := range row {
			total += n
		}
	}
	if total != r.Pain.N {
		t.Errorf("%d pictures in the confusion matrix, %d judged", total, r.Pain.N)
	}
	if len(r.Labels) != 2 || len(r.Between) != 1 || r.Labels[0].N != 144 || *r.Between[0].Score.Value > 0.5 {
		t.Errorf("labels: %+v %+v", r.Labels, r.Between)
	}
	if len(r.Groups) != 2 || *r.Groups[0].Judged.Value != 1 || *r.Groups[1].Judged.Value != 0.75 || r.Groups[0].People != 3 {
		t.Errorf("groups: %+v", r.Groups)
	}

	var table, html bytes.Buffer
	if err := r.WriteTable(&table); err != nil || !strings.Contains(table.String(), "AU12") {
		t.Errorf("table: %v\n%s", err, table.String())
	}
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "AU12 into AU6", "&lt;set&gt;", "not a cleared medical device"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, remote := range []string{"src=", "@import", "<link", "<script", "ZgotmplZ"} {
		if strings.Contains(html.String(), remote) {
			t.Errorf("the page has %q", remote)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// Where two units always come together, what one does cannot be laid at the other's door.
func TestSumOfUnitsThatComeTogether(t *testing.T) {
	all := made()
	for i := range all {
		all[i].Truth.AU[pain.AU6] = all[i].Truth.AU[pain.AU12]
	}
	c := Sum(&Set{}, all, Options{}).CrossTalk
	if len(c.Together) != 1 || c.Together[0] != "AU6 and AU12" || c.Where == "AU12 into AU6" || c.Where == "AU6 into AU12" {
		t.Errorf("together %v, worst %s", c.Together, c.Where)
	}
}

// A set that codes units as there or not has neither intensities to agree with nor PSPI.
func TestSumOfOccurrence(t *testing.T) {
	all := made()
	for i := range all {
		for a := range all[i].Truth.AU {
			if all[i].Truth.AU[a] > 0 {
				all[i].Truth.AU[a] = 1
			}
		}
	}
	r := Sum(&Set{Occurrence: true}, all, Options{})
	for _, u := range r.Units {
		if u.ICC.Value != nil || u.MAE.Value != nil {
			t.Errorf("%s has an intensity's figures: %+v", u.AU, u)
		}
		if u.AU == "AU12" && (u.F1.Value == nil || math.Abs(*u.F1.Value-1) > 1e-9) {
			t.Errorf("AU12: F1 %v", u.F1.Value)
		}
	}
	if r.Pain != nil || r.CrossTalk != nil {
		t.Error("PSPI or cross-talk of units without intensity")
	}
}
