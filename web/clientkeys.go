package web

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"wince/care"
)

// What SMART App Launch 2.2 asks every server to take, and all that ours takes.
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS384, jose.ES384}

const (
	maxJWKS    = 32 << 10 // bytes
	maxKeySet  = 10       // keys: several, so that one can be changed for another
	minRSABits = 2048     // RFC 7518, section 3.3
	maxRSABits = 8192     // more is slow to verify and no safer
)

func badKey(text string) error { return &care.Error{Code: care.Invalid, Field: "jwks", Text: text} }

// publicKeys reads a client's key set (RFC 7517) and writes it as it is kept: the public keys that can sign and nothing else.
func publicKeys(text []byte) (jose.JSONWebKeySet, json.RawMessage, error) {
	var none jose.JSONWebKeySet
	if len(text) > maxJWKS {
		return none, nil, badKey("The key set is larger than 32 KB: leave out what the program does not sign with.")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) == 0 {
		return none, nil, badKey(`The key set must look like {"keys":[...]} and hold a public key at least.`)
	}
	if len(set.Keys) > maxKeySet {
		return none, nil, badKey("The key set holds more than ten keys: leave out those that are not used any more.")
	}
	var keys jose.JSONWebKeySet
	for _, raw := range set.Keys {
		k, err := publicKey(raw)
		if err != nil {
			return none, nil, err
		}
		if len(keys.Key(k.KeyID)) > 0 {
			return none, nil, badKey("Two keys of the set have the same kid: give each its own.")
		}
		keys.Keys = append(keys.Keys, *k)
	}
	kept, err := json.Marshal(keys)
	if err != nil {
		return none, nil, badKey("The key set cannot be read: make it anew.")
	}
	return keys, kept, nil
}

// publicKey reads one key of a set and keeps of it what verifying needs.
func publicKey(raw json.RawMessage) (*jose.JSONWebKey, error) {
	if secretKey(raw) {
		return nil, badKey("The key set holds a private or shared key, which nobody but the program may know: make a new pair and send its public half only.")
	}
	var k jose.JSONWebKey
	if err := json.Unmarshal(raw, &k); err != nil || !k.Valid() {
		return nil, badKey("A key of the set is no RSA or EC public key: make it anew.")
	}
	if k.KeyID == "" || len(k.KeyID) > 200 {
		return nil, badKey("Each key needs a kid of at most 200 characters, which the program names in the head of what it signs.")
	}
	if k.Use != "" && k.Use != "sig" {
		return nil, badKey(`A key of the set is not for signing: its use must be "sig".`)
	}
	return keyToKeep(k.Key, k.KeyID, k.Algorithm)
}

// secretKey says whether a key of a set is one that nobody but its owner may know.
func secretKey(raw json.RawMessage) bool {
	var secret struct {
		D json.RawMessage `json:"d"`
		K json.RawMessage `json:"k"`
	}
	return json.Unmarshal(raw, &secret) == nil && (secret.D != nil || secret.K != nil)
}

// keyToKeep makes the entry of a public key, with the one algorithm that goes with it.
func keyToKeep(key any, kid, wanted string) (*jose.JSONWebKey, error) {
	var alg jose.SignatureAlgorithm
	switch key := key.(type) {
	case *rsa.PublicKey:
		alg = jose.RS384
		if n := key.N.BitLen(); n < minRSABits || n > maxRSABits {
			return nil, badKey("An RSA key must have 2048 to 8192 bits: make a new pair.")
		}
	case *ecdsa.PublicKey:
		alg = jose.ES384
		if key.Curve != elliptic.P384() {
			return nil, badKey("An EC key must be on the curve P-384, for ES384: make a new pair.")
		}
	default:
		return nil, badKey("A key must be RSA, for RS384, or EC on the curve P-384, for ES384.")
	}
	if wanted != "" && wanted != string(alg) {
		return nil, badKey("A key's alg must be RS384 or ES384, as goes with its kind.")
	}
	return &jose.JSONWebKey{Key: key, KeyID: kid, Use: "sig", Algorithm: string(alg)}, nil
}

// pemKeys makes a key set of public keys as openssl writes them. Each gets its thumbprint (RFC 7638) for a kid.
func pemKeys(text string) (json.RawMessage, error) {
	var keys jose.JSONWebKeySet
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE") {
			return nil, badKey("This is a private key, which nobody but the program may know: make a new pair and send its public half only.")
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if block.Type != "PUBLIC KEY" || err != nil {
			return nil, badKey("This is no public key as openssl pkey -pubout writes it.")
		}
		k, err := keyToKeep(key, "", "")
		if err != nil {
			return nil, err
		}
		thumb, err := k.Thumbprint(crypto.SHA256)
		if err != nil {
			return nil, badKey("The public key cannot be read: make a new pair.")
		}
		k.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
		keys.Keys = append(keys.Keys, *k)
	}
	if len(keys.Keys) == 0 || strings.TrimSpace(string(rest)) != "" {
		return nil, badKey(`public_key_pem must be what openssl pkey -pubout writes, beginning with "-----BEGIN PUBLIC KEY-----".`)
	}
	b, err := json.Marshal(keys)
	if err != nil {
		return nil, badKey("The public key cannot be read: make a new pair.")
	}
	_, kept, err := publicKeys(b)
	return kept, err
}
