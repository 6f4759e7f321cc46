package fhir

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wince/care"
	"wince/pain"
)

// Device is what measured: one set of models and rules.
type Device struct {
	Base
	Status     string           `json:"status,omitempty"`
	DeviceName []DeviceName     `json:"deviceName,omitempty"`
	Type       *CodeableConcept `json:"type,omitempty"`
	Version    []DeviceVersion  `json:"version,omitempty"`
	Note       []Annotation     `json:"note,omitempty"`
}

// DeviceName is a name of a device.
type DeviceName struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// DeviceVersion is the version of a part of a device.
type DeviceVersion struct {
	Type  *CodeableConcept `json:"type,omitempty"`
	Value string           `json:"value"`
}

// DeviceID names the set of models and rules that made an observation: the same for the same set everywhere.
func DeviceID(o *pain.Observation) string { return deviceID(o.Models, o.Rules) }

func deviceID(models map[string]string, rules string) string {
	parts := []string{rules}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		parts = append(parts, name, models[name])
	}
	sum := sha256.Sum256([]byte(care.Netstrings(parts...)))
	return hex.EncodeToString(sum[:16])
}

// NewDevice returns the device of a set of models and rules.
func NewDevice(models map[string]string, rules string) *Device {
	d := &Device{
		Base:       Base{ResourceType: "Device", ID: deviceID(models, rules)},
		Status:     "active",
		DeviceName: []DeviceName{{Name: "Wince", Type: "user-friendly-name"}},
		Type:       concept("Software that measures facial action units", own("models")),
		Note:       []Annotation{{Text: "Not a cleared medical device. Its action units are a first estimate that is not validated on real pain."}},
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if models[name] != "" {
			d.Version = append(d.Version, DeviceVersion{Type: text(name), Value: models[name]})
		}
	}
	if rules != "" {
		d.Version = append(d.Version, DeviceVersion{Type: text("rules"), Value: rules})
	}
	var words []string
	for _, v := range d.Version {
		words = append(words, v.Type.Text+" "+v.Value)
	}
	d.Text = narrative("Wince, software that measures faces: "+strconv.Itoa(len(d.Version))+" parts. "+strings.Join(words, "; ")+".", notADevice)
	return d
}
