package web

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// Limits says how many requests a minute are answered; 0 sets no limit. They are generous: they hold back a program that went
// wild, not a ward.
type Limits struct {
	Principal int // of one person or program
	Address   int // from one network address, behind which there may be a whole home
}

// limiter counts the requests of each key in a token bucket that holds a minute's worth and fills up again all the time. It lives in
// memory: a restart forgets it.
type limiter struct {
	name   string
	minute int
	now    func() time.Time
	mu     sync.Mutex
	of     map[string]*rate.Limiter
}

func newLimiter(name string, minute int, now func() time.Time) *limiter {
	return &limiter{name: name, minute: minute, now: now, of: map[string]*rate.Limiter{}}
}

// spend takes one request of a key. It returns how many are left and, where there was none, how long to wait.
func (l *limiter) spend(key string) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.of[key]
	if b == nil {
		if len(l.of) >= maxKeys {
			l.shrink(now)
		}
		b = rate.NewLimiter(rate.Limit(float64(l.minute)/60), l.minute)
		l.of[key] = b
	}
	if !b.AllowN(now, 1) {
		return 0, time.Duration((1 - b.TokensAt(now)) * 60 / float64(l.minute) * float64(time.Second))
	}
	return int(b.TokensAt(now)), 0
}

// shrink makes room for a quarter of the keys at once: first those whose bucket is full again, which nobody misses.
func (l *limiter) shrink(now time.Time) {
	for _, halfToo := range []bool{false, true} {
		for k, b := range l.of {
			if len(l.of) <= maxKeys*3/4 {
				return
			}
			if halfToo || b.TokensAt(now) >= float64(l.minute) {
				delete(l.of, k)
			}
		}
	}
}

// hold refuses a request of a key that has had its share, and tells in any case how much is left
// (draft-ietf-httpapi-ratelimit-headers-10).
func (s *Server) hold(c *gin.Context, l *limiter, key string) {
	if l.minute <= 0 {
		return
	}
	left, wait := l.spend(key)
	full := math.Ceil(float64(l.minute-left) * 60 / float64(l.minute)) // seconds until the bucket is full
	c.Header("RateLimit-Policy", strconv.Quote(l.name)+";q="+strconv.Itoa(l.minute)+";w=60")
	c.Header("RateLimit", strconv.Quote(l.name)+";r="+strconv.Itoa(left)+";t="+strconv.Itoa(int(full)))
	if wait > 0 {
		s.log.WarnContext(c.Request.Context(), "too many requests", "request", requestID(c), "by", l.name)
		s.fail(c, &retryError{edge(codeTooFast, "Too many requests at once: wait a little, then go on more slowly."), wait})
	}
}

// holdAddress bounds the requests from one address, before anything is looked up for them. Live sessions are left alone: there are
// only so many, and a result that waits is worth nothing.
func (s *Server) holdAddress(c *gin.Context) {
	if c.Request.Method == http.MethodOptions || s.unheld[c.Request.Method+" "+c.FullPath()] {
		return
	}
	s.hold(c, s.byAddress, address(c))
}

// holdPrincipal bounds the requests of one person or program.
func (s *Server) holdPrincipal(c *gin.Context) {
	if id := actor(c).ID; id != "" && !c.IsAborted() && !s.unheld[c.Request.Method+" "+c.FullPath()] {
		s.hold(c, s.byPrincipal, id)
	}
}
