package web

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"wince/care"
)

// Limits of Bulk Data exports: each keeps the cores busy and the disk full for a while.
const (
	bulkLife     = time.Hour // of a finished export's files
	bulkAtOnce   = 2         // run at the same time
	bulkOfOne    = 2         // of one person or program, finished ones among them
	bulkAtMost   = 10        // that are kept
	bulkFileName = ".ndjson"
)

// bulkJobs are the exports that run and those whose files wait to be fetched. They live as long as the server: a restart ends all, and
// what their files held cannot be read any more, because each file's key is in memory only.
type bulkJobs struct {
	dir  string // where files are kept; "" where there are no exports
	now  func() time.Time
	wg   sync.WaitGroup
	mu   sync.Mutex
	jobs map[string]*bulkJob
}

// bulkJob is one export. What changes is guarded by the jobs' lock, but for count.
type bulkJob struct {
	id, owner string
	request   string    // the address that was asked for
	at        time.Time // all changes before it are in it
	dir       string
	cancel    context.CancelFunc

	count   atomic.Int64 // resources written so far
	running bool
	failed  error
	expires time.Time
	files   []*bulkFile
	deleted []*bulkFile
}

// bulkFile is a file of resources of one type, sealed with a key of its own.
type bulkFile struct {
	kind  string
	name  string
	count int64
	key   [32]byte
	f     *os.File
	w     *bufio.Writer
}

// newBulkJobs removes what an earlier run of the server left.
func newBulkJobs(dir string, now func() time.Time) (*bulkJobs, error) {
	if dir != "" {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("remove old exports: %w", err)
		}
	}
	return &bulkJobs{dir: dir, now: now, jobs: map[string]*bulkJob{}}, nil
}

// close cancels all exports, waits for them and removes their files.
func (b *bulkJobs) close() {
	b.mu.Lock()
	for _, j := range b.jobs {
		j.cancel()
	}
	b.mu.Unlock()
	b.wg.Wait()
	if b.dir != "" {
		_ = os.RemoveAll(b.dir) // what is left is removed at the next start, and nobody has its keys
	}
}

// start begins an export of somebody's, or says why not now. work writes the files.
func (b *bulkJobs) start(j *bulkJob, work func(context.Context, *bulkJob) error) error {
	b.sweep()
	b.mu.Lock()
	defer b.mu.Unlock()
	running, theirs := 0, 0
	for _, o := range b.jobs {
		if o.running {
			running++
		}
		if o.owner == j.owner {
			theirs++
		}
	}
	switch {
	case theirs >= bulkOfOne:
		return &retryError{edge(codeTooMany, "You have two exports already: fetch them and delete them first."), time.Minute}
	case running >= bulkAtOnce || len(b.jobs) >= bulkAtMost:
		return &retryError{edge(codeTooMany, "Others export at the moment: try again in a minute."), time.Minute}
	}
	j.id, j.running = care.NewID(), true
	j.dir = filepath.Join(b.dir, j.id)
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return fmt.Errorf("make export folder: %w", err)
	}
	// The export outlives the request that asked for it; it ends with the server, or when it is cancelled.
	ctx, cancel := context.WithCancel(context.Background())
	j.cancel = cancel
	b.jobs[j.id] = j
	b.wg.Go(func() {
		defer cancel()
		err := work(ctx, j)
		b.finish(ctx, j, err)
	})
	return nil
}

// finish closes the files. What was cancelled or failed leaves none.
func (b *bulkJobs) finish(ctx context.Context, j *bulkJob, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range append(append([]*bulkFile{}, j.files...), j.deleted...) {
		err = errors.Join(err, f.done())
	}
	j.running, j.expires = false, b.now().Add(bulkLife)
	if err = errors.Join(err, ctx.Err()); err != nil {
		j.failed = err
		_ = os.RemoveAll(j.dir)
	}
}

// find returns somebody's export. Others' are as if they did not exist.
func (b *bulkJobs) find(id, owner string) (*bulkJob, error) {
	b.sweep()
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.jobs[id]
	if j == nil || j.owner != owner {
		return nil, edge(care.NotFound, "There is no such export: it was cancelled, has expired, or the server was started again.")
	}
	return j, nil
}

// drop ends an export and removes its files.
func (b *bulkJobs) drop(j *bulkJob) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j.cancel()
	delete(b.jobs, j.id)
	if !j.running { // else its own goroutine does
		_ = os.RemoveAll(j.dir)
	}
}

// sweep removes what has expired.
func (b *bulkJobs) sweep() {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, j := range b.jobs {
		if !j.running && !now.Before(j.expires) {
			delete(b.jobs, id)
			_ = os.RemoveAll(j.dir)
		}
	}
}

// run removes expired exports at each tick until the context ends.
func (b *bulkJobs) run(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			b.sweep()
		}
	}
}

// create makes a file of the export for a type of resource.
func (j *bulkJob) create(kind, name string) (*bulkFile, error) {
	v := &bulkFile{kind: kind, name: name + bulkFileName}
	rand.Read(v.key[:]) // never fails: crypto/rand stops the program instead
	var err error
	if v.f, err = os.OpenFile(filepath.Join(j.dir, v.name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("make export file: %w", err)
	}
	s, err := v.stream()
	if err != nil {
		return nil, errors.Join(err, v.f.Close())
	}
	v.w = bufio.NewWriterSize(cipher.StreamWriter{S: s, W: v.f}, 256<<10)
	return v, nil
}

// stream seals and opens the file (AES-256-CTR): each file has a key of its own, so that its counter may begin at nothing.
func (v *bulkFile) stream() (cipher.Stream, error) {
	block, err := aes.NewCipher(v.key[:])
	if err != nil {
		return nil, fmt.Errorf("seal export file: %w", err)
	}
	return cipher.NewCTR(block, make([]byte, aes.BlockSize)), nil
}

func (v *bulkFile) done() error {
	if v.f == nil {
		return nil
	}
	err := errors.Join(v.w.Flush(), v.f.Close())
	v.f, v.w = nil, nil
	return err
}

// open reads the file from its beginning.
func (j *bulkJob) open(v *bulkFile) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(j.dir, v.name))
	if err != nil {
		return nil, fmt.Errorf("open export file: %w", err)
	}
	s, err := v.stream()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{cipher.StreamReader{S: s, R: f}, f}, nil
}
