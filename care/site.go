package care

import "time"

// DefaultSite is the id of the site that every home starts with. Records made before there were sites belong to it.
const DefaultSite = "00000000-0000-7000-8000-000000000001"

// Site is one house of an organisation. Residents live in one, staff work in some, and nobody sees another's records.
type Site struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Zone      string    `json:"zone"` // IANA time zone, such as "Europe/Berlin": what "eight in the morning" means there
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
}

// Check tidies the texts and says which rule the site breaks, if any.
func (s *Site) Check() error {
	if err := tidy("name", &s.Name, maxName, true); err != nil {
		return err
	}
	if s.Zone == "" {
		s.Zone = "UTC"
	}
	// "Local" would mean the server's zone, which may change under the site's schedule.
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		return invalid("zone", `The zone must be a time zone's IANA name, such as "Europe/Berlin".`)
	}
	return nil
}

// Scope is the set of sites whose records somebody may see. The zero value is none.
type Scope struct {
	All   bool     // every site; Sites is not looked at
	Sites []string // site ids
}

// Has says whether a record of the site may be seen.
func (s Scope) Has(siteID string) bool {
	if s.All {
		return true
	}
	for _, id := range s.Sites {
		if id == siteID {
			return true
		}
	}
	return false
}

// Choose returns the site of a new record: the one asked for, or where none is, the only one of the scope; the default
// site where it is among several. A site outside the scope is as one that does not exist.
func (s Scope) Choose(asked string) (string, error) {
	switch {
	case asked != "" && s.Has(asked):
		return asked, nil
	case asked != "":
		return "", invalid("site_id", "There is no such site, or it is not one of yours.")
	case s.Has(DefaultSite):
		return DefaultSite, nil
	case len(s.Sites) == 1:
		return s.Sites[0], nil
	case len(s.Sites) == 0:
		return "", &Error{Code: Forbidden, Text: "You belong to no site yet: ask a manager to add you to one."}
	}
	return "", invalid("site_id", "You work in several sites: say which one this is for.")
}
