package harness_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// graphCase is a class of faults of the tenant.
type graphCase struct {
	name   string
	on     func(x *exchange) bool // which requests it may befall; nil stands for all
	do     func(w http.ResponseWriter, x *exchange)
	writes bool // it is about writes, which only an apply makes
	quiet  bool // it is noticed by a silence
	mild   bool // nothing is wrong in the end: a plan must come of it
}

// graphScript is a case put in; see [ldapScript].
type graphScript struct {
	*graphCase
	at   int32
	ever bool
	seen atomic.Int32
}

func (s *graphScript) fault(w http.ResponseWriter, x *exchange) bool {
	if s.on != nil && !s.on(x) || x.writes != s.writes {
		return false
	}
	n := s.seen.Add(1)
	if s.at == 0 || n != s.at && !(s.ever && n > s.at) {
		return false
	}
	s.do(w, x)
	return true
}

// answers is a fault that is a whole reply.
func answers(status int, body string, headers ...string) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

func errorBody(code, message string) string {
	b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message}})
	return string(b)
}

// altered is what the lab replies with its body changed.
func altered(change func(body string, x *exchange) string) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		rec := x.do()
		body := change(rec.Body.String(), x)
		rec.Body = bytes.NewBufferString(body)
		rec.Header().Del("Content-Length")
		send(w, rec)
	}
}

// document changes a reply as JSON.
func document(change func(doc map[string]any, x *exchange)) func(http.ResponseWriter, *exchange) {
	return altered(func(body string, x *exchange) string {
		var doc map[string]any
		if json.Unmarshal([]byte(body), &doc) != nil {
			return body
		}
		change(doc, x)
		b, _ := json.Marshal(doc)
		return string(b)
	})
}

// responses changes the parts of a batch's reply.
func responses(change func(parts []any) []any) func(http.ResponseWriter, *exchange) {
	return document(func(doc map[string]any, _ *exchange) {
		if parts, ok := doc["responses"].([]any); ok {
			doc["responses"] = change(parts)
		}
	})
}

// parts makes every reply of a batch, after it was carried out or instead, one of a status.
func parts(carriedOut bool, status int, body string, headers map[string]string) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		if carriedOut {
			x.do()
		}
		var batch struct{ Requests []struct{ ID string } }
		json.Unmarshal(x.body, &batch)
		var list []any
		for _, r := range batch.Requests {
			list = append(list, map[string]any{"id": r.ID, "status": status, "headers": headers,
				"body": json.RawMessage(body)})
		}
		b, _ := json.Marshal(map[string]any{"responses": list})
		answers(http.StatusOK, string(b))(w, x)
	}
}

func isList(x *exchange) bool  { return x.list() }
func isBatch(x *exchange) bool { return strings.HasSuffix(x.r.URL.Path, "/$batch") }

// cutOff sends a part of a reply whose length says more.
func cutOff(w http.ResponseWriter, x *exchange) {
	rec := x.do()
	body := rec.Body.Bytes()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", itoa(len(body)+1))
	w.WriteHeader(rec.Code)
	w.Write(body[:len(body)*2/3])
	reset(w)
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// zipped sends a reply packed, and only the first share of that.
func zipped(share float64) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		rec := x.do()
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(rec.Body.Bytes())
		z.Close()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(rec.Code)
		w.Write(b.Bytes()[:int(float64(b.Len())*share)])
	}
}

// hangs waits until the client gives up.
func hangs(x *exchange) {
	select {
	case <-x.r.Context().Done():
	case <-time.After(5 * time.Second):
	}
}

// dripped is a reply that comes in small pieces.
func dripped(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rec.Code)
	flusher, _ := w.(http.Flusher)
	for i, piece := range bytes.SplitAfter(rec.Body.Bytes(), []byte(",")) {
		if i < 20 {
			time.Sleep(time.Millisecond)
		}
		w.Write(piece)
		flusher.Flush()
	}
}

// nextLink replaces the address of the next page.
func nextLink(link func(x *exchange) string) func(http.ResponseWriter, *exchange) {
	return document(func(doc map[string]any, x *exchange) { doc["@odata.nextLink"] = link(x) })
}

const page = "<!DOCTYPE html><html><body><h1>Proxy authentication</h1></body></html>"

// graphCases are the faults of the tenant.
func graphCases() []*graphCase {
	list := append(graphRefusals(), brokenReplies()...)
	return append(append(list, wrongPages()...), batchFaults()...)
}

