// Package hook has what telling other servers of changes needs of the network: the signature that says who sent a message, a client
// that reaches only where it may, and the times of trying again. It knows no records.
package hook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of the Standard Webhooks specification, version 1.0.0 (https://www.standardwebhooks.com): which message, when it was
// sent, and signatures of both with the body, one for each secret in force.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// secretMark begins a secret, as the specification has it.
const secretMark = "whsec_"

// NewSecret returns a new secret: 32 bytes from the system's generator; the specification asks for 24 to 64.
func NewSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand stops the program instead
	return secretMark + base64.StdEncoding.EncodeToString(b)
}

// Sign sets a message's three headers. A secret is what NewSecret returned.
func Sign(h http.Header, secrets []string, id string, at time.Time, body []byte) error {
	stamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretMark))
		if err != nil || len(key) == 0 {
			return errors.New("sign a webhook: the secret is not one of ours")
		}
		m := hmac.New(sha256.New, key)
		m.Write([]byte(id + "." + stamp + "."))
		m.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, stamp)
	h.Set(HeaderSignature, strings.Join(signatures, " "))
	return nil
}
