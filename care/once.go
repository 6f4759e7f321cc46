package care

import "time"

// OnceLife is how long an answer is kept for a request that comes again with the same key.
const OnceLife = 24 * time.Hour

// Once is a request that was sent with a key of the client's, so that it is done once however often it comes.
type Once struct {
	ID          string    // of whoever asks and their key: a hash
	Fingerprint string    // of the request
	BegunAt     time.Time // for the first time
	Answer      string    // what was answered; empty while it is being done, or where it is not kept
	Status      int       // of the answer; 0 while it is being done
}

// OnceBusy is how long a request that has no answer yet is taken to be under way. After that the server was stopped amid it.
const OnceBusy = time.Minute
