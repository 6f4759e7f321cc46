package hook

import (
	"net/http"
	"strconv"
	"time"
)

// Tries says how often and how long a message is tried.
type Tries struct {
	First time.Duration // before the second attempt; each later pause is three times as long
	Most  time.Duration // the longest pause
	Until time.Duration // from the first attempt on; then it is given up
}

// Days are the usual tries: after 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h and then every 6 h for five days, as long as a
// receiver may be away over a long weekend.
var Days = Tries{First: 5 * time.Second, Most: 6 * time.Hour, Until: 5 * 24 * time.Hour}

// Pause returns how long to wait after a number of failed attempts. dice, from 0 to 1, takes up to a fifth off or adds it, so that
// messages that failed together do not come back together.
func (t Tries) Pause(failed int, dice float64) time.Duration {
	pause := t.First
	for range failed - 1 {
		if pause *= 3; pause >= t.Most {
			pause = t.Most
			break
		}
	}
	return time.Duration(float64(pause) * (0.8 + 0.4*dice))
}

// RetryAfter reads how long the receiver asks to be left alone (RFC 9110, section 10.2.3), a day at most; 0 where it does not.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.Atoi(text); err == nil {
		d = time.Duration(min(max(n, 0), 86400)) * time.Second
	} else if t, err := http.ParseTime(text); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}
