package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"
)

// sender is a server's right to tell webhooks. Of the servers of one PostgreSQL database one has it at a time: else each message would go
// out twice, and those about one resident out of order. It is a lock of a connection, which the database takes back when the connection
// ends, however the program did.
type sender struct {
	mu   sync.Mutex
	held *sql.Conn
}

// TakeSending says whether this server is the one that tells webhooks, and makes it so where no other is. Who has it asks again now and then,
// since it is lost with the connection to the database. A SQLite database has one server.
func (s *Store) TakeSending(ctx context.Context) (bool, error) {
	ask, alone := s.back.sending()
	if alone {
		return true, nil
	}
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	if c := s.sender.held; c != nil {
		if _, err := c.ExecContext(ctx, `SELECT 1`); err == nil {
			return true, nil
		} else if ctx.Err() != nil {
			return false, s.sentence(err)
		}
		s.sender.held = nil
		_ = c.Close() // it is broken, and the lock went with it
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return false, s.sentence(err)
	}
	var got bool
	if err := c.QueryRowContext(ctx, ask).Scan(&got); err != nil || !got {
		return false, s.sentence(errors.Join(err, c.Close()))
	}
	s.sender.held = c
	return true, nil
}

// EndSending lets another server tell webhooks.
func (s *Store) EndSending(ctx context.Context) error {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	c := s.sender.held
	if c == nil {
		return nil
	}
	s.sender.held = nil
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := c.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`)
	if err != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn }) // the connection goes, and the lock with it: it would be lent to others else
	}
	if e := c.Close(); !errors.Is(e, sql.ErrConnDone) {
		err = errors.Join(err, e)
	}
	return s.sentence(err)
}
