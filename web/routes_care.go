package web

import (
	"net/http"
	"time"

	"wince/care"
)

// onceID is said of everything that a client can give an id.
const onceID = "It may bring an `id`, a UUID of version 7 that the client makes: the same request with the same id makes one record and is answered with 200 the second time."

// wing narrows a list.
var wing = param{"wing", "only residents of this wing", ""}

func (s *Server) residentRoutes() []route {
	const get, post, put, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch
	return group("Residents",
		row(post, "/residents", care.ChangeResidents, s.addResident, doc{about: "Add a resident", more: onceID + " Without a `name` it is the given and family names.",
			takes: newResident{}, sample: `{"name": "Dora Elm", "room": "7", "birth_date": "1938-04-27", "sex": "female", "communication": "cannot_say", "consent": "given"}`,
			gives: care.Resident{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased, care.NotFound}}),
		row(get, "/residents", care.ReadResidents, s.listResidents, doc{about: "List the residents of one's sites",
			query: []param{{"external_id", "only the one whom the care platform knows by this", ""}, {"site_id", "only those of this site; of all of one's own where left out", ""}, wing}, gives: care.Resident{}, list: "residents", paged: true}),
		row(get, "/residents/:id", care.ReadResidents, s.getResident, doc{about: "Read a resident", more: "`consent` is consent to camera assessment as it stands now.", gives: care.Resident{}, tag: true,
			fails: []care.Code{care.Erased}}),
		row(patch, "/residents/:id", care.ChangeResidents, s.changeResident, doc{about: "Change a resident's particulars", takes: residentChange{}, sample: `{"room": "12"}`, gives: care.Resident{}, tag: true, match: true,
			fails: []care.Code{care.Conflict, care.Erased}}),
		row(put, "/residents/by-external-id/:external", care.ChangeResidents, s.upsertResident, doc{about: "Add or replace a resident by the care platform's id",
			more:  "The care platform is master: members that are left out are emptied. Sent again it changes nothing. `consent` counts for a new resident only. 201 where the resident is new.",
			takes: residentUpsert{}, sample: `{"given_name": "Dora", "family_name": "Elm", "room": "7"}`, gives: care.Resident{}, status: http.StatusCreated, again: true, tag: true,
			fails: []care.Code{care.Conflict, care.Erased}}),
		row(get, "/residents/:id/scores", care.ReadResidents, s.scores, doc{about: "List a resident's confirmed assessments in short", more: "The oldest first: what a trend is drawn from.",
			query: []param{{"since", "assessed then or later; the last year where left out", time.Time{}}}, gives: care.Scored{}, list: "scores", fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/erase", care.EraseIdentity, s.eraseResident, doc{about: "Erase a resident's identity for good",
			more: "Assessments stay and count; nobody can tell any more whose they are. It cannot be undone.", match: true, fails: []care.Code{care.Erased}}),
	)
}

