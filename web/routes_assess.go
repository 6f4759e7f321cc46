package web

import (
	"net/http"
	"time"

	"wince/care"
	"wince/pain"
	"wince/stream"
)

// Live sessions end, and then answer so.
const (
	sessionClosed  = care.Code(stream.CodeSessionClosed)
	captureRunning = care.Code(stream.CodeCaptureRunning)
)

func (s *Server) sessionRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return group("Live sessions",
		row(post, "/sessions", care.UseCamera, s.openSession, doc{about: "Open a live session",
			more:  "With a resident, who consented to camera assessment, or for practice without one. The condition is never left out: pain is seen more often in movement.",
			takes: newSession{}, needs: []string{"condition"}, sample: `{"resident_id": "$resident", "condition": "rest"}`, gives: sessionView{}, status: http.StatusCreated,
			fails: []care.Code{care.NoConsent, care.Erased, care.NotFound, care.Code(stream.CodeAtCapacity), care.Code(stream.CodeSessionExists)}}),
		row(get, "/sessions", care.UseCamera, s.listSessions, doc{about: "List one's own running sessions", more: "To go on with them, or end them, after the page was loaded again or one had to sign in again: a session outlives the sign-in that opened it.",
			query: []param{{"mine", "true, or left out", true}}, gives: sessionView{}, list: "sessions"}),
		row(get, "/sessions/:id", care.UseCamera, s.getSession, doc{about: "Read a session", unheld: true, gives: sessionView{}}),
		row(del, "/sessions/:id", care.UseCamera, s.endSession, doc{about: "End a session", unheld: true}),
		row(post, "/sessions/:id/whip", care.UseCamera, s.publish, doc{about: "Send video (WHIP, RFC 9725)", unheld: true,
			more:  "An SDP offer with one video track in VP8, VP9 or H.264, at most 64 KB; the answer has all candidates. `Location` is the connection: PATCH it to change it, DELETE it to stop. `Link` names TURN servers, where there are any. A data channel called `results` in the offer brings live events.",
			takes: media(sdp), sample: "$offer", gives: media(sdp), status: http.StatusCreated, tag: true,
			fails: []care.Code{sessionClosed, care.NoConsent, care.Erased, care.Code(stream.CodeOfferTooLarge), care.Code(stream.CodeOfferUnreadable), care.Code(stream.CodeOfferNoVideo),
				care.Code(stream.CodeOfferCodec), care.Code(stream.CodeOfferDirection), care.Code(stream.CodeStreamConflict), care.Code(stream.CodeAtCapacity)}}),
		row(http.MethodOptions, "/sessions/:id/whip", care.UseCamera, s.publishOptions, doc{about: "Ask what WHIP takes here", unheld: true}),
		row(http.MethodPatch, "/sessions/:id/whip/:peer", care.UseCamera, s.patchPublished, doc{about: "Change the video connection (WHIP)", unheld: true,
			more:  "A fragment of SDP (RFC 8840). With the connection's ETag as If-Match: further candidates, which are answered with 204. With other credentials and `*`: a restart, answered with the server's own fragment, after which the same stream and observation go on.",
			takes: media(sdpFrag), sample: "$restart", gives: media(sdpFrag), quiet: true, tag: true, sends: []string{"-H 'If-Match: *'"},
			fails: []care.Code{sessionClosed, codeIfMatch, care.NoConsent, care.Erased, care.Code(stream.CodePeerUnknown), care.Code(stream.CodeFragment), care.Code(stream.CodeICEOutdated)}}),
		row(del, "/sessions/:id/whip/:peer", care.UseCamera, s.unpublish, doc{about: "Stop the video", unheld: true, status: http.StatusOK, fails: []care.Code{sessionClosed, care.Code(stream.CodePeerUnknown)}}),
		row(get, "/sessions/:id/events", care.UseCamera, s.events, doc{about: "Follow live events", unheld: true,
			more:  "Server-sent events, a JSON text each: `frame`, `observation`, `notice` and `end`; see the guide. After an `end` the stream is over; after anything else connect again.",
			gives: media("text/event-stream"), fails: []care.Code{sessionClosed}, sends: []string{"-N", "--max-time 2"}}),
		row(post, "/sessions/:id/capture", care.UseCamera, s.capture, doc{about: "Begin an observation, or take a baseline", unheld: true, takes: newCapture{}, sample: `{"seconds": 10}`, gives: captureView{}, status: http.StatusAccepted,
			fails: []care.Code{sessionClosed, captureRunning, care.Code(stream.CodeCaptureLength), care.Code(stream.CodeNoStream), care.Code(stream.CodeBaselineLate), care.NoConsent, care.Erased}}),
		row(get, "/sessions/:id/observation", care.UseCamera, s.observation, doc{about: "Read the last observation", unheld: true, more: "Preliminary, until a person has confirmed an assessment of it.", gives: pain.Observation{},
			fails: []care.Code{sessionClosed, codeNotObserved, care.RateFirst}}),
	)
}

