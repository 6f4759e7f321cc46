package web

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wince/care"
	"wince/web/fhir"
)

const bulkPage = 500

// bulkWanted is what an export is to hold.
type bulkWanted struct {
	scope  care.Scope
	sites  []string
	kinds  []string
	since  time.Time
	listed map[string][]fhir.Resource // of types whose resources are few: they were read when the export was asked for
	gone   bool                       // tell whose identity was erased
}

var (
	ofAssessments = []string{"Observation", "QuestionnaireResponse", "Provenance"}
	ofRecords     = []string{"Patient", "Consent", "ServiceRequest", "MedicationAdministration", "Procedure"}
	ofLists       = []string{"Organization", "Location", "Practitioner", "Device", "Questionnaire"}
)

// bulkWork returns what writes an export's files. Each assessment is read once for all types that it is told as.
func (s *Server) bulkWork(w *bulkWanted) func(context.Context, *bulkJob) error {
	return func(ctx context.Context, j *bulkJob) error {
		files := map[string]*bulkFile{}
		for _, k := range w.kinds {
			f, err := j.create(k, k)
			if err != nil {
				return err
			}
			files[k] = f
			s.bulk.mu.Lock()
			j.files = append(j.files, f)
			s.bulk.mu.Unlock()
		}
		for _, k := range w.kinds {
			var err error
			switch {
			case slices.Contains(ofRecords, k):
				err = s.bulkRecords(ctx, j, w, files[k])
			case slices.Contains(ofLists, k):
				err = j.put(files[k], w.listed[k])
			}
			if err != nil {
				return err
			}
		}
		if w.gone {
			if err := s.bulkDeleted(ctx, j, w); err != nil {
				return err
			}
		}
		kinds := slices.DeleteFunc(slices.Clone(w.kinds), func(k string) bool { return !slices.Contains(ofAssessments, k) })
		if len(kinds) == 0 {
			return nil
		}
		return s.bulkAssessments(ctx, j, w, kinds, files)
	}
}

// put writes resources to a file.
func (j *bulkJob) put(f *bulkFile, list []fhir.Resource) error {
	for _, r := range list {
		b, err := fhir.Marshal(r)
		if err != nil {
			return err
		}
		if err := j.putLine(f, b, 1); err != nil {
			return err
		}
	}
	return nil
}

// putLine writes lines without the last line's end.
func (j *bulkJob) putLine(f *bulkFile, b []byte, n int64) error {
	if _, err := f.w.Write(b); err != nil {
		return err
	}
	f.count += n
	j.count.Add(n)
	return f.w.WriteByte('\n')
}

// bulkRecords writes the resources of records of residents, those that changed since where that is asked for.
func (s *Server) bulkRecords(ctx context.Context, j *bulkJob, w *bulkWanted, f *bulkFile) error {
	q := care.RecordSearch{Scope: w.scope, Limit: bulkPage}
	if !w.since.IsZero() {
		q.Changed = care.Times{{{From: w.since}}}
	}
	for {
		page, err := s.tellRecords(ctx, f.kind, q)
		if err != nil {
			return err
		}
		for _, x := range page.all {
			if !changedSince(x.resource, w.since) {
				continue
			}
			if err := j.put(f, []fhir.Resource{x.resource}); err != nil {
				return err
			}
		}
		if page.records < q.Limit {
			return nil
		}
		q.After = page.last
	}
}

// changedSince says whether a resource may have changed from a time on: one that does not know may have.
func changedSince(r fhir.Resource, since time.Time) bool {
	m := r.Head().Meta
	if since.IsZero() || m == nil || m.LastUpdated == "" {
		return true
	}
	t, err := time.Parse(time.RFC3339, m.LastUpdated)
	return err != nil || !t.Before(since)
}

