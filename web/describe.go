package web

import (
	"fmt"
	"reflect"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// doc describes a route to those who call it. The document at /api/v1/openapi.json is made of these descriptions, of the Go types
// that they name and of the comments on them; what a handler reads and answers is compared with it, so that the two cannot part
// (see docs/decisions/0072).
type doc struct {
	id     string      // operation id; the handler's name where empty
	about  string      // what it does, in a few words that begin with a verb
	more   string      // what else there is to know: plain sentences, an empty line between paragraphs
	query  []param     // what the query may hold
	takes  any         // a value of the type that the body is read into; media for one that is no JSON; nil for no body
	omits  []string    // members of that type that this address does not know
	needs  []string    // members without which it is refused
	sample string      // an example of the body; $name stands for what was learnt before, as in a shell
	gives  any         // a value of the type that is answered; media for one that is no JSON; nil for no body
	list   string      // the answer is an object whose member of this name lists values of that type
	also   []media     // other kinds of body that can be asked for
	status int         // of success; 200, or 204 without a body, where left out
	again  bool        // 200 where the same was done before
	quiet  bool        // 204 where there is nothing to answer
	tag    bool        // the answer has an ETag
	match  bool        // If-Match is needed
	cached bool        // 304 where If-None-Match has the ETag: only where the ETag tells all that is answered
	secret bool        // the answer shows a secret once: it is not kept for an Idempotency-Key
	paged  bool        // the list comes in pages where limit or cursor ask for them
	unheld bool        // no rate limit
	fails  []care.Code // refusals that do not follow from the rest
	asks   string      // an example's query
	sends  []string    // an example's further options for curl
	manual string      // why there is no example: only a browser can do it
}

// media is a kind of body that is no JSON.
type media string

// param is one member of a query. Like is a value of its type.
type param struct {
	name, about string
	like        any
}

// group marks the routes of one subject, under whose name the document lists them.
func group(name string, routes ...route) []route {
	for i := range routes {
		routes[i].group = name
	}
	return routes
}

// groups are the subjects in the order of the document.
var groups = []struct{ name, about string }{
	{"Signing in", "Who one is, and the secrets that prove it."},
	{"Staff, sites, tablets", "Who works where, and on which tablets a PIN opens anything."},
	{"Residents", "Who lives in the home, what they consented to, and what their face measures at ease."},
	{"Live sessions", "The camera: video in, results out."},
	{"Assessments", "What was seen, and what a carer made of it."},
	{"Scales", "The pain scales in use."},
	{"Relief", "What was done against pain, and whether it helped."},
	{"Rounds", "When to look, and what is due."},
	{"Reports and trail", "How well it is done, who did what, and erasing an identity."},
	{"Changes", "What changed since one looked last."},
	{"Webhooks", "Other programs' addresses that are told of changes."},
	{"Connected programs", "Care platforms and other programs, and what they may see."},
	{"This interface", "Its own description."},
}

const routeKey = "route"

// know remembers the route that a request came by.
func know(r *route) gin.HandlerFunc { return func(c *gin.Context) { c.Set(routeKey, r) } }

// routeOf returns the route that a request came by, nil outside /api/v1.
func routeOf(c *gin.Context) *route {
	v, _ := c.Get(routeKey)
	r, _ := v.(*route)
	return r
}

// described refuses to read a body into another type than the one that the route's description shows.
func described(c *gin.Context, v any) error {
	r := routeOf(c)
	if r == nil {
		return nil
	}
	if got, want := reflect.TypeOf(v).Elem(), reflect.TypeOf(r.doc.takes); got != want {
		return fmt.Errorf("%s %s reads a %v and is described with a %v", r.method, r.path, got, want)
	}
	return nil
}