func (s *Server) consentRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return group("Residents",
		row(get, "/residents/:id/consents", care.ReadResidents, s.listConsents, doc{about: "List decisions on consent", gives: care.ConsentRecord{}, list: "consents", paged: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/consents", care.ChangeConsent, s.addConsent, doc{about: "Record a decision on consent", more: "The newest of a purpose counts. " + onceID,
			takes: newConsent{}, needs: []string{"purpose", "decision", "given_by", "capacity"},
			sample: `{"purpose": "camera", "decision": "given", "given_by": "Tom Elm", "capacity": "attorney", "note": "at admission"}`,
			gives:  care.ConsentRecord{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(post, "/residents/:id/consents/:record/withdraw", care.ChangeConsent, s.withdrawConsent, doc{about: "Withdraw a consent", more: "A session with this resident that is running ends at once.",
			takes: withdrawal{}, needs: []string{"withdrawn_by"}, sample: `{"withdrawn_by": "Tom Elm"}`, gives: care.ConsentRecord{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.Erased, care.ClockBack}}),
		row(get, "/residents/:id/baselines", care.ReadResidents, s.listBaselines, doc{about: "List what a face measures at ease", gives: baselineView{}, list: "baselines", paged: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/baselines", care.ChangeBaselines, s.addBaseline, doc{about: "Keep what a face measures at ease",
			more:  "What a session took, by its `session_id` (see the capture's `purpose`), or values that another program measured. Numbers only, from which no picture can be made. It needs consent to the camera. " + onceID,
			takes: newBaseline{}, sample: `{"method": "blendshapes 1", "values": {"eye_open_r": 0.31}, "frames": 240, "chosen": true}`,
			gives: baselineView{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased, care.NoConsent, codeNotTaken, sessionClosed}}),
		row(post, "/residents/:id/baselines/:record/choose", care.ChangeBaselines, s.chooseBaseline, doc{about: "Choose the baseline to measure against",
			takes: struct{}{}, sample: `{}`, gives: baselineView{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(post, "/residents/:id/baselines/:record/retire", care.ChangeBaselines, s.retireBaseline, doc{about: "Take a baseline out of use",
			takes: retirement{}, needs: []string{"reason"}, sample: `{"reason": "her face has changed since the stroke"}`,
			gives: baselineView{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.Erased, care.ClockBack}}),
	)
}

func (s *Server) reliefRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	site := param{"site_id", "one's own where left out", ""}
	return group("Relief",
		row(get, "/residents/:id/reliefs", care.ReadRelief, s.listReliefs, doc{about: "List what was given", query: []param{{"since", "given then or later; the last month where left out", time.Time{}}},
			gives: care.Relief{}, list: "reliefs", paged: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/reliefs", care.AddRelief, s.addRelief, doc{about: "Record what was given", more: "At most a week back. It opens reassessments with the scale of the assessment before; another relief with the same scale takes over. " + onceID,
			takes: newRelief{}, sample: `{"assessment_id": "$assessment", "drug": {"text": "paracetamol", "dose": "500 mg by mouth"}, "measures": ["warmth"]}`,
			gives: reliefView{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(get, "/residents/:id/reliefs/:record", care.ReadRelief, s.getRelief, doc{about: "Read a relief and what came of it",
			more:  "Each follow-up has a state and, once it is done, the change with its 95 % interval: a difference within the scale's own uncertainty shows no change.",
			gives: reliefView{}, tag: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/reliefs/:record/entered-in-error", care.AddRelief, s.markReliefWrong, doc{about: "Mark a relief as entered in error", more: "It asks for nothing any more, and stays.",
			takes: struct{}{}, sample: `{}`, gives: reliefView{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(get, "/measures", care.ReadRelief, s.listMeasures, doc{about: "List the home's measures without a drug", query: []param{site}, gives: care.Measure{}, list: "measures", fails: []care.Code{care.Forbidden}}),
		row(put, "/measures/:id", care.ChangeRounds, s.putMeasure, doc{about: "Add or change a measure", query: []param{site}, takes: measureChange{}, needs: []string{"name"}, sample: `{"name": "Lavender"}`, gives: care.Measure{}, tag: true}),
		row(get, "/cadences", care.ReadRelief, s.cadences, doc{about: "Tell when each scale is asked for again after relief", more: "And how far a difference of its totals can be trusted, each with its source.", gives: care.CadenceFile{}}),
	)
}

func (s *Server) roundRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	ahead := param{"ahead_minutes", "how far ahead to look, at most a day; 120 where left out", 0}
	return group("Rounds",
		row(get, "/schedules", care.ReadRounds, s.listSchedules, doc{about: "List the schedules that go on",
			query: []param{{"resident_id", "only those that are for this resident", ""}, {"at", "those that went on then; now where left out", time.Time{}}}, gives: scheduleView{}, list: "schedules", paged: true}),
		row(post, "/schedules", care.ChangeRounds, s.addSchedule, doc{about: "Make a schedule",
			more:  "For one resident, or for all of a site. Clock times are those of the time zone, the site's where it is left out. Schedules are not edited: end one and make another. " + onceID,
			takes: newSchedule{}, needs: []string{"repeat"}, sample: `{"resident_id": "$resident", "scale": "painad", "repeat": {"every_days": 1, "at": ["08:00", "20:00"]}}`,
			gives: scheduleView{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased, care.NotFound}}),
		row(get, "/schedules/:id", care.ReadRounds, s.getSchedule, doc{about: "Read a schedule", gives: scheduleView{}, tag: true, cached: true}),
		row(post, "/schedules/:id/end", care.ChangeRounds, s.endSchedule, doc{about: "End a schedule now", takes: struct{}{}, sample: `{}`, gives: scheduleView{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.ClockBack}}),
		row(get, "/due", care.ReadRounds, s.due, doc{about: "List what is due in a site",
			more:  "A function of the records and the time and of nothing else. What was missed, done or excused is told for a day.",
			query: []param{{"site_id", "one's own where left out", ""}, wing, ahead}, gives: dueList{}}),
		row(get, "/residents/:id/due", care.ReadRounds, s.due, doc{id: "dueOfResident", about: "List what is due for a resident", query: []param{wing, ahead}, gives: dueList{}, fails: []care.Code{care.Erased}}),
		row(get, "/escalations", care.ReadRounds, s.listEscalations, doc{about: "List what was escalated",
			more:  "Once a minute the server escalates what is overdue to nurses and what was missed to managers, each once.",
			query: []param{{"since", "raised then or later; the last week where left out", time.Time{}}, {"open", "only those that nobody has acknowledged", false}, {"limit", "at most so many, to 1000; 100 where left out", 0}, {"cursor", "the `next` of the page before", ""}},
			gives: care.Escalation{}, list: "escalations"}),
		row(post, "/escalations/:id/acknowledge", care.AddEvents, s.acknowledge, doc{about: "Acknowledge an escalation", takes: struct{}{}, sample: `{}`, gives: care.Escalation{}, tag: true, fails: []care.Code{care.Conflict}}),
	)
}

func (s *Server) happeningRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return group("Rounds",
		row(get, "/residents/:id/pauses", care.ReadRounds, s.listPauses, doc{about: "List when nothing is due", gives: care.Pause{}, list: "pauses", paged: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/pauses", care.AddEvents, s.addPause, doc{about: "Pause what is due", more: "While a resident is in hospital or away. " + onceID,
			takes: newPause{}, needs: []string{"reason"}, sample: `{"reason": "hospital"}`, gives: care.Pause{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(post, "/residents/:id/pauses/:record/end", care.AddEvents, s.endPause, doc{about: "End a pause now", takes: struct{}{}, sample: `{}`, gives: care.Pause{}, tag: true, match: true,
			fails: []care.Code{care.Conflict, care.Erased, care.ClockBack}}),
		row(get, "/residents/:id/events", care.ReadRounds, s.listEvents, doc{about: "List what happened", gives: care.Event{}, list: "events", paged: true, fails: []care.Code{care.Erased}}),
		row(post, "/residents/:id/events", care.AddEvents, s.addEvent, doc{about: "Record what happened", more: "A fall or an admission that schedules wait for. Personal care may be planned two days ahead. " + onceID,
			takes: newEvent{}, needs: []string{"kind"}, sample: `{"kind": "fall"}`, gives: care.Event{}, status: http.StatusCreated, again: true, tag: true, fails: []care.Code{care.Conflict, care.Erased}}),
		row(post, "/residents/:id/events/:record/entered-in-error", care.AddEvents, s.markEventWrong, doc{about: "Mark an event as entered in error", takes: struct{}{}, sample: `{}`, gives: care.Event{}, tag: true, match: true,
			fails: []care.Code{care.Conflict, care.Erased}}),
	)
}

// homeRoutes is what runs a home's rounds and tablets beside the records: wings, enrolling by code, overviews, the server's state.
func (s *Server) homeRoutes() []route {
	const get = http.MethodGet
	return group("Staff, sites, tablets",
		row(get, "/sites/:id/wings", care.ReadSites, s.wings, doc{about: "List a site's wings", more: "The names that its residents' records use.", gives: care.Wing{}, list: "wings"}),
	)
}