// graphRefusals are requests that are turned away.
func graphRefusals() []*graphCase {
	busy := errorBody("TooManyRequests", "Please retry again later.")
	return []*graphCase{
		{name: "500", do: answers(500, errorBody("InternalServerError", "x"))},
		{name: "502 with a page", do: answers(502, page, "Content-Type", "text/html")},
		{name: "503", do: answers(503, errorBody("ServiceUnavailable", "x"), "Retry-After", "2")},
		{name: "504", do: answers(504, "")},
		{name: "429 in seconds", do: answers(429, busy, "Retry-After", "3")},
		{name: "429 with a fraction", do: answers(429, busy, "Retry-After", "0.5")},
		{name: "429 with a date", do: answers(429, busy, "Retry-After",
			time.Now().Add(3*time.Second).UTC().Format(http.TimeFormat))},
		{name: "429 with a date that is over", do: answers(429, busy, "Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT")},
		{name: "429 without a time", do: answers(429, busy)},
		{name: "429 for a million seconds", do: answers(429, busy, "Retry-After", "1000000")},
		{name: "429 for less than nothing", do: answers(429, busy, "Retry-After", "-5")},
		{name: "429 for nonsense", do: answers(429, busy, "Retry-After", "soon")},
		{name: "400", do: answers(400, errorBody("Request_BadRequest", "x"))},
		{name: "401 token expired", do: answers(401, errorBody("InvalidAuthenticationToken", "Lifetime validation failed"),
			"WWW-Authenticate", `Bearer error="invalid_token"`)},
		{name: "403", do: answers(403, errorBody("Authorization_RequestDenied", "Insufficient privileges"))},
		{name: "404", on: isList, do: answers(404, errorBody("Request_ResourceNotFound", "x"))},
		{name: "409", do: answers(409, errorBody("Conflict", "x"))},
		{name: "412", do: answers(412, errorBody("PreconditionFailed", "x"))},
		{name: "418", do: answers(418, "")},
		{name: "error without details", do: answers(400,
			`{"error":{"code":null,"message":null,"details":[null],"innerError":null}}`)},
		{name: "error that is a text", do: answers(400, `{"error":"no"}`)},
		{name: "redirect elsewhere", do: answers(302, "", "Location", "https://evil.example/")},
		{name: "redirect in a circle", do: func(w http.ResponseWriter, x *exchange) {
			answers(302, "", "Location", x.r.URL.RequestURI())(w, x)
		}},
	}
}

// brokenReplies do not arrive, or not as they were sent.
func brokenReplies() []*graphCase {
	return []*graphCase{
		{name: "reset before", do: func(w http.ResponseWriter, _ *exchange) { reset(w) }},
		{name: "reset after", do: func(w http.ResponseWriter, x *exchange) { x.do(); reset(w) }},
		{name: "closed before", do: func(http.ResponseWriter, *exchange) { panic(http.ErrAbortHandler) }},
		{name: "silence", quiet: true, do: func(_ http.ResponseWriter, x *exchange) {
			hangs(x)
			panic(http.ErrAbortHandler)
		}},
		{name: "silence in the body", quiet: true, do: func(w http.ResponseWriter, x *exchange) {
			rec := x.do()
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(rec.Code)
			w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
			w.(http.Flusher).Flush()
			hangs(x)
			panic(http.ErrAbortHandler)
		}},
		{name: "a slow drip", mild: true, do: func(w http.ResponseWriter, x *exchange) { dripped(w, x.do()) }},
		{name: "cut off", do: cutOff},
		{name: "packed", mild: true, do: zipped(1)},
		{name: "packed and cut off", do: zipped(0.6)},
		{name: "packed by name only", do: func(w http.ResponseWriter, x *exchange) {
			rec := x.do()
			rec.Header().Set("Content-Encoding", "gzip")
			send(w, rec)
		}},
		{name: "half a document", do: altered(func(b string, _ *exchange) string { return b[:len(b)/2] })},
		{name: "a document and more", do: altered(func(b string, _ *exchange) string { return b + "}" })},
		{name: "a page of a proxy", do: answers(200, page, "Content-Type", "text/html")},
		{name: "a page of a proxy as JSON", do: answers(200, page)},
		{name: "another content type", mild: true, do: func(w http.ResponseWriter, x *exchange) {
			rec := x.do()
			rec.Header().Set("Content-Type", "text/plain")
			send(w, rec)
		}},
		{name: "204", do: answers(204, "")},
		{name: "an empty body", do: answers(200, "")},
		{name: "null", do: answers(200, "null")},
		{name: "a list", do: answers(200, "[]")},
		{name: "an empty object", do: answers(200, "{}")},
		{name: "brackets", do: answers(200, strings.Repeat("[", 100_000))},
	}
}

