package main

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wince.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The sample file has every key with its default value, neither more nor less.
func TestConfigSample(t *testing.T) {
	sample := filepath.Join("..", "..", "docs", "config.sample.yaml")
	got, err := loadConfig(sample, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := defaultConfig(); !reflect.DeepEqual(got, want) {
		t.Errorf("the sample says\n%+v\nthe defaults are\n%+v", got, want)
	}
	b, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	keys(reflect.TypeFor[config](), func(key string) {
		if !strings.Contains(string(b), key+":") {
			t.Errorf("the sample does not tell of %s", key)
		}
	})
}

func keys(t reflect.Type, each func(string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		each(f.Tag.Get("koanf"))
		if f.Type.Kind() == reflect.Struct {
			keys(f.Type, each)
		}
	}
}

func TestConfigOrder(t *testing.T) {
	path := writeConfig(t, "data: from-file\nlisten: \":1\"\nlogin: {life: 8h}\nadvertise: [192.0.2.1]\ntls: {acme: {domain: a.example}}\n")
	t.Setenv("WINCE_LISTEN", ":2")
	t.Setenv("WINCE_TLS_ACME_EMAIL", "it@example")
	t.Setenv("WINCE_HOSTS", "a.example, b.example")
	t.Setenv("WINCE_TOKEN", "read by simulate")
	t.Setenv("WINCE_STREAMS_MAX", "3")
	c := newServeCmd()
	if err := c.ParseFlags([]string{"--listen", ":3"}); err != nil {
		t.Fatal(err)
	}
	got, err := loadConfig(path, c.Flags())
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Data, want.Listen, want.Login.Life, want.Advertise = "from-file", ":3", 8*time.Hour, []string{"192.0.2.1"}
	want.TLS.ACME.Domain, want.TLS.ACME.Email, want.Hosts, want.Streams.Max = "a.example", "it@example", []string{"a.example", "b.example"}, 3
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestConfigRefusals(t *testing.T) {
	for name, c := range map[string]struct{ file, env, value, says string }{
		"unknown key":            {"datta: x", "", "", `"datta"`},
		"unknown nested key":     {"tls: {acme: {domian: x}}", "", "", `"tls.acme.domian"`},
		"unknown variable":       {"", "WINCE_DATTA", "x", "WINCE_DATTA"},
		"not YAML":               {"data: [", "", "", "not valid YAML"},
		"not a mapping":          {"- a\n- b", "", "", "not valid YAML"},
		"a word for a number":    {"streams: {max: many}", "", "", "max"},
		"a scalar for a section": {"tls: yes", "", "", "tls"},
		"no such mesh":           {"mesh: fine", "", "", "mesh"},
		"no such level":          {"log: {level: loud}", "", "", "log.level"},
		"no such format":         {"log: {format: xml}", "", "", "log.format"},
		"half a certificate":     {"tls: {cert: a.pem}", "", "", "tls.key"},
		"two certificates":       {"tls: {cert: a, key: b, acme: {domain: c}}", "", "", "exclude"},
		"ACME for nobody":        {"tls: {acme: {email: a@b}}", "", "", "tls.acme.domain"},
		"no port":                {"listen: localhost", "", "", "HOST:PORT"},
		"a name, no address":     {"advertise: [home.example]", "", "", "advertise"},
		"no folder":              {`data: ""`, "", "", "data"},
		"no patience":            {"login: {idle: 1s}", "", "", "login"},
		"a path, no origin":      {"origin: https://wince.example/page", "", "", "origin"},
		"an insecure origin":     {"origin: http://wince.example", "", "", "origin"},
		"a provider, no way":     {"login: {oidc: {issuer: https://id.example, client_id: wince}}", "", "", "origin"},
		"a client, no provider":  {"login: {oidc: {client_id: wince}}", "", "", "issuer"},
		"half a relay":           {"turn: {listen: \":5349\"}", "", "", "turn.listen"},
		"a relay without TLS":    {"turn: {listen: \":5349\", url: \"turn:a.example\"}", "", "", "turn.url"},
		"no collector":           {"tracing: {endpoint: collector}", "", "", "tracing.endpoint"},
		"more than everything":   {"tracing: {share: 2}", "", "", "tracing.share"},
		"no address of metrics":  {"admin: {listen: here}", "", "", "admin.listen"},
		"an endless drain":       {"drain: 1h", "", "", "drain"},
		"negative":               {"streams: {max: -1}", "", "", "streams.max"},
		"too fast":               {"streams: {rate: 1000}", "", "", "streams.rate"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			if _, err := loadConfig(writeConfig(t, c.file), nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something about %s", err, c.says)
			}
		})
	}
	if _, err := loadConfig(filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("no file: %v", err)
	}
}

// Behind NAT or in a container the machine's own addresses are of no use to a tablet: the link and the certificate name those
// in the settings.
func TestAddressesOfTheSettings(t *testing.T) {
	c := defaultConfig()
	c.Data, c.Hosts, c.Advertise = t.TempDir(), []string{"wince.example"}, []string{"203.0.113.7"}
	got := c.urls(&net.TCPAddr{IP: net.IPv6zero, Port: 8443})
	if want := []string{"https://wince.example:8443", "https://203.0.113.7:8443", "https://localhost:8443"}; len(got) < 3 || !slices.Equal(got[:3], want) {
		t.Errorf("addresses %v, want %v first", got, want)
	}
	conf, _, _, err := c.certificate(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := conf.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wince.example", "203.0.113.7", "localhost"} {
		if err := cert.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}
