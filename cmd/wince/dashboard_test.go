package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/stream"
)

// TestDashboard holds each query of the dashboard against what the server serves: metrics, labels and values that are compared for equality
// must exist. docs/bench/dashboard.sh runs them in Prometheus.
func TestDashboard(t *testing.T) {
	m := newMetrics("v1")
	m.watch(func() stream.Load { return stream.Load{} })
	m.request("/api/v1/sessions/:id", "GET", 200, time.Millisecond)
	served := map[string]map[string][]string{} // values of each label of each metric
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		labels := map[string][]string{"job": {"wince"}, "instance": {"wince"}} // Prometheus' own
		names := []string{f.GetName()}
		for _, x := range f.GetMetric() {
			for _, l := range x.GetLabel() {
				labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
			}
			if x.GetHistogram() != nil {
				names, labels["le"] = []string{f.GetName() + "_bucket", f.GetName() + "_sum", f.GetName() + "_count"}, nil
			}
		}
		for _, n := range names {
			served[n] = labels
		}
	}

	var board struct {
		Templating struct {
			List []struct{ Name, Query string }
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join("..", "..", "docker", "grafana.json"))), &board); err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			queries++
			for _, wrong := range unserved(q.Expr, q.LegendFormat, served) {
				t.Errorf("%s: %s: %s", p.Title, q.Expr, wrong)
			}
		}
	}
	if queries < 15 {
		t.Errorf("%d queries were looked at", queries)
	}
	for _, v := range board.Templating.List {
		if name, ok := strings.CutPrefix(v.Query, "label_values("); ok {
			if name, _, _ = strings.Cut(name, ","); served[name] == nil {
				t.Errorf("$%s: no metric %s", v.Name, name)
			}
		}
	}
	for expr, want := range map[string]string{
		`rate(wince_gone_total{job=~"$job"}[1m])`:                     "wince_gone_total",
		`sum by (cause) (rate(wince_frames_total[1m]))`:               "cause",
		`wince_frames_total{arrived="decoded"}`:                       "arrived",
		`wince_frames_total{reached="eaten"}`:                         "eaten",
		`histogram_quantile(0.5, rate(wince_stage_seconds[1m]))`:      "wince_stage_seconds",
		`rate(wince_frames_total{reached="decoded",job="wince"}[1m])`: "",
	} {
		if got := strings.Join(unserved(expr, "", served), "; "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

var (
	metricName = regexp.MustCompile(`\b(?:wince|go|process)_[a-z0-9_]+`)
	matcher    = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
	legend     = regexp.MustCompile(`\{\{\s*([a-z_]+)\s*\}\}`)
)

// unserved returns what a query asks for and nobody serves.
func unserved(expr, legendFormat string, served map[string]map[string][]string) (wrong []string) {
	names := metricName.FindAllString(matcher.ReplaceAllString(expr, ""), -1)
	if len(names) == 0 {
		wrong = append(wrong, "no metric is named")
	}
	for _, n := range names {
		labels, ok := served[n]
		if !ok {
			wrong = append(wrong, "no metric "+n)
			continue
		}
		var asked []string
		for _, x := range matcher.FindAllStringSubmatch(expr, -1) {
			asked = append(asked, x[1])
			if x[2] == "=" && labels[x[1]] != nil && !slices.Contains(labels[x[1]], x[3]) {
				wrong = append(wrong, n+" has no "+x[1]+" "+x[3])
			}
		}
		for _, x := range grouping.FindAllStringSubmatch(expr, -1) {
			asked = append(asked, strings.Split(strings.ReplaceAll(x[1], " ", ""), ",")...)
		}
		for _, x := range legend.FindAllStringSubmatch(legendFormat, -1) {
			asked = append(asked, x[1])
		}
		for _, l := range asked {
			if _, ok := labels[l]; !ok {
				wrong = append(wrong, n+" has no label "+l)
			}
		}
	}
	return wrong
}
