package graphd

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxBatch is how many requests one batch may hold.
const maxBatch = 20

// batchItem is one request of a batch.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`

	status int // 0 until done
}

// batch answers POST /$batch. Its requests run one after the other, those that depend on others after these.
func (s *server) batch(who caller, body []byte, root, requestID, clientID string) (reply, *Error) {
	items, e := parseBatch(body)
	if e != nil {
		return reply{}, e
	}
	writes := slices.ContainsFunc(items, func(it *batchItem) bool { return !strings.EqualFold(it.Method, http.MethodGet) })
	return s.risk(writes, func() (reply, *Error) { return s.runBatch(who, items, root, requestID, clientID) })
}

func (s *server) runBatch(who caller, items []*batchItem, root, requestID, clientID string) (reply, *Error) {
	byID := map[string]*batchItem{}
	for _, it := range items {
		byID[strings.ToLower(it.ID)] = it
	}
	out := append([]byte(nil), `{"responses":[`...)
	for done := 0; done < len(items); {
		before := done
		for _, it := range items {
			ready, failed := dependencies(it, byID)
			if it.status != 0 || !ready {
				continue
			}
			re := s.item(who, it, failed, root, requestID, clientID)
			if re.drop {
				return re, nil
			}
			it.status = re.status
			if done++; done > 1 {
				out = append(out, ',')
			}
			out = appendItem(out, it, re)
			if re.pooled != nil {
				buffers.Put(re.pooled)
			}
		}
		if done == before {
			return reply{}, invalidBatch("The requests depend on each other in a circle.")
		}
	}
	return reply{status: 200, body: append(out, `]}`...), contentType: "application/json"}, nil
}

func invalidBatch(msg string) *Error {
	return parsingError("Invalid batch payload format. %s", msg)
}

func parseBatch(body []byte) ([]*batchItem, *Error) {
	var b struct{ Requests []*batchItem }
	if err := json.Unmarshal(body, &b); err != nil || len(b.Requests) == 0 {
		return nil, invalidBatch("A list of requests is expected.")
	}
	if len(b.Requests) > maxBatch {
		return nil, &Error{Status: 400, Code: "MaximumValueExceeded", Message: "Number of batch request steps exceeds the maximum value of 20."}
	}
	seen := map[string]bool{}
	for _, it := range b.Requests {
		if it == nil || it.ID == "" || it.Method == "" || it.URL == "" {
			return nil, invalidBatch("Every request needs id, method and url.")
		}
		if id := strings.ToLower(it.ID); seen[id] {
			return nil, invalidBatch("Request ids must be unique; '" + it.ID + "' occurs twice.")
		} else {
			seen[id] = true
		}
	}
	for _, it := range b.Requests {
		for _, need := range it.DependsOn {
			if !seen[strings.ToLower(need)] {
				return nil, invalidBatch("Request '" + it.ID + "' depends on '" + need + "', which is not in the batch.")
			}
		}
	}
	return b.Requests, nil
}

// dependencies says whether all that it depends on is done, and whether some of that failed.
func dependencies(it *batchItem, byID map[string]*batchItem) (ready, failed bool) {
	for _, need := range it.DependsOn {
		status := byID[strings.ToLower(need)].status
		if status == 0 {
			return false, false
		}
		failed = failed || status >= 400
	}
	return true, failed
}

// item runs one request of a batch.
func (s *server) item(who caller, it *batchItem, failed bool, root, requestID, clientID string) reply {
	header := http.Header{}
	for name, v := range it.Headers {
		header.Set(name, v)
	}
	target, body := it.URL, []byte(it.Body)
	if target[0] != '/' {
		target = "/" + target
	}
	if string(body) == "null" {
		body = nil
	}
	var re reply
	var e *Error
	switch {
	case failed:
		e = &Error{Status: http.StatusFailedDependency, Code: "FailedDependency", Message: "A request this one depends on failed."}
	case strings.EqualFold(target, "/$batch"):
		e = invalidBatch("Batches can't be nested.")
	case len(body) > 0 && header.Get("Content-Type") == "":
		e = parsingError("Write request id : %s does not contain Content-Type header or body.", it.ID)
	default:
		var rq *request
		if rq, e = newRequest(strings.ToUpper(it.Method), target, root, header, body); e == nil {
			rq.caller = who
			re, e = s.serve(rq)
		}
	}
	if e != nil {
		return errorReply(e, s.t.opts.Now(), requestID, clientID)
	}
	return re
}

// appendItem writes one response of a batch.
func appendItem(out []byte, it *batchItem, re reply) []byte {
	out = quote(append(out, `{"id":`...), it.ID)
	out = strconv.AppendInt(append(out, `,"status":`...), int64(re.status), 10)
	out = append(out, `,"headers":{`...)
	sep := ""
	if len(re.body) > 0 {
		out = quote(append(out, `"Content-Type":`...), cmp.Or(re.contentType, "application/json"))
		sep = ","
	}
	for name, values := range re.header {
		out = quote(append(out, sep...), name)
		out = quote(append(out, ':'), values[0])
		sep = ","
	}
	out = append(out, '}')
	switch {
	case len(re.body) == 0:
	case re.contentType != "": // not JSON
		out = quote(append(out, `,"body":`...), base64.StdEncoding.EncodeToString(re.body))
	default:
		out = append(append(out, `,"body":`...), re.body...)
	}
	return append(out, '}')
}
