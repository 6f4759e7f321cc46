package store

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

// kills is how often each kill test kills. The long run: make kill.
var kills = flag.Int("kills", 6, "how often the kill tests kill a writing process")

// Environment of the process that writes until it is killed.
const (
	writerDir = "WINCE_TEST_WRITER_DIR"
	writerURL = "WINCE_TEST_WRITER_URL"
)

// write keeps records as fast as it can, from several goroutines at once, and says on standard output what was acknowledged: a
// letter and the id of a resident, a for added, e for erased. Now and then it rotates the key.
func write() error {
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: os.Getenv(writerDir), URL: os.Getenv(writerURL)})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				r := resident("Written before the kill")
				r.ExternalID = r.ID
				if err := s.AddResident(ctx, act(), r); err != nil {
					failed <- err
				}
				fmt.Println("a", r.ID)
				if i%5 == 4 {
					if err := s.EraseResident(ctx, act(), r.ID, 1); err != nil {
						failed <- err
					}
					fmt.Println("e", r.ID)
				}
				if g == 0 && i%7 == 6 {
					if _, err := s.RotateKey(ctx, act(), i%2 == 0); err != nil {
						failed <- err
					}
				}
			}
		}()
	}
	return <-failed
}

// TestKillSQLite kills a writing process at random points. Every write that it acknowledged is there, none is there by half, and
// the chain verifies.
func TestKillSQLite(t *testing.T) { killing(t, Config{Dir: t.TempDir()}, *kills) }

// TestKillPostgreSQL does the same to a process whose database is on a server.
func TestKillPostgreSQL(t *testing.T) {
	killing(t, Config{Dir: t.TempDir(), URL: pgURL(t)}, max(1, *kills/2))
}

func killing(t *testing.T, c Config, times int) {
	acked := map[string]string{} // the last letter of each resident
	for n := range times {
		before := len(acked)
		kill(t, c, acked)
		s, err := Open(t.Context(), c)
		if err != nil {
			t.Fatalf("after kill %d: %v", n+1, err)
		}
		if check, err := s.VerifyAudit(t.Context()); err != nil || check.Problem != "" {
			t.Fatalf("after kill %d: %+v, %v", n+1, check, err)
		}
		compareAcked(t, s, acked)
		must(t, s.Close())
		if t.Failed() {
			t.Fatalf("after kill %d", n+1)
		}
		if testing.Verbose() {
			t.Logf("kill %d: %d acknowledged", n+1, len(acked)-before)
		}
	}
	if len(acked) == 0 {
		t.Error("nothing was written before any of the kills")
	}
}

// kill starts a writer and kills it after a random time, which may be while it opens the database.
func kill(t *testing.T, c Config, acked map[string]string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+c.Dir, writerURL+"="+c.URL)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var once sync.Once
	stop := func() { once.Do(func() { cmd.Process.Kill() }) } // SIGKILL
	// Most kills come while it writes; some while it starts.
	early := time.AfterFunc(10*time.Second, stop)
	if rand.IntN(8) == 0 {
		early.Reset(rand.N(60 * time.Millisecond))
	}
	lines := bufio.NewScanner(out)
	var later *time.Timer
	for lines.Scan() {
		letter, id, ok := strings.Cut(lines.Text(), " ")
		if !ok || len(id) != len(care.DefaultSite) {
			continue // cut off by the kill
		}
		acked[id] = letter
		if later == nil {
			later = time.AfterFunc(rand.N(150*time.Millisecond), stop)
		}
	}
	early.Stop()
	if later != nil {
		later.Stop()
	}
	err = cmd.Wait()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the writer ended by itself: %v: %s", err, said.Bytes())
	}
}

// compareAcked compares what was acknowledged with what is there.
func compareAcked(t *testing.T, s *Store, acked map[string]string) {
	rows, err := s.db.Query(`SELECT id, name, erased_at IS NOT NULL FROM residents`)
	must(t, err)
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var id, name string
		var erased bool
		must(t, rows.Scan(&id, s.unseal("residents", "name", &id, &name), &erased))
		there[id] = erased
		if erased != (name == "") {
			t.Errorf("resident %s is erased by half", id)
		}
	}
	must(t, rows.Err())
	for id, letter := range acked {
		if erased, ok := there[id]; !ok || (letter == "e" && !erased) {
			t.Errorf("resident %s: acknowledged %s, there %v, erased %v", id, letter, ok, erased)
		}
	}
	var added, erased int
	must(t, s.db.QueryRow(`SELECT count(*) FROM audit WHERE action = $1`, care.ActResidentAdd).Scan(&added))
	must(t, s.db.QueryRow(`SELECT count(*) FROM audit WHERE action = $1`, care.ActResidentEnd).Scan(&erased))
	n := 0
	for _, e := range there {
		if e {
			n++
		}
	}
	wantNumbered(t, s)
	var logged, gone int
	must(t, s.db.QueryRow(`SELECT count(DISTINCT entity_id) FROM changes WHERE entity = 'resident'`).Scan(&logged))
	must(t, s.db.QueryRow(`SELECT count(DISTINCT entity_id) FROM changes WHERE entity = 'resident' AND action = $1`, care.ActResidentEnd).Scan(&gone))
	if logged != len(there) || gone != n {
		t.Errorf("%d residents, %d of them erased; the log of changes has %d and %d", len(there), n, logged, gone)
	}
	if added != len(there) || erased != n {
		t.Errorf("%d residents, %d of them erased; the trail has %d and %d", len(there), n, added, erased)
	}
}
