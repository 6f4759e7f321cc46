package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"wince/vision"
	"wince/web"
	"wince/web/hook"
)

// config is all that the server can be told. docs/config.sample.yaml describes every member; a test compares the two.
type config struct {
	Data      string   `koanf:"data"`
	Database  string   `koanf:"database"`
	Listen    string   `koanf:"listen"`
	Models    string   `koanf:"models"`
	Mesh      string   `koanf:"mesh"`
	Hosts     []string `koanf:"hosts"`
	Advertise []string `koanf:"advertise"`
	Origin    string   `koanf:"origin"`
	FHIR      struct {
		IdentifierSystem string `koanf:"identifier_system"`
	} `koanf:"fhir"`
	Admin struct {
		Listen string `koanf:"listen"`
	} `koanf:"admin"`
	TURN struct {
		Listen string `koanf:"listen"`
		URL    string `koanf:"url"`
	} `koanf:"turn"`
	Tracing struct {
		Endpoint string  `koanf:"endpoint"`
		Share    float64 `koanf:"share"`
	} `koanf:"tracing"`
	Drain time.Duration `koanf:"drain"`
	Log   struct {
		Level  string `koanf:"level"`
		Format string `koanf:"format"`
	} `koanf:"log"`
	TLS struct {
		Cert string `koanf:"cert"`
		Key  string `koanf:"key"`
		ACME struct {
			Domain string `koanf:"domain"`
			Email  string `koanf:"email"`
			CA     string `koanf:"ca"`
		} `koanf:"acme"`
	} `koanf:"tls"`
	Login struct {
		Life    time.Duration `koanf:"life"`
		Idle    time.Duration `koanf:"idle"`
		PINIdle time.Duration `koanf:"pin_idle"`
		OIDC    struct {
			Issuer       string `koanf:"issuer"`
			ClientID     string `koanf:"client_id"`
			ClientSecret string `koanf:"client_secret"`
			Claim        string `koanf:"claim"`
		} `koanf:"oidc"`
	} `koanf:"login"`
	Requests struct {
		PerPerson  int `koanf:"per_person"`
		PerAddress int `koanf:"per_address"`
	} `koanf:"requests"`
	Streams struct {
		Max       int     `koanf:"max"`
		Rate      float64 `koanf:"rate"`
		TotalRate float64 `koanf:"total_rate"`
	} `koanf:"streams"`
	Webhooks struct {
		Allow     []string `koanf:"allow"`
		AllowHTTP bool     `koanf:"allow_http"`
		CA        string   `koanf:"ca"`
	} `koanf:"webhooks"`
}

// defaultConfig returns the settings that hold where nothing else is said.
func defaultConfig() config {
	var c config
	c.Data, c.Listen, c.Mesh = "data", ":8443", string(vision.PlainMesh)
	c.Hosts, c.Advertise = []string{}, []string{}
	c.Log.Level, c.Log.Format = "info", "text"
	c.Login.Life, c.Login.Idle, c.Login.PINIdle = 12*time.Hour, 2*time.Hour, 15*time.Minute
	c.Login.OIDC.Claim = "sub"
	c.Requests.PerPerson, c.Requests.PerAddress = 1200, 6000
	c.Streams.Rate = 30
	c.Drain, c.Tracing.Share = 15*time.Second, 0.1
	c.Webhooks.Allow = []string{}
	return c
}

// elsewhere are the environment variables that other commands read.
var elsewhere = []string{"WINCE_TOKEN"}

