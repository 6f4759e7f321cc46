package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wince/care"
	"wince/web/hook"
)

// How long key sets that were fetched are used. SMART App Launch 2.2 has a set kept no longer than its Cache-Control says.
const (
	keysFresh   = 15 * time.Minute // where the address does not say
	maxFresh    = 24 * time.Hour   // whatever it says
	keysStale   = time.Hour        // beyond that, where the address fails and did not forbid it
	keysAgain   = time.Minute      // between fetches for a key that is not in the set, and after one that failed
	keysTimeout = 5 * time.Second  // of a fetch: a program waits for its token meanwhile

	maxServedSet  = 64 << 10 // bytes
	maxServedKeys = 100
	maxJWKSURI    = 1000
)

// errNoKeys is what programs are told where their keys cannot be fetched. The cause is for the log: it says what is in our network.
var errNoKeys = errors.New("the key set cannot be fetched")

// keySets fetches the public keys of programs that keep them at an address (RFC 7517), and remembers them. It reaches where webhooks may.
type keySets struct {
	rules  *hook.Rules
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
	mu     sync.Mutex
	of     map[string]*keySetAt // by the client's id
}

// keySetAt is what is known of one address. Whoever holds its lock may fetch: the others wait for what that brings.
type keySetAt struct {
	mu      sync.Mutex
	uri     string
	keys    jose.JSONWebKeySet
	has     bool
	until   time.Time     // fresh until then
	stale   time.Duration // and good for so long after it, where the address fails
	tried   time.Time     // the last fetch
	failure bool          // of that
}

func newKeySets(rules hook.Rules, now func() time.Time, log *slog.Logger) *keySets {
	if rules.Timeout == 0 || rules.Timeout > keysTimeout {
		rules.Timeout = keysTimeout
	}
	k := &keySets{rules: &rules, now: now, log: log, of: map[string]*keySetAt{}}
	k.client = k.rules.Client()
	return k
}

// check says whether keys may be fetched from an address, as far as the address alone tells.
func (k *keySets) check(uri string) error {
	bad := func(text string) error { return &care.Error{Code: care.Invalid, Field: "jwks_uri", Text: text} }
	u, err := url.Parse(uri)
	switch {
	case err != nil || len(uri) > maxJWKSURI || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return bad("jwks_uri must be an address such as https://platform.example/jwks.json: https, without a name, a password or a part after #.")
	case k.rules.URL(u) != nil:
		return bad("jwks_uri leads to an address that is not public. Whoever runs the server can allow it: webhooks.allow in the settings.")
	}
	return nil
}

// find returns the keys of a client that have a kid. The set is fetched anew where it is old, and where it has no such key, since the program may
// have a new one: that at most once a minute, whoever asks.
func (k *keySets) find(ctx context.Context, client *care.Client, kid string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	at := k.of[client.ID]
	if at == nil || at.uri != client.JWKSURI {
		at = &keySetAt{uri: client.JWKSURI}
		k.of[client.ID] = at
	}
	k.mu.Unlock()

	at.mu.Lock()
	defer at.mu.Unlock()
	now := k.now()
	rested := at.tried.IsZero() || now.Sub(at.tried) >= keysAgain || now.Before(at.tried) // a clock that was set back is no reason to wait
	old := !at.has || !now.Before(at.until) || now.Before(at.tried)
	if old && (rested || !at.failure) || rested && len(at.keys.Key(kid)) == 0 {
		k.refresh(ctx, client.ID, at, now)
	}
	if !at.has || !now.Before(at.until.Add(at.stale)) && at.failure {
		return nil, errNoKeys
	}
	return at.keys.Key(kid), nil
}

// refresh fetches a set. Where that fails, the last one stays. Nobody who hangs up ends it: the next would have to wait for it.
func (k *keySets) refresh(ctx context.Context, clientID string, at *keySetAt, now time.Time) {
	keys, fresh, stale, err := k.fetch(context.WithoutCancel(ctx), at.uri)
	at.tried, at.failure = now, err != nil
	if err != nil {
		k.log.WarnContext(ctx, "fetch a program's keys", "client", clientID, "error", err)
		return
	}
	at.keys, at.has, at.until, at.stale = keys, true, now.Add(fresh), stale
}

func (k *keySets) fetch(ctx context.Context, uri string) (keys jose.JSONWebKeySet, fresh, stale time.Duration, err error) {
	if err := k.check(uri); err != nil { // the settings may have changed since it was registered
		return keys, 0, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, http.NoBody)
	if err != nil {
		return keys, 0, 0, err
	}
	req.Close = true // the next time is a quarter of an hour away
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	req.Header.Set("User-Agent", "Wince")
	res, err := k.client.Do(req)
	if err != nil {
		return keys, 0, 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return keys, 0, 0, fmt.Errorf("the address answered %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxServedSet+1))
	if err != nil {
		return keys, 0, 0, err
	}
	if keys, err = servedKeys(body); err != nil {
		return keys, 0, 0, err
	}
	fresh, stale = keepFor(res.Header.Values("Cache-Control"))
	return keys, fresh, stale, nil
}

// servedKeys reads a set that a program serves. Other than in one that is registered, keys for other uses may stand in it: they are passed
// over. A secret key ends it, since then nobody's signature says anything.
func servedKeys(body []byte) (keys jose.JSONWebKeySet, err error) {
	if len(body) > maxServedSet {
		return keys, errors.New("the key set is larger than 64 KB")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) == 0 || len(set.Keys) > maxServedKeys {
		return keys, errors.New(`the answer is no key set such as {"keys":[...]} of one to 100 keys`)
	}
	for _, raw := range set.Keys {
		if secretKey(raw) {
			return keys, errors.New("the key set holds a private or shared key")
		}
		key, err := publicKey(raw)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(keys.Key(key.KeyID), func(o jose.JSONWebKey) bool { return o.Algorithm == key.Algorithm }) {
			return keys, errors.New("two keys of the set have the same kid")
		}
		keys.Keys = append(keys.Keys, *key)
	}
	if len(keys.Keys) == 0 {
		return keys, errors.New("the key set holds no key for RS384 or ES384 with a kid")
	}
	return keys, nil
}

// keepFor reads Cache-Control (RFC 9111, section 5.2.2; RFC 5861): how long a set is fresh, and how long after that it may be used where the
// address fails.
func keepFor(headers []string) (fresh, stale time.Duration) {
	fresh, stale = keysFresh, keysStale
	for _, h := range headers {
		for directive := range strings.SplitSeq(h, ",") {
			name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
			switch name {
			case "no-store", "no-cache":
				return 0, 0
			case "must-revalidate":
				stale = 0
			case "max-age":
				if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
					fresh = min(time.Duration(n)*time.Second, maxFresh)
				}
			}
		}
	}
	return fresh, stale
}
