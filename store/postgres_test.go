package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wince/care"
)

// TestMain stops the PostgreSQL server that a test may have started. In a process that a kill test started, it writes instead.
func TestMain(m *testing.M) {
	if os.Getenv(writerDir) != "" {
		fmt.Fprintln(os.Stderr, write())
		os.Exit(1)
	}
	status := m.Run()
	server.stop()
	os.Exit(status)
}

// server is the one PostgreSQL server of this test run. Each store has a database of its own on it.
var server pgServer

type pgServer struct {
	once sync.Once
	dir  string
	as   *syscall.Credential
	err  error

	mu    sync.Mutex
	made  int
	model bool // the database model is there
}

// TestPostgreSQL runs the conformance suite against a real server.
func TestPostgreSQL(t *testing.T) {
	conformance(t, freshPostgres)
}

// freshPostgres returns an empty store on the server: a copy of one whose schema is up to date, which spares most of the time.
func freshPostgres(t *testing.T) *Store {
	t.Helper()
	startPostgres(t)
	dir := t.TempDir()
	server.mu.Lock()
	defer server.mu.Unlock()
	model := filepath.Join(server.dir, "model")
	if !server.model {
		if err := server.create("model", ""); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Config{Dir: model, URL: server.url("model")})
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		server.model = true
	}
	server.made++
	name := "t" + strconv.Itoa(server.made)
	if err := errors.Join(server.create(name, " TEMPLATE model"), copyFile(filepath.Join(dir, KeyFileName), filepath.Join(model, KeyFileName))); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Dir: dir, URL: server.url(name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openURL(t testing.TB, u string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Dir: t.TempDir(), URL: u})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// startPostgres starts the server where it does not run yet. WINCE_TEST_POSTGRES_BIN names the folder of initdb and pg_ctl where
// they are not Debian's.
func startPostgres(t testing.TB) {
	t.Helper()
	bin := os.Getenv("WINCE_TEST_POSTGRES_BIN")
	if bin == "" {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
		if len(found) == 0 {
			if os.Getenv("CI") == "true" {
				t.Fatal("PostgreSQL is not installed: docker/packages.sh install test")
			}
			t.Skip("PostgreSQL is not installed: docker/packages.sh install test, or name its folder with WINCE_TEST_POSTGRES_BIN")
		}
		bin = slices.Max(found)
	}
	server.once.Do(func() { server.err = server.start(bin) })
	if server.err != nil {
		t.Fatal(server.err)
	}
}

// pgURL returns the URL of a new, empty database.
func pgURL(t testing.TB) string {
	t.Helper()
	startPostgres(t)
	server.mu.Lock()
	defer server.mu.Unlock()
	server.made++
	name := "t" + strconv.Itoa(server.made)
	if err := server.create(name, ""); err != nil {
		t.Fatal(err)
	}
	return server.url(name)
}

// create makes a database.
func (p *pgServer) create(name, with string) error {
	db, _, err := openPostgres(p.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.Exec(`CREATE DATABASE ` + name + with)
	return errors.Join(err, db.Close())
}

// url names a database by the server's socket; nothing listens on the network.
func (p *pgServer) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {p.dir}, "user": {"wince"}}.Encode()
}

// start makes a cluster in a new folder and starts it. The server refuses to run as root, so root runs it as postgres or nobody.
func (p *pgServer) start(bin string) (err error) {
	// Not t.TempDir: the name of a socket may have about a hundred letters.
	if p.dir, err = os.MkdirTemp("/tmp", "wince-pg-"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			u, err = user.Lookup("nobody")
		}
		if err != nil {
			return err
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(p.dir, int(uid), int(gid))); err != nil {
			return err
		}
		p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(p.dir, "data")
	if err := p.run(bin, "initdb", "--pgdata", data, "--username", "wince", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"); err != nil {
		return err
	}
	// Without waiting for the disk: no test pulls the plug on this server.
	return p.run(bin, "pg_ctl", "--pgdata", data, "--wait", "--silent", "--log", filepath.Join(p.dir, "log"), "start",
		"--options", "-c listen_addresses= -c fsync=off -c unix_socket_directories="+p.dir)
}

func (p *pgServer) run(bin, name string, args ...string) error {
	c := exec.Command(filepath.Join(bin, name), args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	// Into a file: the server inherits standard output and would hold a pipe open.
	out, err := os.CreateTemp(p.dir, name)
	if err != nil {
		return err
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

func (p *pgServer) stop() {
	if p.dir == "" {
		return
	}
	if b, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid")); err == nil {
		first, _, _ := strings.Cut(string(b), "\n")
		if pid, err := strconv.Atoi(first); err == nil {
			if f, err := os.FindProcess(pid); err == nil {
				f.Signal(syscall.SIGQUIT) // stop at once: nothing is kept
				for f.Signal(syscall.Signal(0)) == nil {
					if _, err := os.Stat(filepath.Join(p.dir, "data", "postmaster.pid")); err != nil {
						break
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
		}
	}
	os.RemoveAll(p.dir)
}

func TestPostgresRefusals(t *testing.T) {
	newer := pgURL(t)
	s := openURL(t, newer)
	if _, err := s.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url  string
		code care.Code
		says string
	}{
		"another database":  {"mysql://localhost/wince", care.Storage, "postgres://"},
		"not a URL":         {"postgres://u:secret%zz@h/d", care.Storage, "%XX"},
		"nobody listens":    {"postgres://u:secret@127.0.0.1:1/d?sslmode=disable", care.Storage, "cannot be reached"},
		"no such database":  {server.url("missing"), care.Storage, "does not exist"},
		"a newer schema":    {newer, care.StorageNewer, "schema 99999"},
		"a folder of /proc": {newer, care.StorageReadOnly, "--data DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if strings.Contains(name, "/proc") {
				dir = "/proc/self/wince"
			}
			s, err := Open(t.Context(), Config{Dir: dir, URL: c.url})
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			if code(err) != c.code || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %s: %v", code(err), err)
			}
		})
	}
}

// Two programs that start at once bring the schema up to date one after the other.
func TestPostgresOpenTogether(t *testing.T) {
	u, dir := pgURL(t), t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), Config{Dir: dir, URL: u})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	wg.Wait()
}

// A placeholder's number counts, not where it stands; both databases read the same text.
func TestPlaceholders(t *testing.T) {
	for name, s := range both(t) {
		var a, b string
		var n int64
		err := s.db.QueryRowContext(t.Context(), `SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($10 AS BIGINT)+CAST($3 AS BIGINT)+CAST($4 AS BIGINT)
			+CAST($5 AS BIGINT)+CAST($6 AS BIGINT)+CAST($7 AS BIGINT)+CAST($8 AS BIGINT)+CAST($9 AS BIGINT)`,
			"one", "two", 1, 1, 1, 1, 1, 1, 1, 100).Scan(&a, &b, &n)
		if err != nil || a != "two" || b != "one" || n != 107 {
			t.Errorf("%s: got %q, %q, %d, %v", name, a, b, n, err)
		}
	}
}

// both returns an empty store on each database; without PostgreSQL the test is skipped.
func both(t *testing.T) map[string]*Store {
	return map[string]*Store{"SQLite": open(t, t.TempDir()), "PostgreSQL": freshPostgres(t)}
}
