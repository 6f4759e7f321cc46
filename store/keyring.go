package store

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"wince/care"
)

// KeyFileName is the name, in the data folder, of the file with the keys that personal texts are sealed with.
const KeyFileName = "key"

// sealMark begins every sealed text: the mark, the id of its key, the ciphertext in base64url.
const sealMark = "s1."

// key seals texts and computes keyed hashes.
type key struct {
	id   string
	aead tink.AEAD
	prf  *prf.Set
}

// keptKey is a key in its file: two keysets of Tink, in Tink's own JSON.
type keptKey struct {
	ID   string          `json:"id"`
	AEAD json.RawMessage `json:"aead"` // XChaCha20-Poly1305: its random nonces are long enough for any number of texts
	PRF  json.RawMessage `json:"prf"`  // HMAC-SHA256
}

type keyFile struct {
	Keys []keptKey `json:"keys"` // oldest first
}

// keyring holds the keys of the key file. What is written is sealed with the current one; older ones open what was sealed
// before, and old backups.
type keyring struct {
	path    string
	mu      sync.RWMutex
	keys    map[string]*key
	last    string // the newest key in the file
	current *key
}

// load reads the key file. A file that is missing is not an error: the ring is empty then.
func (r *keyring) load() error {
	b, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return r.refuse(err)
	}
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil {
		return r.refuse(err)
	}
	keys, last := map[string]*key{}, ""
	for _, k := range f.Keys {
		if keys[k.ID], err = openKey(k); err != nil {
			return r.refuse(err)
		}
		last = k.ID
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.last = keys, last
	return nil
}

func (r *keyring) refuse(err error) error {
	return &care.Error{Code: care.Storage, Err: err, Text: "The key file " + r.path + " cannot be read: make it readable for this user, or put back its copy."}
}

// find returns the key of an id; it looks into the file again where it does not know one, because a key may have been added
// while this program runs.
func (r *keyring) find(id string) (*key, error) {
	r.mu.RLock()
	k := r.keys[id]
	r.mu.RUnlock()
	if k != nil {
		return k, nil
	}
	if err := r.load(); err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k = r.keys[id]; k == nil {
		return nil, &care.Error{Code: care.Storage, Text: "The key file " + r.path + " does not hold the key " + id + " that this database was sealed with: put back the key file that belongs to it."}
	}
	return k, nil
}

// use makes the key of an id the current one.
func (r *keyring) use(id string) error {
	r.mu.RLock()
	same := r.current != nil && r.current.id == id
	r.mu.RUnlock()
	if same {
		return nil
	}
	k, err := r.find(id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = k
	return nil
}

func (r *keyring) now() *key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current
}

// newest returns the id of the newest key in the file, and makes the first where there is none.
func (r *keyring) newest() (string, error) {
	if err := r.load(); err != nil {
		return "", err
	}
	if r.last != "" {
		return r.last, nil
	}
	k, err := makeKey()
	if err != nil {
		return "", err
	}
	if err := r.write(keyFile{Keys: []keptKey{k}}, false); err != nil {
		return "", err
	}
	err = r.load()
	return r.last, err
}

// add makes another key and keeps it in the file; it is not yet the current one.
func (r *keyring) add() (string, error) {
	k, err := makeKey()
	if err != nil {
		return "", err
	}
	err = r.edit(func(f *keyFile) { f.Keys = append(f.Keys, k) })
	return k.ID, err
}

// keepOnly forgets all keys but one.
func (r *keyring) keepOnly(id string) error {
	return r.edit(func(f *keyFile) {
		for _, k := range f.Keys {
			if k.ID == id {
				f.Keys = []keptKey{k}
				return
			}
		}
	})
}

func (r *keyring) edit(do func(*keyFile)) error {
	b, err := os.ReadFile(r.path)
	if err != nil {
		return r.refuse(err)
	}
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil {
		return r.refuse(err)
	}
	do(&f)
	if err := r.write(f, true); err != nil {
		return err
	}
	return r.load()
}

// write puts the file on the disk before it gets its name, so that a power cut leaves the old one or the new one. Without
// replace a file that is there already stays.
func (r *keyring) write(f keyFile, replace bool) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	dir := filepath.Dir(r.path)
	tmp, err := os.CreateTemp(dir, ".key-*") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	if replace {
		err = os.Rename(tmp.Name(), r.path)
	} else if err = os.Link(tmp.Name(), r.path); errors.Is(err, fs.ErrExist) {
		err = nil // another program that starts now made it
	}
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func makeKey() (keptKey, error) {
	id := make([]byte, 6)
	rand.Read(id) // never fails: crypto/rand stops the program instead
	k := keptKey{ID: hex.EncodeToString(id)}
	var err error
	if k.AEAD, err = makeKeyset(aead.XChaCha20Poly1305KeyTemplate()); err != nil {
		return k, err
	}
	k.PRF, err = makeKeyset(prf.HMACSHA256PRFKeyTemplate())
	return k, err
}

func makeKeyset(t *tinkpb.KeyTemplate) (json.RawMessage, error) {
	h, err := keyset.NewHandle(t)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	var b bytes.Buffer
	// In the clear, because the file is the secret: its protection is its rights, as with the TLS key beside it.
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return b.Bytes(), nil
}

func openKey(k keptKey) (*key, error) {
	a, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(k.AEAD)))
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", k.ID, err)
	}
	p, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(k.PRF)))
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", k.ID, err)
	}
	out := &key{id: k.ID}
	if out.aead, err = aead.New(a); err != nil {
		return nil, fmt.Errorf("read key %s: %w", k.ID, err)
	}
	if out.prf, err = prf.NewPRFSet(p); err != nil {
		return nil, fmt.Errorf("read key %s: %w", k.ID, err)
	}
	return out, nil
}

// seal encrypts a text for one place, the column and row where it belongs: moved elsewhere it does not open. The empty text
// stays empty.
func (k *key) seal(place, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	c, err := k.aead.Encrypt([]byte(text), []byte(place))
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", place, err)
	}
	return sealMark + k.id + "." + base64.RawURLEncoding.EncodeToString(c), nil
}

// hash returns a keyed hash of a text, 64 hexadecimal digits; purpose keeps hashes for one purpose apart from another's.
func (k *key) hash(purpose, text string) (string, error) {
	b, err := k.prf.ComputePrimaryPRF([]byte(purpose+"\x00"+text), 32)
	if err != nil {
		return "", fmt.Errorf("hash for %s: %w", purpose, err)
	}
	return hex.EncodeToString(b), nil
}

// open decrypts what seal made for the same place.
func (r *keyring) open(place, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	rest, ok := strings.CutPrefix(sealed, sealMark)
	id, text, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return "", fmt.Errorf("open %s: the text is not sealed", place)
	}
	k, err := r.find(id)
	if err != nil {
		return "", err
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		b, err = k.aead.Decrypt(b, []byte(place))
	}
	if err != nil {
		return "", fmt.Errorf("open %s: %w", place, err)
	}
	return string(b), nil
}
