package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"wince/care"
	"wince/web/hook"
)

const delivered = "delivered"

// attempt sends a request and says how it went, and how long the receiver asks to be left alone. Its error is the server's own failure, or that it
// stops.
func (k *courier) attempt(ctx context.Context, w *care.Webhook, id, event string, n *notification) (*care.DeliveryAttempt, time.Duration, error) {
	at := k.s.opt.Now()
	a := &care.DeliveryAttempt{ID: care.NewID(), Message: id, At: care.Stamp(at), Event: event, Attempt: 1}
	secrets, err := k.s.opt.Store.WebhookSecrets(ctx, w.ID, at)
	if err != nil {
		return nil, 0, err
	}
	req, err := k.request(ctx, w, n)
	if err == nil {
		err = hook.Sign(req.Header, secrets, id, at, n.body)
	}
	if err != nil {
		a.Outcome = "the request could not be made: look at the URL"
		if errors.Is(err, hook.ErrAddress) || errors.Is(err, hook.ErrMetadata) || errors.Is(err, hook.ErrPlain) {
			a.Outcome = err.Error()
		}
		return a, 0, nil
	}
	begun := time.Now()
	res, err := k.client.Do(req)
	a.TookMS = time.Since(begun).Milliseconds()
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		a.Outcome = outcomeOf(err)
		return a, 0, nil
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxResponse) // what the receiver says is of no interest
	a.Status = res.StatusCode
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		a.Outcome = delivered
		return a, 0, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		a.Outcome = "the receiver sent us elsewhere, which is not followed: change the URL"
		return a, 0, nil
	}
	a.Outcome = "the receiver answered " + res.Status[:min(3, len(res.Status))]
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		return a, hook.RetryAfter(res.Header, at), nil
	}
	return a, 0, nil
}

func (k *courier) request(ctx context.Context, w *care.Webhook, n *notification) (*http.Request, error) {
	method, address := n.method, n.url
	if method == "" {
		method = http.MethodPost
	}
	if address == "" {
		address = w.URL
	}
	u, err := url.Parse(address)
	if err == nil {
		err = k.rules.URL(u)
	}
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(n.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Wince")
	// The same message twice does no harm, so that the client may try again when a connection that it kept turns out closed. Nothing is
	// sent for a header without a value.
	req.Header["Idempotency-Key"] = nil
	if n.contentType != "" {
		req.Header.Set("Content-Type", n.contentType)
	}
	for _, h := range w.Headers {
		name, value, _ := cutHeader(h)
		req.Header.Set(name, value)
	}
	return req, nil
}

// outcomeOf says in words what went wrong on the way.
func outcomeOf(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, hook.ErrAddress), errors.Is(err, hook.ErrMetadata):
		if errors.Is(err, hook.ErrMetadata) {
			return hook.ErrMetadata.Error()
		}
		return hook.ErrAddress.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the receiver did not answer in time"
	case errors.As(err, &dns):
		return "the receiver's name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at the receiver's port"
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &verify):
		return "the receiver's certificate is not trusted, too old or for another name"
	}
	return "no connection to the receiver"
}
