package web

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/stream"
	"wince/web/fhir"
)

// The codes of failures that only exist at the edge of HTTP.
const (
	codeMalformed       care.Code = "malformed"
	codeTooLarge        care.Code = "too_large"
	codeMediaType       care.Code = "unsupported_media_type"
	codeRoute           care.Code = "no_such_address"
	codeMethod          care.Code = "method_not_allowed"
	codeSignIn          care.Code = "sign_in"
	codePassword        care.Code = "wrong_password"
	codePIN             care.Code = "wrong_pin"
	codeNotEnrolled     care.Code = "not_enrolled"
	codePasskey         care.Code = "passkey"
	codeNoPasskeys      care.Code = "no_passkeys"
	codeNoProvider      care.Code = "no_provider"
	codeNoSMART         care.Code = "no_smart"
	codeBusy            care.Code = "busy"
	codeTooMany         care.Code = "too_many_exports"
	codeProvider        care.Code = "provider_away"
	codeProviderSaid    care.Code = "provider_refused"
	codeNoAccount       care.Code = "no_account"
	codeLockedOut       care.Code = "locked_out"
	codeCrossSite       care.Code = "cross_site"
	codeOtherPerson     care.Code = "other_person"
	codeIfMatch         care.Code = "if_match_missing"
	codeNotObserved     care.Code = "not_observed"
	codeNotTaken        care.Code = "baseline_not_taken"
	codeKeyReused       care.Code = "key_reused"
	codeKeyBusy         care.Code = "key_busy"
	codeKeySpent        care.Code = "key_spent"
	codeTooFast         care.Code = "too_many_requests"
	codeTooSlow         care.Code = "too_slow"
	codeInternal        care.Code = "internal"
	problemContent                = "application/problem+json"
	internalErrorDetail           = "Something went wrong in the server: try again, and tell whoever runs the server the request id if it stays so."
)