// bulkDeleted writes whose identity was erased since, as the Bulk Data guide wants it: bundles of what to delete.
func (s *Server) bulkDeleted(ctx context.Context, j *bulkJob, w *bulkWanted) error {
	ids, err := s.opt.Store.ErasedSince(ctx, w.scope, w.since)
	if err != nil || len(ids) == 0 {
		return err
	}
	f, err := j.create("Bundle", "deleted")
	if err != nil {
		return err
	}
	s.bulk.mu.Lock()
	j.deleted = append(j.deleted, f)
	s.bulk.mu.Unlock()
	for _, id := range ids { // a UUID: nothing to escape
		if err := j.putLine(f, []byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/`+id+`"}}]}`), 1); err != nil {
			return err
		}
	}
	return nil
}

// bulkAssessments reads assessments site by site, one page ahead of what is being written as resources, which all cores do. Its
// threads have a low priority, so that live video comes first.
func (s *Server) bulkAssessments(ctx context.Context, j *bulkJob, w *bulkWanted, kinds []string, files map[string]*bulkFile) error {
	g, ctx := errgroup.WithContext(ctx)
	pages := make(chan []care.Assessment, 1)
	g.Go(func() error {
		defer close(pages)
		return s.bulkPages(ctx, w, pages)
	})
	g.Go(func() error {
		workers := runtime.GOMAXPROCS(0)
		parts := make([]bulkPart, workers)
		for page := range pages {
			var wg sync.WaitGroup
			size := (len(page) + workers - 1) / workers
			for i := range parts {
				some := page[min(i*size, len(page)):min((i+1)*size, len(page))]
				wg.Go(func() {
					runtime.LockOSThread() // ends with this goroutine, because the low priority stays
					yieldThread()
					parts[i].tell(ctx, s, kinds, some)
				})
			}
			wg.Wait()
			for i := range parts {
				if err := parts[i].err; err != nil {
					return err
				}
				for k, kind := range kinds {
					f, p := files[kind], &parts[i]
					if _, err := f.w.Write(p.texts[k].Bytes()); err != nil {
						return err
					}
					f.count += p.counts[k]
					j.count.Add(p.counts[k])
				}
			}
		}
		return nil
	})
	return g.Wait()
}

// bulkPages reads the assessments of an export.
func (s *Server) bulkPages(ctx context.Context, w *bulkWanted, pages chan<- []care.Assessment) error {
	for _, site := range w.sites {
		q := care.AssessmentSearch{Scope: care.Scope{Sites: []string{site}}, Limit: bulkPage}
		if !w.since.IsZero() {
			q.ByChange, q.Changed = true, care.Times{{{From: w.since}}}
		}
		for {
			page, err := s.opt.Store.SearchAssessments(ctx, q)
			if err != nil {
				return err
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			if len(page) < q.Limit {
				break
			}
			last := &page[len(page)-1]
			q.After = &care.Place{At: last.AssessedAt, ID: last.ID}
			if q.ByChange {
				q.After.At = last.ChangedAt
			}
		}
	}
	return nil
}

// bulkPart is what one core made of its part of a page: a text for each type of resource.
type bulkPart struct {
	texts  []bytes.Buffer
	counts []int64
	err    error
}

func (p *bulkPart) tell(ctx context.Context, s *Server, kinds []string, list []care.Assessment) {
	if p.texts == nil {
		p.texts, p.counts = make([]bytes.Buffer, len(kinds)), make([]int64, len(kinds))
	}
	for k := range kinds {
		p.texts[k].Reset()
		p.counts[k] = 0
	}
	for i := range list {
		for k, kind := range kinds {
			told, err := s.tellAssessment(ctx, kind, &list[i])
			if err != nil {
				p.err = err
				return
			}
			for _, r := range told {
				b, err := fhir.Marshal(r)
				if err != nil {
					p.err = err
					return
				}
				p.texts[k].Write(b)
				p.texts[k].WriteByte('\n')
				p.counts[k]++
			}
		}
	}
}