// loadConfig puts the settings together: defaults, then the file, the environment (WINCE_TLS_CERT for tls.cert) and the
// flags that were given. A key that does not exist is an error that names it.
func loadConfig(path string, flags *pflag.FlagSet) (config, error) {
	k := koanf.New(".")
	defaults := defaultConfig()
	if err := k.Load(structs.Provider(defaults, "koanf"), nil); err != nil {
		return config{}, fmt.Errorf("load defaults: %w", err)
	}
	known := k.Keys()
	if path != "" {
		f := koanf.New(".")
		if err := f.Load(file.Provider(path), yaml.Parser()); err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
				return config{}, fmt.Errorf("the configuration file cannot be read: %w", err)
			}
			return config{}, fmt.Errorf("the configuration file %s is not valid YAML: %w", path, err)
		}
		for _, key := range f.Keys() {
			if !slices.Contains(known, key) {
				return config{}, fmt.Errorf("the configuration file %s has an unknown key %q: correct or remove it; docs/config.sample.yaml lists the keys", path, key)
			}
		}
		if err := k.Merge(f); err != nil {
			return config{}, fmt.Errorf("load the configuration file: %w", err)
		}
	}
	if err := loadEnvironment(k, known); err != nil {
		return config{}, err
	}
	if flags != nil {
		given := posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
			if !f.Changed || !slices.Contains(known, f.Name) {
				return "", nil
			}
			return f.Name, posflag.FlagVal(flags, f)
		})
		if err := k.Load(given, nil); err != nil {
			return config{}, fmt.Errorf("load flags: %w", err)
		}
	}
	var c config
	if err := k.Unmarshal("", &c); err != nil {
		return config{}, fmt.Errorf("the configuration has a value of the wrong kind: %w", err)
	}
	return c, c.check()
}

