package care

import "slices"

// BodySite is a place on the map of the body where something hurts or was seen.
type BodySite struct {
	Region string   `json:"region"`         // id of a region of BodyRegions
	View   string   `json:"view,omitempty"` // "front" or "back"; empty where it does not matter
	X      *float64 `json:"x,omitempty"`    // a point on that view, as shares of its width and height, 0-1
	Y      *float64 `json:"y,omitempty"`
}

// BodyRegion is one region of the map. Left and right are the resident's own.
type BodyRegion struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Views []string `json:"views"` // on which it can be seen
}

// BodyRegions returns the regions of the map, from head to foot.
func BodyRegions() []BodyRegion {
	front, back, both := []string{"front"}, []string{"back"}, []string{"front", "back"}
	list := []BodyRegion{
		{"head", "Head", both}, {"face", "Face", front}, {"mouth", "Mouth and teeth", front}, {"neck", "Neck", both},
		{"chest", "Chest", front}, {"upper_back", "Upper back", back}, {"abdomen", "Abdomen", front}, {"lower_back", "Lower back", back},
		{"groin", "Groin", front}, {"buttocks", "Buttocks and tail bone", back},
	}
	for _, r := range []struct{ id, label string }{
		{"shoulder", "shoulder"}, {"upper_arm", "upper arm"}, {"elbow", "elbow"}, {"forearm", "forearm"}, {"hand", "wrist and hand"},
		{"hip", "hip"}, {"thigh", "thigh"}, {"knee", "knee"}, {"lower_leg", "lower leg"}, {"foot", "ankle and foot"},
	} {
		list = append(list, BodyRegion{"left_" + r.id, "Left " + r.label, both}, BodyRegion{"right_" + r.id, "Right " + r.label, both})
	}
	return append(list, BodyRegion{"all_over", "All over", both}, BodyRegion{"unclear", "Cannot be said", both})
}

func checkBodySites(sites []BodySite) error {
	if len(sites) > 40 {
		return invalid("body_sites", "At most 40 places on the body's map.")
	}
	regions := BodyRegions()
	for _, s := range sites {
		i := slices.IndexFunc(regions, func(r BodyRegion) bool { return r.ID == s.Region })
		switch {
		case i < 0:
			return invalid("body_sites", "There is no such region on the body's map: see GET /body-regions.")
		case s.View != "" && !slices.Contains(regions[i].Views, s.View):
			return invalid("body_sites", `The view must be "front" or "back", and one on which the region is seen.`)
		case (s.X == nil) != (s.Y == nil) || s.X != nil && s.View == "":
			return invalid("body_sites", "A point on the map needs x, y and the view.")
		case s.X != nil && (*s.X < 0 || *s.X > 1 || *s.Y < 0 || *s.Y > 1):
			return invalid("body_sites", "x and y are shares of the map's width and height, from 0 to 1.")
		}
	}
	return nil
}
