package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// ACME says for which public name to obtain a certificate and from whom.
type ACME struct {
	Domain string
	Email  string // for the authority's warnings; may be empty
	CA     string // directory address; empty for Let's Encrypt
	Dir    string // where accounts, keys and certificates are kept
}

// ObtainCertificate starts to obtain and renew a certificate by ACME (RFC 8555) with the TLS-ALPN challenge (RFC 8737),
// which the authority puts to port 443 of the domain: the server must be reachable there. It returns at once; until there is
// a certificate handshakes fail, and the log says why. It goes on until the context ends. The returned function frees what
// it holds and is called after that.
func ObtainCertificate(ctx context.Context, a ACME, log *slog.Logger) (conf *tls.Config, stop func(), err error) {
	quiet := zap.NewNop() // what matters comes as events below
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
		Logger:           quiet,
	})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: a.Dir}, Logger: quiet,
		OnEvent: func(ctx context.Context, event string, data map[string]any) error {
			switch event {
			case "cert_obtained":
				log.InfoContext(ctx, "certificate obtained", "domain", a.Domain)
			case "cert_failed":
				log.ErrorContext(ctx, "no certificate obtained; trying again later", "domain", a.Domain, "error", data["error"])
			}
			return nil
		},
	})
	ca := a.CA
	if ca == "" {
		ca = certmagic.LetsEncryptProductionCA
	}
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: ca, Email: a.Email, Agreed: true, DisableHTTPChallenge: true, Logger: quiet,
	})}
	if err := magic.ManageAsync(ctx, []string{a.Domain}); err != nil {
		cache.Stop()
		return nil, nil, fmt.Errorf("obtain a certificate for %s: %w", a.Domain, err)
	}
	conf = magic.TLSConfig()
	conf.MinVersion = tls.VersionTLS12
	conf.NextProtos = append([]string{"h2", "http/1.1"}, conf.NextProtos...)
	return conf, cache.Stop, nil
}
