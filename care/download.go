package care

import "time"

// AssessmentPage asks for the next assessments of a site in the order of their times, for who reads all of them. Practice is never
// among them.
type AssessmentPage struct {
	SiteID       string
	Statuses     []Status
	Since, Until time.Time // assessed from Since on and before Until; zero for no limit
	After        Place     // the last one of the page before; zero for the first page
	Limit        int
}
