package main

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// tracer returns what traces requests, and what sends the last of it and ends it. Without an endpoint nothing is traced and nothing is sent
// anywhere.
func (c *config) tracer(ctx context.Context) (trace.Tracer, func(), error) {
	if c.Tracing.Endpoint == "" {
		return noop.NewTracerProvider().Tracer("wince"), func() {}, nil
	}
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.Tracing.Endpoint))
	if err != nil {
		return nil, nil, fmt.Errorf("set up tracing: %w", err)
	}
	// The resource says which program it is, and not on whose machine it runs.
	about := resource.NewSchemaless(attribute.String("service.name", "wince"), attribute.String("service.version", version))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(out), sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.Tracing.Share))))
	end := func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		_ = p.Shutdown(patience) // a collector that is away loses the last spans, and nothing else
	}
	return p.Tracer("wince"), end, nil
}