// wrongPages are lists that are not what they should be.
func wrongPages() []*graphCase {
	return []*graphCase{
		{name: "value is null", on: isList, do: document(func(d map[string]any, _ *exchange) { d["value"] = nil })},
		{name: "value is no list", on: isList, do: document(func(d map[string]any, _ *exchange) {
			d["value"] = map[string]any{}
		})},
		{name: "no value", on: isList, do: document(func(d map[string]any, _ *exchange) { delete(d, "value") })},
		{name: "an object that is null", on: isList, do: document(func(d map[string]any, _ *exchange) {
			if v, ok := d["value"].([]any); ok {
				d["value"] = append(v, nil)
			}
		})},
		{name: "an object without id", on: usersWithOne, do: document(func(d map[string]any, _ *exchange) {
			if v, ok := d["value"].([]any); ok && len(v) > 0 {
				delete(v[0].(map[string]any), "id")
			}
		})},
		{name: "a member of another type", on: usersWithOne, do: document(func(d map[string]any, _ *exchange) {
			if v, ok := d["value"].([]any); ok && len(v) > 0 {
				v[0].(map[string]any)["displayName"] = map[string]any{"x": 1}
			}
		})},
		{name: "next page elsewhere", on: isList, do: nextLink(func(*exchange) string {
			return "https://evil.example/v1.0/users"
		})},
		{name: "next page nowhere", on: isList, do: nextLink(func(*exchange) string { return ":::" })},
		{name: "next page is a number", on: isList, do: document(func(d map[string]any, _ *exchange) {
			d["@odata.nextLink"] = 7
		})},
		{name: "the same page again", on: isList, do: nextLink(func(x *exchange) string {
			return "http://" + x.r.Host + x.r.URL.RequestURI()
		})},
		{name: "fewer than counted", on: usersWithOne, do: document(func(d map[string]any, _ *exchange) {
			if v, ok := d["value"].([]any); ok {
				d["value"] = v[:0]
			}
			delete(d, "@odata.nextLink")
		})},
	}
}

// usersWithOne reports a list of living users.
func usersWithOne(x *exchange) bool {
	return x.list() && strings.HasSuffix(x.r.URL.Path, "/users")
}

// batchFaults are replies to batches, of which those that write come last.
func batchFaults() []*graphCase {
	var list []*graphCase
	both := func(c graphCase) {
		c.on = isBatch
		list = append(list, &c)
		w := c
		w.name, w.writes, w.mild = "write: "+c.name, true, false
		list = append(list, &w)
	}
	both(graphCase{name: "a part missing", do: responses(func(p []any) []any { return p[1:] })})
	both(graphCase{name: "all parts missing", do: responses(func([]any) []any { return []any{} })})
	both(graphCase{name: "parts in another order", mild: true, do: responses(func(p []any) []any {
		for i := range len(p) / 2 {
			p[i], p[len(p)-1-i] = p[len(p)-1-i], p[i]
		}
		return p
	})})
	both(graphCase{name: "a part that nobody asked for", mild: true, do: responses(func(p []any) []any {
		return append(p, map[string]any{"id": "99", "status": 204})
	})})
	both(graphCase{name: "parts that are null", do: responses(func(p []any) []any { return make([]any, len(p)) })})
	both(graphCase{name: "no responses", do: document(func(d map[string]any, _ *exchange) { d["responses"] = nil })})
	both(graphCase{name: "parts without a status", do: responses(func(p []any) []any {
		for _, x := range p {
			delete(x.(map[string]any), "status")
		}
		return p
	})})
	soon := map[string]string{"Retry-After": "2"}
	both(graphCase{name: "parts: 429", do: parts(false, 429, errorBody("TooManyRequests", "x"), soon)})
	both(graphCase{name: "parts: 424", do: parts(false, 424, errorBody("FailedDependency", "x"), nil)})
	both(graphCase{name: "parts: 503", do: parts(false, 503, errorBody("ServiceUnavailable", "x"), nil)})
	both(graphCase{name: "parts: 403", do: parts(false, 403, errorBody("Authorization_RequestDenied", "x"), nil)})
	both(graphCase{name: "parts: 401", do: parts(false, 401, errorBody("InvalidAuthenticationToken", "x"), nil)})
	for _, c := range append(graphRefusals(), brokenReplies()...) { // of whole batches that write
		w := *c
		w.name, w.writes, w.mild = "write: "+c.name, true, false
		list = append(list, &w)
	}
	writes := func(name string, do func(http.ResponseWriter, *exchange)) {
		list = append(list, &graphCase{name: "write: " + name, writes: true, on: isBatch, do: do})
	}
	writes("carried out, told as 504", parts(true, 504, errorBody("GatewayTimeout", "x"), nil))
	writes("carried out, told as 500", parts(true, 500, errorBody("InternalServerError", "x"), nil))
	writes("carried out, told as 429", parts(true, 429, errorBody("TooManyRequests", "x"), soon))
	writes("carried out, then 502", func(w http.ResponseWriter, x *exchange) { x.do(); answers(502, page)(w, x) })
	writes("two parts of one id", responses(func(p []any) []any { return append(p, p[0]) }))
	writes("success without a body", parts(true, 204, "null", nil))
	writes("parts: 409", parts(false, 409, errorBody("Conflict", "x"), nil))
	writes("parts: 412", parts(false, 412, errorBody("PreconditionFailed", "x"), nil))
	writes("parts: 404", parts(false, 404, errorBody("Request_ResourceNotFound", "Resource 'x' does not exist"), nil))
	writes("parts: 400", parts(false, 400, errorBody("Request_BadRequest", "A conflicting object"), nil))
	return list
}