// problemKinds is the one table from a failure's code to what HTTP says of it (RFC 9110, RFC 9457, for WHIP RFC 9725).
var problemKinds = map[care.Code]struct {
	status int
	title  string
}{
	care.Invalid:         {http.StatusUnprocessableEntity, "A value is not allowed"},
	care.NotFound:        {http.StatusNotFound, "Not found"},
	care.Conflict:        {http.StatusConflict, "Another record is in the way"},
	care.Stale:           {http.StatusPreconditionFailed, "Changed meanwhile"},
	care.Forbidden:       {http.StatusForbidden, "Not allowed"},
	care.PasswordNeeded:  {http.StatusForbidden, "A PIN is not enough"},
	care.Disabled:        {http.StatusForbidden, "Account closed"},
	care.PINLocked:       {http.StatusForbidden, "PIN locked"},
	care.LastAdmin:       {http.StatusConflict, "The last administrator"},
	care.Invitation:      {http.StatusForbidden, "Invitation not valid"},
	care.EnrolmentCode:   {http.StatusForbidden, "Code not valid"},
	care.NoConsent:       {http.StatusForbidden, "Consent is missing"},
	care.RateFirst:       {http.StatusConflict, "Rate first"},
	care.Incomplete:      {http.StatusConflict, "Items are open"},
	care.ClockBack:       {http.StatusServiceUnavailable, "The server's clock is wrong"},
	care.ScaleFile:       {http.StatusUnprocessableEntity, "Scale definition not valid"},
	care.Erased:          {http.StatusGone, "Identity erased"},
	care.ChangesGone:     {http.StatusGone, "Read everything again"},
	care.AlreadyFinal:    {http.StatusConflict, "Confirmed already"},
	care.SetUpDone:       {http.StatusConflict, "Set up already"},
	care.SetUpToken:      {http.StatusForbidden, "Set-up link not valid"},
	care.StorageReadOnly: {http.StatusServiceUnavailable, "The server cannot save"},
	care.StorageFull:     {http.StatusInsufficientStorage, "The server's disk is full"},
	care.StorageNewer:    {http.StatusServiceUnavailable, "The database is newer than the program"},
	care.Storage:         {http.StatusServiceUnavailable, "The database does not answer"},

	codeMalformed:    {http.StatusBadRequest, "Request not understood"},
	codeTooLarge:     {http.StatusRequestEntityTooLarge, "Request too large"},
	codeMediaType:    {http.StatusUnsupportedMediaType, "Wrong content type"},
	codeRoute:        {http.StatusNotFound, "No such address"},
	codeMethod:       {http.StatusMethodNotAllowed, "Method not allowed"},
	codeSignIn:       {http.StatusUnauthorized, "Not signed in"},
	codePassword:     {http.StatusUnauthorized, "Name or password wrong"},
	codePIN:          {http.StatusUnauthorized, "PIN wrong"},
	codeNotEnrolled:  {http.StatusForbidden, "Tablet not enrolled"},
	codePasskey:      {http.StatusUnauthorized, "Passkey not accepted"},
	codeNoPasskeys:   {http.StatusNotFound, "Passkeys are not set up"},
	codeTooMany:      {http.StatusTooManyRequests, "Too many exports"},
	codeBusy:         {http.StatusServiceUnavailable, "Busy with others"},
	codeNoSMART:      {http.StatusNotFound, "Signing in with keys is not set up"},
	codeNoProvider:   {http.StatusNotFound, "No identity provider"},
	codeProvider:     {http.StatusBadGateway, "Identity provider does not answer"},
	codeProviderSaid: {http.StatusUnauthorized, "Identity provider did not sign in"},
	codeNoAccount:    {http.StatusForbidden, "No account here"},
	codeLockedOut:    {http.StatusTooManyRequests, "Too many attempts"},
	codeCrossSite:    {http.StatusForbidden, "Request from another site"},
	codeOtherPerson:  {http.StatusConflict, "Somebody else is signed in"},
	codeIfMatch:      {http.StatusPreconditionRequired, "If-Match is missing"},
	codeNotObserved:  {http.StatusConflict, "Nothing observed yet"},
	codeNotTaken:     {http.StatusConflict, "No baseline taken"},
	codeKeyReused:    {http.StatusUnprocessableEntity, "Key of another request"},
	codeKeyBusy:      {http.StatusConflict, "Request is being done"},
	codeKeySpent:     {http.StatusConflict, "Request was done before"},
	codeTooFast:      {http.StatusTooManyRequests, "Too many requests"},
	codeTooSlow:      {http.StatusRequestTimeout, "Request too slow"},
	codeInternal:     {http.StatusInternalServerError, "Server error"},

	// Of FHIR.
	codeNotAcceptable: {http.StatusNotAcceptable, "No such form"},
	codeParameter:     {http.StatusBadRequest, "No such search parameter"},
	codeValue:         {http.StatusBadRequest, "A search value is not allowed"},
	codeProcessing:    {http.StatusUnprocessableEntity, "Content not allowed"},

	care.Code(stream.CodeOfferTooLarge):   {http.StatusRequestEntityTooLarge, "Offer too large"},
	care.Code(stream.CodeOfferUnreadable): {http.StatusBadRequest, "Offer not readable"},
	care.Code(stream.CodeOfferNoVideo):    {http.StatusUnprocessableEntity, "Offer without video"},
	care.Code(stream.CodeOfferCodec):      {http.StatusUnprocessableEntity, "No codec in common"},
	care.Code(stream.CodeOfferDirection):  {http.StatusUnprocessableEntity, "Offer sends nothing"},
	care.Code(stream.CodeAtCapacity):      {http.StatusServiceUnavailable, "All places are taken"},
	care.Code(stream.CodeStreamConflict):  {http.StatusConflict, "Another tablet is sending"},
	care.Code(stream.CodeNoStream):        {http.StatusConflict, "No camera connected"},
	care.Code(stream.CodeSessionExists):   {http.StatusConflict, "Session exists"},
	care.Code(stream.CodeSessionUnknown):  {http.StatusNotFound, "No such session"},
	care.Code(stream.CodeSessionClosed):   {http.StatusGone, "Session has ended"},
	care.Code(stream.CodePeerUnknown):     {http.StatusNotFound, "Connection has ended"},
	care.Code(stream.CodeFragment):        {http.StatusBadRequest, "Change not readable"},
	care.Code(stream.CodeICEOutdated):     {http.StatusPreconditionFailed, "Connection changed meanwhile"},
	care.Code(stream.CodeCaptureRunning):  {http.StatusConflict, "Observation is running"},
	care.Code(stream.CodeCaptureLength):   {http.StatusUnprocessableEntity, "Length not allowed"},
	care.Code(stream.CodeBaseline):        {http.StatusConflict, "Baseline outdated"},
	care.Code(stream.CodeBaselineLate):    {http.StatusConflict, "Camera runs already"},
}

