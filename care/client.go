package care

import (
	"encoding/json"
	"slices"
	"time"
)

// ClientKind says how a connected program shows who it is.
type ClientKind string

// The kinds.
const (
	SMARTClient ClientKind = "smart_backend" // signs with its own key: SMART App Launch 2, "Backend Services"
	KeyClient   ClientKind = "api_key"       // shows a secret that it was given
)

// Client is a connected program, such as the care platform: a name for the trail, sites and scopes, and how it shows who it is. It
// has the role of an integration.
type Client struct {
	ID         string          `json:"id"` // its client_id
	Name       string          `json:"name"`
	Kind       ClientKind      `json:"kind"`
	AllSites   bool            `json:"all_sites"`
	Sites      []string        `json:"sites"`      // where all_sites is false
	Scopes     []string        `json:"scopes"`     // what it may be granted, such as "system/Patient.rs"
	JWKS       json.RawMessage `json:"jwks"`       // its public keys (RFC 7517), null where they are at jwks_uri
	JWKSURI    string          `json:"jwks_uri"`   // where its public keys are fetched
	Keys       []ClientKey     `json:"api_keys"`   // of a key client
	CreatedAt  time.Time       `json:"created_at"` //
	CreatedBy  string          `json:"created_by"` // a user's id
	UsedAt     *time.Time      `json:"used_at,omitempty"`
	DisabledAt *time.Time      `json:"disabled_at,omitempty"`
	Version    int             `json:"version"`
}

// ClientKey is an API key as it is shown after it was made: never the secret.
type ClientKey struct {
	ID        string     `json:"id"`
	Prefix    string     `json:"prefix"` // the first characters, to recognise it by
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// Longest lives of keys and tokens.
const (
	MaxClientKeyLife = 2 * 366 * 24 * time.Hour // somebody looks at each key every other year
	MaxClientKeys    = 10                       // of a client, not revoked: two are needed to change one for another
	ClientTokenLife  = 5 * time.Minute          // SMART recommends at most so long
)

// ClientAccess is a connected program that has shown who it is, with what it was granted.
type ClientAccess struct {
	Client Client
	Scopes SystemScopes
}

// Actor returns the client as the one who does something.
func (c *Client) Actor() Actor { return Actor{ID: c.ID, Name: c.Name} }

// Scope returns the sites whose records the client may see.
func (c *Client) Scope() Scope { return Scope{All: c.AllSites, Sites: c.Sites} }

// Check tidies the client and says which rule it breaks, if any. Whether the keys are keys is looked at where they are used.
func (c *Client) Check() error {
	if err := tidy("name", &c.Name, maxName, true); err != nil {
		return err
	}
	scopes, err := ParseScopes(c.Scopes)
	if err != nil {
		return err
	}
	if c.Scopes = scopes.Words(); len(c.Scopes) == 0 {
		return invalid("scopes", `Say what the program may do, such as "system/Patient.rs".`)
	}
	switch c.Kind {
	case SMARTClient:
		if (c.JWKS == nil) == (c.JWKSURI == "") {
			return invalid("jwks", "Give the program's public keys, as jwks, public_key_pem or jwks_uri: one of them.")
		}
	case KeyClient:
		if c.JWKS != nil || c.JWKSURI != "" {
			return invalid("jwks", "A program with an API key has no public keys: leave them out, or make it a smart_backend.")
		}
	default:
		return invalid("kind", `The kind must be "smart_backend" or "api_key".`)
	}
	if c.Sites == nil {
		c.Sites = []string{}
	}
	slices.Sort(c.Sites)
	c.Sites = slices.Compact(c.Sites)
	switch {
	case c.AllSites && len(c.Sites) > 0:
		return invalid("sites", "Say all_sites or which sites, not both.")
	case !c.AllSites && len(c.Sites) == 0:
		return invalid("sites", "Say whose records the program may see: sites, or all_sites.")
	}
	return nil
}

// Check says which rule a new key breaks, if any.
func (k *ClientKey) Check() error {
	if k.ExpiresAt.IsZero() {
		return invalid("expires_at", "Say when the key expires.")
	}
	k.ExpiresAt = Stamp(k.ExpiresAt)
	switch {
	case !k.ExpiresAt.After(k.CreatedAt):
		return invalid("expires_at", "The key must expire in the future.")
	case k.ExpiresAt.Sub(k.CreatedAt) > MaxClientKeyLife:
		return invalid("expires_at", "A key may last two years at most: make another before it expires.")
	}
	return nil
}

// ClientToken is a short-lived access token of a client that signed an assertion (RFC 7523).
type ClientToken struct {
	ClientID         string
	Hash             string   // of the token
	Scopes           []string // granted
	ExpiresAt        time.Time
	Assertion        string // hash of the assertion's jti: it counts once
	AssertionExpires time.Time
}
