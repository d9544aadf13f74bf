package graphd

import (
	"bytes"
	"compress/gzip"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request body read: a batch of 20 large objects fits many times.
const maxBody = 4 << 20

// server serves one tenant.
type server struct {
	t     *Tenant
	table []*route
}

// Handler serves Graph below /v1.0 and the token endpoint below /{tenant}. Behind it HTTP/1.1 is the faster protocol for
// large pages.
func (t *Tenant) Handler() http.Handler {
	return &server{t: t, table: routes()}
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.t.faults.delay(r.Context()) {
		return
	}
	version, rest := graphVersion(r.URL.EscapedPath())
	if version == "" {
		s.t.serveOAuth(w, r)
		return
	}
	requestID, clientID := randomGUID().String(), r.Header.Get("client-request-id")
	if clientID == "" {
		clientID = requestID
	}
	h := w.Header()
	h.Set("Date", s.t.opts.Tells().UTC().Format(http.TimeFormat))
	h.Set("request-id", requestID)
	h.Set("OData-Version", "4.0")
	if !strings.EqualFold(r.Header.Get("return-client-request-id"), "false") {
		h.Set("client-request-id", clientID)
	}
	body, e := readBody(w, r)
	who, authorized := s.authorized(r)
	var re reply
	switch {
	case e != nil:
	case !authorized:
		e = &Error{Status: 401, Code: "InvalidAuthenticationToken", Message: "Access token has expired or is not yet valid."}
		if r.Header.Get("Authorization") == "" {
			e.Message = "Access token is empty."
		}
		h.Set("WWW-Authenticate", "Bearer")
	default:
		re, e = s.answer(r, who, version, rest, body, requestID, clientID)
	}
	if e != nil {
		re = errorReply(e, s.t.opts.Now(), requestID, clientID)
	}
	s.send(w, r, re)
}

// graphVersion takes the version off a path, "" if it is none of Graph. What is served is v1.0, which is the same in beta for what
// clients ask there.
func graphVersion(path string) (version, rest string) {
	for _, version := range []string{"/v1.0", "/beta"} {
		if rest, ok := strings.CutPrefix(path, version); ok && (rest == "" || rest[0] == '/') {
			return version, rest
		}
	}
	return "", path
}

// answer routes a request from the wire: a batch or a single one.
func (s *server) answer(r *http.Request, who caller, version, path string, body []byte, requestID, clientID string) (reply, *Error) {
	root := "https://" + r.Host + version
	if strings.EqualFold(path, "/$batch") {
		s.t.stats.request(r.Method + " /$batch")
		if r.Method != http.MethodPost {
			return reply{}, &Error{Status: 405, Code: "Request_BadRequest", Message: "Specified HTTP method is not allowed for the request target."}
		}
		return s.batch(who, body, root, requestID, clientID)
	}
	target := path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	rq, e := newRequest(r.Method, target, root, r.Header, body)
	if e != nil {
		return reply{}, e
	}
	rq.caller = who
	return s.risk(r.Method != http.MethodGet, func() (reply, *Error) { return s.serve(rq) })
}

// serve carries out one request, alone or of a batch, with the faults that are on.
func (s *server) serve(rq *request) (reply, *Error) {
	t := s.t
	if e := find(s.table, rq); e != nil {
		t.stats.request(rq.method + " (unknown)")
		return reply{}, e
	}
	write := rq.route.isWrite()
	t.stats.request(rq.method + " " + rq.route.path)
	if write {
		t.stats.write()
	}
	header, e := t.faults.admit(rq, t)
	if e != nil {
		return reply{}, e
	}
	before, after := t.faults.drops(write)
	if before {
		return reply{drop: true}, nil
	}
	re, e := rq.route.handler(t, rq)
	if after {
		return reply{drop: true}, nil
	}
	if e != nil {
		if e.Header == nil {
			e.Header = header
		}
		return reply{}, e
	}
	re.header = header
	if re.status == http.StatusCreated {
		re.header = located(re, rq)
	}
	if strings.Contains(strings.ToLower(rq.header.Get("Accept")), "odata.metadata=none") {
		re.body = withoutContext(re.body)
	}
	return re, nil
}

// located are a reply's headers with the address of what was created (UNVERIFIED: the service names it below /v2/TENANT).
func located(re reply, rq *request) http.Header {
	h := re.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	var o struct{ ID string }
	if json.Unmarshal(re.body, &o) == nil && o.ID != "" {
		h.Set("Location", rq.root+"/directoryObjects/"+o.ID)
	}
	return h
}

// withoutContext is a body without the context that stands before everything else.
func withoutContext(body []byte) []byte {
	const begin = `{"@odata.context":"`
	if !bytes.HasPrefix(body, []byte(begin)) {
		return body
	}
	end := bytes.Index(body[len(begin):], []byte(`",`))
	if end < 0 {
		return body
	}
	return append([]byte("{"), body[len(begin)+end+len(`",`):]...)
}

func errorReply(e *Error, now time.Time, requestID, clientID string) reply {
	return reply{status: e.Status, header: e.Header, body: e.body(now, requestID, clientID)}
}

func (s *server) authorized(r *http.Request) (caller, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return 0, false
	}
	if static := s.t.opts.AccessToken; static != "" && subtle.ConstantTimeCompare([]byte(token), []byte(static)) == 1 {
		return anyCaller, true
	}
	return s.t.tokens.bearer(token, s.t.faults.tokenLife())
}

// send writes a reply, or does what a fault wants instead.
func (s *server) send(w http.ResponseWriter, r *http.Request, re reply) {
	if re.pooled != nil {
		defer buffers.Put(re.pooled)
	}
	if re.drop {
		panic(http.ErrAbortHandler) // net/http's way to break the connection without a reply
	}
	h := w.Header()
	for name, values := range re.header {
		h[name] = values
	}
	if len(re.body) > 0 {
		if re.contentType == "" {
			re.contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
		}
		h.Set("Content-Type", re.contentType)
	}
	if s.t.opts.Gzip && len(re.body) > 1024 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(re.status)
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		z.Write(re.body)
		z.Close()
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(re.body)))
	w.WriteHeader(re.status)
	if re.list && s.t.faults.cutPage() {
		w.Write(re.body[:len(re.body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Write(re.body) // a client that went away is no concern of the server's
}