// problem is a failure as RFC 9457 writes it.
type problem struct {
	Type    string    `json:"type"`
	Title   string    `json:"title"`
	Status  int       `json:"status"`
	Detail  string    `json:"detail"`
	Code    care.Code `json:"code"`
	Field   string    `json:"field,omitempty"`
	Request string    `json:"request_id,omitempty"`
}

// edge makes an error of this package.
func edge(code care.Code, text string) error { return &care.Error{Code: code, Text: text} }

// retryError is an error with the time after which trying again makes sense.
type retryError struct {
	error
	after time.Duration
}

func (e *retryError) Unwrap() error { return e.error }

// fail ends the request with a problem. What the client gets to see is the code's title and the error's sentence, never the
// cause; the cause of a server error goes to the log.
func (s *Server) fail(c *gin.Context, err error) {
	p := problem{Code: codeInternal, Detail: internalErrorDetail, Request: requestID(c)}
	var known *care.Error
	var live *stream.Error
	var tooLarge *http.MaxBytesError
	var issues fhir.Issues
	switch {
	case errors.As(err, &issues):
		p.Code, p.Detail = codeProcessing, issues.Error()
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.Code, p.Detail = codeTooSlow, "The request did not come in time: send it again, at once."
		c.Header("Connection", "close")
		s.log.WarnContext(c.Request.Context(), "request too slow", "request", p.Request)
	case errors.As(err, &tooLarge):
		p.Code, p.Detail = codeTooLarge, "The request is larger than "+strconv.FormatInt(tooLarge.Limit>>10, 10)+" KB: send less at once."
	case errors.As(err, &known):
		p.Code, p.Detail, p.Field = known.Code, known.Text, known.Field
	case errors.As(err, &live):
		p.Code, p.Detail = care.Code(live.Code), live.Text
		if live.RetryAfter > 0 {
			err = &retryError{err, live.RetryAfter}
		}
	}
	kind, ok := problemKinds[p.Code]
	if !ok {
		p.Code, p.Detail = codeInternal, internalErrorDetail
		kind = problemKinds[codeInternal]
	}
	p.Title, p.Status = kind.title, kind.status
	p.Type = "/api/v1/problems#" + string(p.Code)
	var retry *retryError
	if errors.As(err, &retry) {
		c.Header("Retry-After", strconv.Itoa(max(1, int(math.Ceil(retry.after.Seconds())))))
	}
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(c.Request.Context().Err(), context.Canceled):
		c.Set(leftKey, true)
		s.log.InfoContext(c.Request.Context(), "whoever asked has left", "request", p.Request, "error", err)
	case kind.status >= 500:
		s.log.ErrorContext(c.Request.Context(), "request failed", "request", p.Request, "code", p.Code, "error", err)
	}
	if c.Writer.Written() {
		c.Abort()
		return
	}
	if kind.status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="wince"`)
	}
	if inFHIR(c) {
		s.writeFHIRFailure(c, &p, err)
		return
	}
	body, merr := json.Marshal(p)
	if merr != nil { // cannot happen: strings and a number
		body = []byte("{}")
	}
	c.Data(kind.status, problemContent, body)
	c.Abort()
}

// problemKind is one code of the table, and what HTTP says of it.
type problemKind struct {
	Code   care.Code `json:"code"`
	Status int       `json:"status"`
	Title  string    `json:"title"`
}

// problems lists the codes, so that a problem's type leads somewhere.
func (s *Server) problems(c *gin.Context) {
	rows := make([]problemKind, 0, len(problemKinds))
	for code, k := range problemKinds {
		rows = append(rows, problemKind{code, k.status, k.title})
	}
	slices.SortFunc(rows, func(a, b problemKind) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
	c.JSON(http.StatusOK, gin.H{"problems": rows})
}
