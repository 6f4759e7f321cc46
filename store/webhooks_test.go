package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
)

func addWebhook(t *testing.T, s *Store, site string) *care.Webhook {
	t.Helper()
	w := &care.Webhook{Kind: care.StandardHook, Name: "Platform", SiteID: site, URL: "https://platform.example/x", CreatedAt: noon, CreatedBy: ann.Actor(), Version: 1}
	must(t, w.Check())
	must(t, s.AddWebhook(t.Context(), act(), w, "whsec_one"))
	return w
}

func testWebhooks(t *testing.T, s *Store) {
	there := addSite(t, s, "There")
	w := addWebhook(t, s, care.DefaultSite)
	addWebhook(t, s, there.ID)
	addWebhook(t, s, "")
	unknown := &care.Webhook{Name: "x", SiteID: care.NewID(), URL: "https://platform.example/", Version: 1}
	must(t, unknown.Check())
	wantCode(t, s.AddWebhook(t.Context(), act(), unknown, "x"), care.Invalid)
	got, err := s.Webhook(t.Context(), w.ID)
	must(t, err)
	asRead(t, got, w)
	for scope, want := range map[*care.Scope]int{{All: true}: 3, {Sites: []string{there.ID}}: 1, {}: 0} {
		list, err := s.Webhooks(t.Context(), *scope)
		must(t, err)
		if len(list) != want {
			t.Errorf("%+v sees %d", scope, len(list))
		}
	}
	_, err = s.ChangeWebhook(t.Context(), act(), w.ID, 9, func(*care.Webhook) error { return nil })
	wantCode(t, err, care.Stale)
	changed, err := s.ChangeWebhook(t.Context(), act(), w.ID, 1, func(w *care.Webhook) error { w.Name = "Other"; return nil })
	must(t, err)
	if changed.Version != 2 || changed.Name != "Other" {
		t.Errorf("got %+v", changed)
	}
	_, err = s.RotateWebhook(t.Context(), act(), w.ID, 2, "whsec_two", noon.Add(time.Hour))
	must(t, err)
	for at, want := range map[time.Time][]string{noon: {"whsec_two", "whsec_one"}, noon.Add(time.Hour): {"whsec_two"}} {
		secrets, err := s.WebhookSecrets(t.Context(), w.ID, at)
		must(t, err)
		if !slices.Equal(secrets, want) {
			t.Errorf("at %v the secrets are %v", at, secrets)
		}
	}
	must(t, s.DisableWebhook(t.Context(), act(), w.ID, "gone"))
	must(t, s.DisableWebhook(t.Context(), act(), w.ID, "again"))
	got, err = s.Webhook(t.Context(), w.ID)
	must(t, err)
	if !got.Disabled || got.DisabledReason != "gone" || got.Version != 4 {
		t.Errorf("got %+v", got)
	}
	wantTrail(t, s, w.ID, care.ActWebhookAdd, care.ActWebhookChange, care.ActWebhookRotate, care.ActWebhookChange)
	// Nothing of it stands in the clear, and a new key opens it.
	for place, text := range dump(t, s) {
		if strings.HasPrefix(place, "webhooks.") && (strings.Contains(text, "whsec") || strings.Contains(text, "platform")) {
			t.Errorf("%s is %q", place, text)
		}
	}
	_, err = s.RotateKey(t.Context(), act(), true)
	must(t, err)
	secrets, err := s.WebhookSecrets(t.Context(), w.ID, noon)
	must(t, err)
	if len(secrets) != 2 || secrets[0] != "whsec_two" {
		t.Errorf("under a new key the secrets are %v", secrets)
	}
	wantCode(t, s.RemoveWebhook(t.Context(), act(), w.ID, 1), care.Stale)
	must(t, s.RemoveWebhook(t.Context(), act(), w.ID, 4))
	_, err = s.Webhook(t.Context(), w.ID)
	wantCode(t, err, care.NotFound)
	wantCode(t, s.RemoveWebhook(t.Context(), act(), w.ID, 4), care.NotFound)
	_, err = s.WebhookSecrets(t.Context(), w.ID, noon)
	wantCode(t, err, care.NotFound)
}

