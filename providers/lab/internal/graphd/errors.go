package graphd

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Error is an error reply of the service.
type Error struct {
	Status  int
	Code    string
	Message string
	Details []Detail
	Header  http.Header // extra reply headers, such as Retry-After
	Journal error       // why a change that is right was not kept, nil for all that is the request's fault
}

// Detail is one entry of error.details.
type Detail struct{ Code, Message, Target string }

// Error is the service's message with its code.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap is the journal's error.
func (e *Error) Unwrap() error { return e.Journal }

func badRequest(format string, args ...any) *Error {
	return &Error{Status: 400, Code: "Request_BadRequest", Message: fmt.Sprintf(format, args...)}
}

// parsingError is what the OData layer in front of the directory answers.
func parsingError(format string, args ...any) *Error {
	return &Error{Status: 400, Code: "BadRequest", Message: fmt.Sprintf(format, args...)}
}

// malformed is the answer to a body that is not JSON.
func malformed() *Error {
	return parsingError("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
}

func unsupportedQuery(format string, args ...any) *Error {
	return &Error{Status: 400, Code: "Request_UnsupportedQuery", Message: fmt.Sprintf(format, args...)}
}

func invalidValue(k kind, property string) *Error {
	return badRequest("Invalid value specified for property '%s' of resource '%s'.", property, k.resource())
}

func notFound(id string) *Error {
	return &Error{Status: 404, Code: "Request_ResourceNotFound", Message: "Resource '" + id +
		"' does not exist or one of its queried reference-property objects are not present."}
}

func denied() *Error {
	return &Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

func syncedElsewhere() *Error {
	return badRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects" +
		" currently undergoing migration.")
}

// conflict is the service's answer to a value that must be unique. Addresses get a second detail that points at the other
// object; what it says beyond its code is not documented.
func conflict(property string) *Error {
	msg := "Another object with the same value for property " + property + " already exists."
	e := badRequest("%s", msg)
	if property == "proxyAddresses" {
		e.Details = []Detail{{"ObjectConflict", msg, property}, {"ConflictingObjects", msg, property}}
	} else {
		e.Details = []Detail{{Code: "ObjectConflict", Target: property}}
	}
	return e
}

// body is the error in the service's JSON.
func (e *Error) body(now time.Time, requestID, clientRequestID string) []byte {
	b := append([]byte(nil), `{"error":{"code":`...)
	b = quote(b, e.Code)
	b = quote(append(b, `,"message":`...), e.Message)
	for i, d := range e.Details {
		if i == 0 {
			b = append(b, `,"details":[`...)
		} else {
			b = append(b, ',')
		}
		b = quote(append(b, `{"code":`...), d.Code)
		if d.Message != "" {
			b = quote(append(b, `,"message":`...), d.Message)
		}
		b = append(quote(append(b, `,"target":`...), d.Target), '}')
	}
	if len(e.Details) > 0 {
		b = append(b, ']')
	}
	b = append(b, `,"innerError":{`...)
	if e.Status == http.StatusTooManyRequests {
		b = append(b, `"code":"429","message":"Please retry after","status":"429",`...)
	}
	b = append(b, `"date":"`...)
	b = now.UTC().AppendFormat(b, "2006-01-02T15:04:05")
	b = quote(append(b, `","request-id":`...), requestID)
	b = quote(append(b, `,"client-request-id":`...), clientRequestID)
	return append(b, `}}}`...)
}

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, s)
	if err != nil { // invalid UTF-8 came from a client's request line
		out, _ = jsontext.AppendQuote(b, strconv.QuoteToASCII(s))
	}
	return out
}

func quoted(s string) string { return string(quote(nil, s)) }
