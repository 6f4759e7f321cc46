package fhir

import (
	"maps"
	"slices"
	"strconv"
	"strings"

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

// NewDevice returns the device of a set of models and rules. Its id is the set's.
func NewDevice(set pain.ModelSet) *Device {
	d := &Device{
		Base:       Base{ResourceType: "Device", ID: set.ID()},
		Status:     "active",
		DeviceName: []DeviceName{{Name: "Wince", Type: "user-friendly-name"}},
		Type:       concept("Software that measures facial action units", own("models")),
		Note:       []Annotation{{Text: "Not a cleared medical device. Its action units are a first estimate that is not validated on real pain."}},
	}
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		if set.Models[name] != "" {
			d.Version = append(d.Version, DeviceVersion{Type: text(name), Value: set.Models[name]})
		}
	}
	if set.Rules != "" {
		d.Version = append(d.Version, DeviceVersion{Type: text("rules"), Value: set.Rules})
	}
	var words []string
	for _, v := range d.Version {
		words = append(words, v.Type.Text+" "+v.Value)
	}
	d.Text = narrative("Wince, software that measures faces: "+strconv.Itoa(len(d.Version))+" parts. "+strings.Join(words, "; ")+".", notADevice)
	return d
}