func testDeliveries(t *testing.T, s *Store) {
	w := addWebhook(t, s, "")
	begin, err := s.WebhookPosition(t.Context(), w.ID)
	must(t, err)
	a, b := addResident(t, s), addResident(t, s)
	for i := range 2 {
		_, err := s.ChangeResident(t.Context(), act(), a.ID, 1+i, func(*care.Resident) error { return nil })
		must(t, err)
	}
	page, err := s.Changes(t.Context(), care.ChangeQuery{Scope: everywhere, After: begin, Limit: 10})
	must(t, err)
	must(t, s.QueueDeliveries(t.Context(), w.ID, begin, page.Next, page.Changes, noon))
	must(t, s.QueueDeliveries(t.Context(), w.ID, begin, page.Next, page.Changes, noon)) // somebody else was first
	due := func(at time.Time) (ids []string) {
		t.Helper()
		list, err := s.DueDeliveries(t.Context(), w.ID, at, 10)
		must(t, err)
		for _, d := range list {
			ids = append(ids, d.Change.EntityID)
		}
		return ids
	}
	wantDue := func(at time.Time, want ...string) {
		t.Helper()
		if got := due(at); !slices.Equal(got, want) {
			t.Errorf("due are %v, want %v", got, want)
		}
	}
	// Of each resident one at a time; who waits holds up nobody else.
	wantDue(noon, a.ID, b.ID)
	list, err := s.DueDeliveries(t.Context(), w.ID, noon, 10)
	must(t, err)
	first := list[0]
	first.Attempts, first.FirstAt, first.NextAt, first.LastError = 1, noon, noon.Add(time.Hour), "no answer"
	line := func(outcome string) *care.DeliveryAttempt {
		return &care.DeliveryAttempt{ID: care.NewID(), Message: "msg_x", At: noon, Event: "resident.add", Attempt: 1, Status: 500, TookMS: 7, Outcome: outcome}
	}
	must(t, s.NotDelivered(t.Context(), w.ID, &first, line("no answer")))
	wantDue(noon, b.ID)
	must(t, s.Delivered(t.Context(), w.ID, list[1].Change.Seq, line("delivered")))
	wantDue(noon)
	wantDue(noon.Add(time.Hour), a.ID)
	must(t, s.HurryDeliveries(t.Context(), w.ID, noon))
	list, err = s.DueDeliveries(t.Context(), w.ID, noon, 10)
	must(t, err)
	if len(list) != 1 || list[0].Attempts != 1 || list[0].LastError != "no answer" || !list[0].FirstAt.Equal(noon) || list[0].Change.Seq != first.Change.Seq {
		t.Errorf("got %+v", list)
	}
	// Given up, it lets the next of its lane go, until somebody sends it again.
	first.Dead = true
	must(t, s.NotDelivered(t.Context(), w.ID, &first, line("no answer")))
	list, err = s.DueDeliveries(t.Context(), w.ID, noon, 10)
	must(t, err)
	if len(list) != 1 || list[0].Change.Version != 2 {
		t.Errorf("behind a dead letter %+v", list)
	}
	dead, err := s.DeadDeliveries(t.Context(), w.ID, 0, 10)
	must(t, err)
	if len(dead) != 1 || dead[0].Change != first.Change || !dead[0].Dead {
		t.Errorf("dead are %+v", dead)
	}
	st, err := s.HookState(t.Context(), w.ID)
	must(t, err)
	if st.Pending != 2 || st.Dead != 1 || st.Behind != 0 || st.OldestAt == nil {
		t.Errorf("the state is %+v", st)
	}
	for _, c := range []struct {
		seqs []int64
		want int64
	}{{[]int64{first.Change.Seq + 1, 999}, 0}, {[]int64{first.Change.Seq}, 1}, {nil, 0}} {
		if n, err := s.Redrive(t.Context(), act(), w.ID, c.seqs); err != nil || n != c.want {
			t.Errorf("%v: %d live again, %v", c.seqs, n, err)
		}
	}
	list, err = s.DueDeliveries(t.Context(), w.ID, noon, 10)
	must(t, err)
	if len(list) != 1 || list[0].Change.Seq != first.Change.Seq || list[0].Attempts != 0 {
		t.Errorf("sent again: %+v", list)
	}
	_, err = s.Redrive(t.Context(), act(), care.NewID(), nil)
	wantCode(t, err, care.NotFound)
	log, err := s.DeliveryLog(t.Context(), w.ID, 10)
	must(t, err)
	if len(log) != 3 || log[0].Outcome != "no answer" || log[0].TookMS != 7 || !log[0].At.Equal(noon) || log[0].Message != "msg_x" {
		t.Errorf("the log says %+v", log)
	}
	must(t, s.PruneDeliveryLog(t.Context(), noon.Add(time.Second)))
	if log, err := s.DeliveryLog(t.Context(), w.ID, 10); err != nil || len(log) != 0 {
		t.Errorf("after pruning %+v, %v", log, err)
	}
	// Moved back, it is told everything again, and once.
	_, err = s.MoveWebhook(t.Context(), act(), w.ID, 1, care.ChangePosition{Seq: 999, Mark: "x"})
	wantCode(t, err, care.ChangesGone)
	_, err = s.MoveWebhook(t.Context(), act(), w.ID, 1, begin)
	must(t, err)
	wantDue(noon)
	must(t, s.QueueDeliveries(t.Context(), w.ID, page.Next, page.Next, page.Changes, noon)) // from where it is not
	wantDue(noon)
	must(t, s.QueueDeliveries(t.Context(), w.ID, begin, page.Next, page.Changes, noon))
	wantDue(noon, a.ID, b.ID)
	for t0, want := range map[time.Time]care.ChangePosition{noon.Add(time.Hour): page.Next, noon.Add(-1000 * 24 * time.Hour): begin} {
		got, err := s.ChangesBefore(t.Context(), t0)
		must(t, err)
		if got != want {
			t.Errorf("before %v: %+v, want %+v", t0, got, want)
		}
	}
	must(t, s.RemoveWebhook(t.Context(), act(), w.ID, 2))
	must(t, s.LogAttempt(t.Context(), w.ID, line("late"))) // an answer after the end
	wantDue(noon)
}

// Waiting ends with the change, not before, and not with looking.
func TestChangedRings(t *testing.T) {
	s := open(t, t.TempDir())
	rung := s.Changed()
	must(t, s.Seen(t.Context(), act(), care.AuditEvent{Action: "residents.read", Entity: "resident"}))
	select {
	case <-rung:
		t.Error("it rang for looking")
	default:
	}
	addResident(t, s)
	select {
	case <-rung:
	default:
		t.Error("it did not ring for a change")
	}
	if again := s.Changed(); again == rung {
		t.Error("it rings only once")
	}
}
