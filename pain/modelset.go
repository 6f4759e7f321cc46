package pain

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
)

// ModelSet is what made an observation: the networks with their versions and checksums, and the rules.
type ModelSet struct {
	Models map[string]string `json:"models"` // name -> version and checksum
	Rules  string            `json:"rules"`  // see [Rules]
}

// ModelSet returns what made the observation.
func (o *Observation) ModelSet() ModelSet { return ModelSet{o.Models, o.Rules} }

// ID names the set: 32 hexadecimal digits, the same for the same set everywhere.
func (m ModelSet) ID() string {
	h := sha256.New()
	add := func(s string) { h.Write([]byte(strconv.Itoa(len(s)) + ":" + s + ",")) } // a hash does not fail
	add(m.Rules)
	for _, name := range slices.Sorted(maps.Keys(m.Models)) {
		add(name)
		add(m.Models[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
