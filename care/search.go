package care

import "time"

// TimeRange is a span of time: from From on and before To, each open where it is zero; or with Not what is outside it.
type TimeRange struct {
	From, To time.Time
	Not      bool
}

// Has says whether a moment lies in the range.
func (r TimeRange) Has(t time.Time) bool {
	in := (r.From.IsZero() || !t.Before(r.From)) && (r.To.IsZero() || t.Before(r.To))
	return in != r.Not
}

// Times are conditions on a time: all of them hold, each where one of its ranges has the time.
type Times [][]TimeRange

// Has says whether a moment meets all the conditions.
func (all Times) Has(t time.Time) bool {
	for _, any := range all {
		ok := false
		for _, r := range any {
			ok = ok || r.Has(t)
		}
		if !ok {
			return false
		}
	}
	return true
}

// Place is where a page of an ordered list ends: the last record's time and id. Records that are added meanwhile move no page.
type Place struct {
	At time.Time
	ID string
}

// AssessmentSearch says which assessments of care to list, in which order and from where on. What is empty does not restrict.
type AssessmentSearch struct {
	Scope     Scope
	IDs       []string // these
	Residents []string // of these residents
	Assessed  Times    // when they were made
	Changed   Times    // when they were last changed
	Statuses  []Status
	Scales    []string // ids of the scale that is filled in
	Scaled    bool     // only where a scale is filled in
	Observed  bool     // only where a camera looked
	ByChange  bool     // in order of the last change, not of when they were made
	Newest    bool     // the latest first
	After     *Place   // after this one; nil for the first page
	Limit     int      // at most so many
}

// RecordSearch says which records of residents to list, in which order and from where on. What is empty does not restrict.
type RecordSearch struct {
	Scope     Scope
	IDs       []string
	Residents []string
	At        Times  // the record's time
	Changed   Times  // its last change
	Newest    bool   // the latest first
	After     *Place // after this one; nil for the first page
	Limit     int    // at most so many
}

// AuditSearch says which events of the trail to list.
type AuditSearch struct {
	IDs      []string
	Entities []string // ids of the records
	At       Times
	Newest   bool
	After    int64 // place in the chain after which to go on; 0 for the first page
	Limit    int   // at most so many
}
