package store

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"wince/care"
)

// writing is how long the writers of TestChangesGapFree write.
var writing = flag.Duration("writing", time.Minute, "how long eight writers write while a reader reads their changes")

// TestChangesGapFree lets eight writers change records as fast as they can while readers follow the log in pages of any length. In
// the end the readers have seen exactly what was acknowledged, and each record as it was left.
func TestChangesGapFree(t *testing.T) {
	for name, stores := range map[string]func(t *testing.T) []*Store{
		"SQLite": func(t *testing.T) []*Store { return []*Store{open(t, t.TempDir())} },
		"PostgreSQL": func(t *testing.T) []*Store { // two programs at one database
			c := Config{Dir: t.TempDir(), URL: pgURL(t)}
			var list []*Store
			for range 2 {
				s, err := Open(t.Context(), c)
				must(t, err)
				t.Cleanup(func() { s.Close() })
				list = append(list, s)
			}
			return list
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gapFree(t, stores(t))
		})
	}
}

// gapWriter is one writer and what was acknowledged to it.
type gapWriter struct {
	s        *Store
	dice     *rand.Rand
	versions map[string]int  // of its residents
	said     map[string]bool // "id action version"
}

// write changes something. A change that is refused must leave nothing behind.
func (w *gapWriter) write(ctx context.Context) error {
	ids := slices.Collect(maps.Keys(w.versions))
	if len(ids) < 3 || w.dice.IntN(4) == 0 {
		r := resident("Written")
		if err := w.s.AddResident(ctx, act(), r); err != nil {
			return err
		}
		w.versions[r.ID] = 1
		w.said[fmt.Sprint(r.ID, care.ActResidentAdd, 1)] = true
		return nil
	}
	id := ids[w.dice.IntN(len(ids))]
	version := w.versions[id]
	if w.dice.IntN(5) == 0 {
		version-- // stale
	}
	_, err := w.s.ChangeResident(ctx, act(), id, version, func(r *care.Resident) error { r.Room = fmt.Sprint(version); return nil })
	if version != w.versions[id] {
		if code(err) != care.Stale {
			return fmt.Errorf("a stale change: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	w.versions[id]++
	w.said[fmt.Sprint(id, care.ActResidentChange, w.versions[id])] = true
	return nil
}

// gapReader follows the log.
type gapReader struct {
	s        *Store
	q        care.ChangeQuery
	said     map[string]bool
	twice    int
	versions map[string]int // of the records as they were read
}

// read reads what came since, as long as there is more.
func (r *gapReader) read(ctx context.Context, dice *rand.Rand) error {
	for {
		r.q.Limit = 1 + dice.IntN(40)
		page, err := r.s.Changes(ctx, r.q)
		if err != nil {
			return err
		}
		now, err := r.s.Current(ctx, page.Changes)
		if err != nil {
			return err
		}
		for i, c := range page.Changes {
			key := fmt.Sprint(c.EntityID, c.Action, c.Version)
			if r.said[key] {
				r.twice++
			}
			r.said[key] = true
			v, ok := now[i].Record.(*care.Resident)
			if !ok || v.Version < r.versions[c.EntityID] || v.Version < c.Version {
				return fmt.Errorf("%+v was read as %+v after version %d", c, now[i].Record, r.versions[c.EntityID])
			}
			r.versions[c.EntityID] = v.Version
		}
		if r.q.After = page.Next; !page.More {
			return nil
		}
	}
}

func gapFree(t *testing.T, stores []*Store) {
	begin, _, err := stores[0].ChangesEnd(t.Context())
	must(t, err)
	ctx, stop := context.WithTimeout(t.Context(), *writing)
	defer stop()
	writers := make([]*gapWriter, 8)
	var wrote sync.WaitGroup
	for i := range writers {
		w := &gapWriter{s: stores[i%len(stores)], dice: rand.New(rand.NewPCG(1, uint64(i))), versions: map[string]int{}, said: map[string]bool{}}
		writers[i] = w
		wrote.Go(func() {
			for ctx.Err() == nil {
				if err := w.write(t.Context()); err != nil {
					t.Error("write:", err)
					return
				}
			}
		})
	}
	all := &gapReader{s: stores[len(stores)-1], q: care.ChangeQuery{Scope: everywhere, After: begin}, said: map[string]bool{}, versions: map[string]int{}}
	newest := &gapReader{s: stores[0], q: care.ChangeQuery{Scope: everywhere, After: begin, Newest: true}, said: map[string]bool{}, versions: map[string]int{}}
	var done sync.WaitGroup
	for i, r := range []*gapReader{all, newest} {
		done.Go(func() {
			dice := rand.New(rand.NewPCG(2, uint64(i)))
			for last := false; !last; {
				last = ctx.Err() != nil
				if last {
					wrote.Wait()
				}
				if err := r.read(t.Context(), dice); err != nil {
					t.Error("read:", err)
					return
				}
			}
		})
	}
	done.Wait()
	said, versions := map[string]bool{}, map[string]int{}
	for _, w := range writers {
		maps.Copy(said, w.said)
		maps.Copy(versions, w.versions)
	}
	if !maps.Equal(all.said, said) || all.twice > 0 {
		t.Errorf("acknowledged %d changes, read %d of them and %d twice", len(said), len(all.said), all.twice)
	}
	for name, r := range map[string]*gapReader{"all": all, "newest": newest} {
		if !maps.Equal(r.versions, versions) {
			t.Errorf("who reads %s knows %d records, not as the %d were left", name, len(r.versions), len(versions))
		}
	}
	if len(versions) == 0 || len(newest.said) < len(versions) {
		t.Errorf("%d records written, %d changes read", len(versions), len(newest.said))
	}
	wantNumbered(t, stores[0])
	t.Logf("%d changes of %d records; the reader of the newest saw %d", len(said), len(versions), len(newest.said))
}
