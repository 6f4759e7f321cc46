package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wince/stream"
)

// metrics are what Prometheus reads. No label names a person, a resident, a session or an address.
type metrics struct {
	registry *prometheus.Registry
	stages   [stream.NumStages]prometheus.Observer
	requests *prometheus.HistogramVec
}

// Bounds of the histograms in seconds: a picture takes milliseconds, its way to the tablet and requests up to seconds.
var (
	stageBounds   = []float64{.0001, .00025, .0005, .001, .0015, .002, .003, .005, .0075, .01, .015, .025, .05, .1, .25, .5, 1}
	requestBounds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

func newMetrics(version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wince_stage_seconds", Buckets: stageBounds,
		Help: "How long each step of a picture took; latency is the whole way from its last packet to its event."}, []string{"stage"})
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wince_request_seconds", Buckets: requestBounds,
		Help: "How long requests took, by address pattern, method and status; live events and downloads count until they end."}, []string{"route", "method", "status"})
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "wince_build_info", Help: "Always 1; the label tells the version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(stages, m.requests, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for s := range stream.NumStages {
		m.stages[s] = stages.WithLabelValues(s.String())
	}
	return m
}

// Spent implements [stream.Meter].
func (m *metrics) Spent(s stream.Stage, d time.Duration) {
	if s < stream.NumStages {
		m.stages[s].Observe(d.Seconds())
	}
}

// request counts one request.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// watch adds what the live sessions count.
func (m *metrics) watch(load func() stream.Load) { m.registry.MustRegister(&loadCollector{load}) }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// loadCollector reads the counts of the live sessions when it is asked.
type loadCollector struct{ load func() stream.Load }

var (
	describeSessions = prometheus.NewDesc("wince_sessions", "Sessions that are open.", nil, nil)
	describeStreams  = prometheus.NewDesc("wince_streams", "Tablets that send video.", nil, nil)
	describeLimit    = prometheus.NewDesc("wince_streams_limit", "Tablets that may send video at once.", nil, nil)
	describeCaptures = prometheus.NewDesc("wince_captures", "Observations that are being made.", nil, nil)
	describeRate     = prometheus.NewDesc("wince_stream_rate", "Pictures a second of each stream that are analysed now, at most.", nil, nil)
	describeCapacity = prometheus.NewDesc("wince_capacity_rate", "Pictures a second of all streams that the machine is trusted with; 0 knows no limit.", nil, nil)
	describeRefused  = prometheus.NewDesc("wince_refused_total", "Sessions and tablets for which there was no place.", nil, nil)
	describeFrames   = prometheus.NewDesc("wince_frames_total", "Pictures by how far they came.", []string{"reached"}, nil)
	describeDropped  = prometheus.NewDesc("wince_frames_dropped_total", "Pictures that were not analysed, by cause: superseded by a newer one, left out for the pace, decoder behind, waiting for a keyframe, damaged.", []string{"cause"}, nil)
	describeUnsent   = prometheus.NewDesc("wince_events_unsent_total", "Events that a tablet or reader did not take in time.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (c *loadCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{describeSessions, describeStreams, describeLimit, describeCaptures, describeRate, describeCapacity, describeRefused, describeFrames, describeDropped, describeUnsent} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *loadCollector) Collect(to chan<- prometheus.Metric) {
	l := c.load()
	gauge := func(d *prometheus.Desc, v float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	count := func(d *prometheus.Desc, v uint64, label ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), label...)
	}
	gauge(describeSessions, float64(l.Sessions))
	gauge(describeStreams, float64(l.Streams))
	gauge(describeLimit, float64(l.Most))
	gauge(describeCaptures, float64(l.Captures))
	gauge(describeRate, l.Rate)
	gauge(describeCapacity, l.TotalRate)
	count(describeRefused, l.Refused)
	count(describeFrames, l.Received, "received")
	count(describeFrames, l.Decoded, "decoded")
	count(describeFrames, l.Analysed, "analysed")
	count(describeDropped, l.Dropped-min(l.Dropped, l.Behind+l.Waiting), "superseded")
	count(describeDropped, l.Paced, "paced")
	count(describeDropped, l.Behind, "decoder_behind")
	count(describeDropped, l.Waiting, "waiting_for_keyframe")
	count(describeDropped, l.Corrupt, "damaged")
	count(describeUnsent, l.Unsent)
}