func loadEnvironment(k *koanf.Koanf, known []string) error {
	keys := map[string]string{}
	for _, key := range known {
		keys["WINCE_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	unknown := ""
	p := env.ProviderWithValue("WINCE_", ".", func(name, value string) (string, any) {
		key, ok := keys[name]
		switch {
		case slices.Contains(elsewhere, name):
			return "", nil
		case !ok:
			unknown = name
			return "", nil
		case key == "hosts" || key == "advertise" || key == "webhooks.allow":
			return key, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
		return key, value
	})
	if err := k.Load(p, nil); err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	if unknown != "" {
		return fmt.Errorf("the environment variable %s is unknown: correct or unset it; docs/config.sample.yaml lists the settings", unknown)
	}
	return nil
}

// check says what is wrong with values that have the right kind.
func (c *config) check() error {
	var level slog.Level
	_, _, listen := net.SplitHostPort(c.Listen)
	_, _, admin := net.SplitHostPort(c.Admin.Listen)
	switch {
	case c.Data == "":
		return errors.New("data must name a folder")
	case listen != nil:
		return fmt.Errorf("listen is %q: give HOST:PORT or :PORT, such as :8443", c.Listen)
	case c.Admin.Listen != "" && admin != nil:
		return fmt.Errorf("admin.listen is %q: give HOST:PORT, such as 127.0.0.1:9443, or leave it empty", c.Admin.Listen)
	case c.Tracing.Endpoint != "" && !isHTTP(c.Tracing.Endpoint):
		return fmt.Errorf("tracing.endpoint is %q: give the address of an OpenTelemetry collector, such as http://127.0.0.1:4318/v1/traces", c.Tracing.Endpoint)
	case !(c.Tracing.Share >= 0 && c.Tracing.Share <= 1):
		return errors.New("tracing.share must lie between 0 and 1")
	case (c.TURN.Listen == "") != (c.TURN.URL == ""):
		return errors.New("turn.listen and turn.url go together: give both or neither")
	case c.TURN.URL != "" && !strings.HasPrefix(c.TURN.URL, "turns:"):
		return fmt.Errorf("turn.url is %q: give the address by which tablets reach turn.listen, such as turns:wince.example:5349?transport=tcp", c.TURN.URL)
	case c.Drain < 0 || c.Drain > 10*time.Minute:
		return errors.New("drain must lie between 0 and 10m")
	case !vision.MeshKind(c.Mesh).Valid():
		return fmt.Errorf("mesh is %q: choose plain or attention", c.Mesh)
	case level.UnmarshalText([]byte(c.Log.Level)) != nil:
		return fmt.Errorf("log.level is %q: choose debug, info, warn or error", c.Log.Level)
	case c.Log.Format != "text" && c.Log.Format != "json":
		return fmt.Errorf("log.format is %q: choose text or json", c.Log.Format)
	case (c.TLS.Cert == "") != (c.TLS.Key == ""):
		return errors.New("tls.cert and tls.key go together: give both files or neither")
	case c.TLS.Cert != "" && c.TLS.ACME.Domain != "":
		return errors.New("tls.cert and tls.acme.domain exclude each other: keep one of them")
	case c.TLS.ACME.Domain == "" && c.TLS.ACME.Email+c.TLS.ACME.CA != "":
		return errors.New("tls.acme needs a domain: add tls.acme.domain, or remove tls.acme")
	case c.Login.Life < time.Minute || c.Login.Idle < time.Minute || c.Login.PINIdle < time.Minute:
		return errors.New("login.life, login.idle and login.pin_idle must be at least 1m")
	case c.Origin != "" && !isOrigin(c.Origin):
		return fmt.Errorf("origin is %q: give the address that tablets open, such as https://wince.example:8443, without a path", c.Origin)
	case c.FHIR.IdentifierSystem != "" && (!strings.Contains(c.FHIR.IdentifierSystem, ":") || strings.ContainsAny(c.FHIR.IdentifierSystem, " |,\\")):
		return fmt.Errorf("fhir.identifier_system is %q: give the URI that the care platform names its ids of residents by, such as https://platform.example/residents", c.FHIR.IdentifierSystem)
	case c.Login.OIDC.Issuer != "" && (c.Login.OIDC.ClientID == "" || c.Login.OIDC.Claim == "" || c.origin() == ""):
		return errors.New("login.oidc needs issuer, client_id, claim and the server's own origin: add what is missing")
	case c.Login.OIDC.Issuer == "" && c.Login.OIDC.ClientID+c.Login.OIDC.ClientSecret != "":
		return errors.New("login.oidc needs an issuer: add login.oidc.issuer, or remove login.oidc")
	case c.Requests.PerPerson < 0 || c.Requests.PerAddress < 0:
		return errors.New("requests.per_person and requests.per_address must not be negative; 0 sets no limit")
	case c.Streams.Max < 0 || c.Streams.TotalRate < 0:
		return errors.New("streams.max and streams.total_rate must not be negative")
	case c.Streams.Rate < 1 || c.Streams.Rate > 60:
		return errors.New("streams.rate must lie between 1 and 60 pictures a second")
	}
	for _, a := range c.Advertise {
		if net.ParseIP(a) == nil {
			return fmt.Errorf("advertise has %q: give IP addresses at which tablets reach this machine", a)
		}
	}
	if _, err := hook.ParseRules(c.Webhooks.Allow); err != nil {
		return fmt.Errorf("webhooks.allow: %w", err)
	}
	return nil
}

// webhooks returns where webhooks may go.
func (c *config) webhooks() (hook.Rules, error) {
	r, err := hook.ParseRules(c.Webhooks.Allow)
	if err != nil {
		return r, err
	}
	r.Plain = c.Webhooks.AllowHTTP
	if c.Webhooks.CA == "" {
		return r, nil
	}
	pem, err := os.ReadFile(c.Webhooks.CA)
	if err != nil {
		return r, fmt.Errorf("webhooks.ca cannot be read: %w", err)
	}
	if r.Roots, err = x509.SystemCertPool(); err != nil {
		return r, fmt.Errorf("read the system's certificates: %w", err)
	}
	if !r.Roots.AppendCertsFromPEM(pem) {
		return r, fmt.Errorf("webhooks.ca: %s has no certificate in PEM form", c.Webhooks.CA)
	}
	return r, nil
}

// isOrigin says whether s is what browsers call an origin (RFC 6454), of a secure page.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && s == u.Scheme+"://"+u.Host
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// origin returns the address that tablets open, empty where nobody has said it.
func (c *config) origin() string {
	if c.Origin == "" && c.TLS.ACME.Domain != "" {
		return "https://" + c.TLS.ACME.Domain
	}
	return c.Origin
}

// provider returns the home's identity provider, nil where there is none.
func (c *config) provider() *web.Provider {
	o := c.Login.OIDC
	if o.Issuer == "" {
		return nil
	}
	return &web.Provider{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Claim: o.Claim}
}

// totalRate returns how many pictures a second the machine is trusted with: as told, or as measured.
func (c *config) totalRate(measured float64) float64 {
	if c.Streams.TotalRate > 0 {
		return c.Streams.TotalRate
	}
	return measured
}

// maxStreams returns how many tablets may publish at once: as many as still get ten pictures a second.
func (c *config) maxStreams(measured float64) int {
	if c.Streams.Max > 0 {
		return c.Streams.Max
	}
	return max(1, int(c.totalRate(measured)/10))
}

func (c *config) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		level = slog.LevelInfo // check has refused it before
	}
	opt := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opt))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opt))
}
