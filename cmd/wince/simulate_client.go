package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"wince/pain"
)

// simClient is what a simulated tablet needs of the server's API.
type simClient struct {
	http  *http.Client
	base  *url.URL
	whip  string // of one session, where the URL named one
	token string
}

// simSession is where one tablet publishes.
type simSession struct {
	ID          string `json:"id"`
	WHIP        string `json:"whip"`
	Capture     string `json:"capture"`
	Observation string `json:"observation"`
	self        string // to be deleted at the end; empty for a session that is not ours
}

func (o *simulateOptions) client() (*simClient, error) {
	usage := func(err error) error { return &exitError{exitUsage, err} }
	u, err := url.Parse(o.url)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, usage(fmt.Errorf("--url %s is not an address like https://127.0.0.1:8443", o.url))
	}
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	conf := &tls.Config{InsecureSkipVerify: o.insecure || (loopback && o.ca == "")}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, usage(fmt.Errorf("read --ca: %w", err))
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage(fmt.Errorf("--ca %s holds no certificate in PEM form", o.ca))
		}
	}
	c := &simClient{base: u, token: o.token, http: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16},
	}}
	if strings.HasSuffix(u.Path, "/whip") {
		c.whip = u.String()
	}
	// The local token opens nothing elsewhere, so it is shown to nobody elsewhere.
	if c.token == "" && (loopback || o.dataGiven) {
		if c.token, err = localToken(o.data); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *simClient) close() { c.http.CloseIdleConnections() }

// open opens a practice session, or takes the one that the URL names.
func (c *simClient) open(ctx context.Context) (*simSession, error) {
	if c.whip != "" {
		base := strings.TrimSuffix(c.whip, "/whip")
		return &simSession{ID: base[strings.LastIndex(base, "/")+1:], WHIP: c.whip, Capture: base + "/capture", Observation: base + "/observation"}, nil
	}
	var s simSession
	at := c.base.JoinPath("api/v1/sessions").String()
	if err := c.json(ctx, http.MethodPost, at, map[string]any{"resident_id": nil, "condition": "rest", "practice": true}, &s); err != nil {
		return nil, fmt.Errorf("open a practice session: %w", err)
	}
	if s.ID == "" || s.WHIP == "" {
		return nil, fmt.Errorf("open a practice session: %s answers, but not as a Wince server does: check --url", c.base.Host)
	}
	s.self = at + "/" + s.ID
	for _, p := range []*string{&s.WHIP, &s.Capture, &s.Observation} {
		ref, err := url.Parse(*p)
		if err != nil {
			return nil, fmt.Errorf("open a practice session: the server gave a bad address: %w", err)
		}
		if *p == "" { // as far as the contract goes
			continue
		}
		*p = c.base.ResolveReference(ref).String()
	}
	if s.Capture == "" {
		s.Capture = s.self + "/capture"
	}
	if s.Observation == "" {
		s.Observation = s.self + "/observation"
	}
	return &s, nil
}

// publish posts an offer (RFC 9725) and returns the answer and the address of the connection.
func (c *simClient) publish(ctx context.Context, whip, offer string) (answer, resource string, err error) {
	res, err := c.do(ctx, http.MethodPost, whip, "application/sdp", []byte(offer))
	if err != nil {
		return "", "", fmt.Errorf("publish: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", "", fmt.Errorf("publish: read the answer: %w", err)
	}
	at, err := res.Location()
	if err != nil {
		return string(b), "", nil // not ours to complain about: the connection is ended by its own means then
	}
	return string(b), at.String(), nil
}

func (c *simClient) startCapture(ctx context.Context, at string, d time.Duration) error {
	if err := c.json(ctx, http.MethodPost, at, map[string]any{"seconds": d.Seconds()}, nil); err != nil {
		return fmt.Errorf("start the observation: %w", err)
	}
	return nil
}

func (c *simClient) observation(ctx context.Context, at string) (*pain.Observation, error) {
	var o pain.Observation
	if err := c.json(ctx, http.MethodGet, at, nil, &o); err != nil {
		return nil, fmt.Errorf("read the observation: %w", err)
	}
	return &o, nil
}

// paced returns how many pictures of a session the server left out to keep to its pace, nil where it does not say.
func (c *simClient) paced(ctx context.Context, s *simSession) *int {
	var v struct{ Live *struct{ Paced *int } }
	if err := c.json(ctx, http.MethodGet, strings.TrimSuffix(s.Capture, "/capture"), nil, &v); err != nil || v.Live == nil {
		return nil // a nicety: what failed shows elsewhere
	}
	return v.Live.Paced
}

func (c *simClient) delete(ctx context.Context, at string) error {
	res, err := c.do(ctx, http.MethodDelete, at, "", nil)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (c *simClient) json(ctx context.Context, method, at string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	res, err := c.do(ctx, method, at, "application/json", body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(out); err != nil {
		return fmt.Errorf("%s does not answer as a Wince server does (check --url): %w", c.base.Host, err)
	}
	return nil
}

// do sends a request and turns what is not a success into a sentence.
func (c *simClient) do(ctx context.Context, method, at, contentType string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	var p struct{ Detail, Code string }
	if b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10)); err == nil {
		_ = json.Unmarshal(b, &p) // a server that is not ours may answer anything
	}
	return nil, c.refused(res, p.Detail)
}

func (c *simClient) refused(res *http.Response, detail string) error {
	if detail == "" {
		detail = "it answers " + res.Status
	}
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if c.token == "" {
			return fmt.Errorf("the server refused the sign-in, and no token was found: name its data folder with --data, or give --token (%s)", detail)
		}
		return fmt.Errorf("the server refused the sign-in: the token is not its own (a new start makes a new one); check --data or --token (%s)", detail)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if after := res.Header.Get("Retry-After"); after != "" {
			detail += " It says to try again in " + after + " s."
		}
		return fmt.Errorf("the server takes no more: %s", detail)
	case http.StatusBadRequest:
		if c.base.Scheme == "http" {
			return fmt.Errorf("the server refused: Wince speaks HTTPS, so write https:// in --url (%s)", detail)
		}
	case http.StatusNotFound:
		return fmt.Errorf("%s is not there: check --url (%s)", res.Request.URL.Path, detail)
	}
	return fmt.Errorf("the server refused: %s", detail)
}

func (c *simClient) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	if errors.As(err, &unknown) || errors.As(err, &name) {
		return fmt.Errorf("the certificate of %s is not trusted: give its own with --ca FILE, or --insecure for a test: %w", c.base.Host, err)
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return fmt.Errorf("%s speaks HTTP, not HTTPS: check the port in --url", c.base.Host)
	}
	return fmt.Errorf("no server answers at %s: start one with wince serve, or check --url: %w", c.base.Host, err)
}