func (s *Server) assessmentRoutes() []route {
	const get, post, patch = http.MethodGet, http.MethodPost, http.MethodPatch
	change := func(about, more, sample string, omits, needs []string, fails ...care.Code) doc {
		return doc{about: about, more: more, takes: changeBody{}, omits: omits, needs: needs, sample: sample, gives: care.Assessment{}, tag: true, match: true,
			fails: append(fails, care.Conflict, care.AlreadyFinal, care.ClockBack)}
	}
	filling := []string{"answers", "pain_type", "body_sites", "remarks", "assessed_at"}
	return group("Assessments",
		row(post, "/assessments", care.AddAssessments, s.addAssessment, doc{about: "Make an assessment",
			more:  "With a `session_id` it keeps what the session observed last and is `preliminary`; resident, condition and practice are the session's. Without a camera it is a `draft` with a scale to fill in. " + onceID,
			takes: newAssessment{}, sample: `{"session_id": "$session", "scale": "painad", "remarks": "in bed"}`, gives: care.Assessment{}, status: http.StatusCreated, again: true, tag: true,
			fails: []care.Code{care.Conflict, care.Erased, care.NoConsent, care.NotFound, sessionClosed, captureRunning, codeNotObserved}}),
		row(get, "/assessments", care.ReadAssessments, s.listAssessments, doc{about: "List assessments", more: "The newest first. Practice and care are never listed together.",
			query: []param{{"resident_id", "only this resident's", ""}, {"practice", "practice instead of care", false}, {"before", "made before", time.Time{}}, {"limit", "at most so many, to 200; 50 where left out", 0}, {"cursor", "the `next` of the page before", ""}},
			gives: care.Assessment{}, list: "assessments", asks: "resident_id=$resident"}),
		row(get, "/assessments/:id", care.ReadAssessments, s.getAssessment, doc{about: "Read an assessment", gives: care.Assessment{}, tag: true, cached: true}),
		row(get, "/assessments/:id/versions", care.ReadAssessments, s.assessmentHistory, doc{about: "List what an assessment was before each change", gives: care.Assessment{}, list: "versions"}),
		row(patch, "/assessments/:id", care.AddAssessments, s.fillAssessment, change("Fill an assessment in", "What is left out stays. "+onceID,
			`{"answers": {"breathing": 1, "vocalisation": 1, "face": 2, "body": 1, "consolability": 0}}`, []string{"session_id", "reason"}, nil)),
		row(post, "/assessments/:id/observe", care.AddAssessments, s.observeAssessment, change("Attach what a session observed to a draft", onceID,
			`{"session_id": "$session"}`, append([]string{"reason"}, filling...), []string{"session_id"}, care.NoConsent, care.Erased, care.NotFound, sessionClosed, captureRunning, codeNotObserved)),
		row(post, "/assessments/:id/confirm", care.ConfirmAssessments, s.confirmAssessment, change("Confirm an assessment", "It becomes `final` in the name of whoever is signed in. "+onceID,
			`{"remarks": "agreed"}`, []string{"session_id", "reason"}, nil, care.Incomplete)),
		row(post, "/assessments/:id/amend", care.CorrectAssessments, s.amendAssessment, change("Correct a confirmed assessment", "What it said before is kept: see its versions. "+onceID,
			`{"reason": "the other arm", "remarks": "left arm"}`, []string{"session_id"}, []string{"reason"}, care.Incomplete)),
		row(post, "/assessments/:id/entered-in-error", care.CorrectAssessments, s.markAssessmentWrong, change("Mark an assessment as entered in error", "It stays, and counts nowhere. "+onceID,
			`{"reason": "another resident"}`, append([]string{"session_id"}, filling...), []string{"reason"})),
	)
}

