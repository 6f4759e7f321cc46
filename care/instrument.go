package care

import (
	"slices"

	"wince/pain"
)

// Instrument says how a site uses the pain scales. Where nothing was chosen it uses those that come with Wince, and not blind.
type Instrument struct {
	SiteID  string     `json:"site_id"`
	Blind   bool       `json:"blind"`   // carers rate the camera's items before they see what it proposes
	Off     []string   `json:"off"`     // ids of scales that are switched off; they stay readable
	Own     []pain.Ref `json:"own"`     // the home's own scales, in the version that is in use; one of a built-in's id replaces it
	Version int        `json:"version"` // 0 while nothing was chosen; the entity tag
}

// maxOwn is how many scales of its own a site can have.
const maxOwn = 50

// Adopt puts a definition of the home's own into use.
func (n *Instrument) Adopt(ref pain.Ref) error {
	n.Own = slices.DeleteFunc(n.Own, func(r pain.Ref) bool { return r.ID == ref.ID })
	if len(n.Own) >= maxOwn {
		return invalid("definition", "A site has at most 50 scales of its own: switch one off and replace it.")
	}
	n.Own = append(n.Own, ref)
	n.Off = slices.DeleteFunc(n.Off, func(id string) bool { return id == ref.ID })
	return nil
}

// SwitchOff sets which of the known scales are off. At least one stays on.
func (n *Instrument) SwitchOff(ids, known []string) error {
	off := []string{}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return invalid("off", "There is no such scale here: see GET /scales.")
		}
		if !slices.Contains(off, id) {
			off = append(off, id)
		}
	}
	if len(off) == len(known) {
		return invalid("off", "At least one scale must stay on.")
	}
	n.Off = off
	return nil
}