func (s *Server) scaleRoutes() []route {
	const get, post, patch = http.MethodGet, http.MethodPost, http.MethodPatch
	site := param{"site_id", "one's own where left out", ""}
	return group("Scales",
		row(get, "/scales", care.ReadScales, s.listScales, doc{about: "List the scales of a site", query: []param{site}, gives: scaleList{}, tag: true}),
		row(get, "/scales/:id", care.ReadScales, s.getScale, doc{about: "Read a scale", more: "With a version: one that an old assessment was scored with.",
			query: []param{site, {"version", "such as 1.0.0; the one in use where left out", ""}}, gives: pain.Scale{}}),
		row(post, "/scales", care.ChangeScales, s.addScale, doc{about: "Put a definition of one's own into use", more: "As YAML; docs/scales.md describes it. A version that was used cannot get another text.",
			takes: newScale{}, needs: []string{"name", "definition"}, sample: `{"name": "comfort.yaml", "definition": "$definition"}`, gives: pain.Scale{}, status: http.StatusCreated, tag: true,
			fails: []care.Code{care.ScaleFile, care.Conflict, care.Stale}}),
		row(get, "/instrument", care.ReadScales, s.getInstrument, doc{about: "Read how a site uses the scales", query: []param{site}, gives: care.Instrument{}, tag: true, cached: true}),
		row(patch, "/instrument", care.ChangeScales, s.changeInstrument, doc{about: "Change how a site uses the scales", query: []param{site}, takes: instrumentChange{}, sample: `{"blind": false, "off": ["nrs"]}`, gives: care.Instrument{}, tag: true, match: true}),
		row(get, "/body-regions", care.ReadScales, s.bodyRegions, doc{about: "List the regions of the body's map", gives: care.BodyRegion{}, list: "regions"}),
	)
}

func (s *Server) trailRoutes() []route {
	const get = http.MethodGet
	return group("Reports and trail",
		row(get, "/reports/quality", care.ReadReports, s.quality, doc{about: "Report how well pain is assessed", more: "It names nobody and counts no practice. A share of nothing is null, which is not 0.",
			query: []param{{"site_id", "one's own where left out", ""}, {"from", "the first day, such as 2026-03-01; the last whole month where left out", day("")}, {"to", "the day after the last", day("")},
				{"format", "json or csv", format("")}, {"wing", "only of those who live in this wing now", ""}}, gives: qualityReport{}, also: []media{"text/csv; charset=utf-8"}}),
		row(get, "/audit", care.ReadAudit, s.listAudit, doc{about: "Read the audit trail", more: "Who changed or saw what, and when. Each event's hash is over the one before.",
			query: []param{{"entity_id", "only of this record", ""}, {"after", "place in the chain after which to begin", 0}, {"limit", "at most so many, to 200", 0}}, gives: auditPart{}, asks: "limit=10"}),
		row(get, "/audit/verification", care.ReadAudit, s.verifyAudit, doc{about: "Walk the whole chain of the trail", gives: care.AuditCheck{}}),
	)
}

// day is a day in a query, and format a kind of report.
type (
	day    string
	format string
)

func (s *Server) interfaceRoutes() []route {
	return group("This interface",
		row(http.MethodGet, "/problems", care.Public, s.problems, doc{about: "List the codes of refusals", gives: problemKind{}, list: "problems"}),
		row(http.MethodGet, "/version", care.Public, s.version, doc{about: "Tell the program's version and the page's build", more: "A page that is not of this build is an old one: it may go on until the work at hand is done, and is loaded anew then.", gives: versionView{}}),
		row(http.MethodGet, "/openapi.json", care.Public, s.openAPIDocument, doc{about: "Read this document", gives: map[string]any{}, tag: true, cached: true}),
	)
}
