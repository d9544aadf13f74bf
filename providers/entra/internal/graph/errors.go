package graph

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/dirform/dirform/providers"
)

// serviceError makes the typed error of an error reply. A body that is not Graph's own (an HTML page of a proxy, nothing at
// all) still gives one, whose message says so.
func serviceError(op string, status int, header http.Header, body []byte, now func() time.Time) *providers.ServiceError {
	e := &providers.ServiceError{Status: status, Op: op, RequestID: header.Get("request-id")}
	e.RetryAfter, _ = RetryAfter(header, now)
	if !fillFromOData(e, body) {
		e.Code = http.StatusText(status)
		e.Message, e.Hint = foreignReply(header, body)
	}
	return e
}

// foreignReply says what a reply is that is not Graph's own, and what to do about it.
func foreignReply(header http.Header, body []byte) (message, hint string) {
	if len(body) == 0 {
		return "the reply has no body that would say why", ""
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || kind == "" {
		kind = "unknown"
	}
	return fmt.Sprintf("the reply (content type %s) is not from Microsoft Graph: a proxy or gateway on the way may have sent it", kind),
		"Check endpoint and proxy settings."
}

// fillFromOData reads the body with the SDK's error model and reports whether it was one.
func fillFromOData(e *providers.ServiceError, body []byte) bool {
	node, err := jsonserialization.NewJsonParseNode(body)
	if err != nil || node == nil {
		return false
	}
	parsed, err := node.GetObjectValue(func(n serialization.ParseNode) (serialization.Parsable, error) {
		return odataerrors.CreateODataErrorFromDiscriminatorValue(n)
	})
	if err != nil {
		return false
	}
	odata, ok := parsed.(*odataerrors.ODataError)
	if !ok || odata == nil || odata.GetErrorEscaped() == nil {
		return false
	}
	main := odata.GetErrorEscaped()
	e.Code, e.Message = deref(main.GetCode()), deref(main.GetMessage())
	for _, d := range main.GetDetails() {
		if d == nil { // "details": [null]
			continue
		}
		e.Details = append(e.Details, providers.ErrorDetail{Code: deref(d.GetCode()), Target: deref(d.GetTarget()), Message: deref(d.GetMessage())})
	}
	if inner := main.GetInnerError(); inner != nil && e.RequestID == "" {
		e.RequestID = deref(inner.GetRequestId())
	}
	return e.Code != "" || e.Message != ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// StatusOf is the HTTP status of a service error within err, or 0.
func StatusOf(err error) int {
	var e *providers.ServiceError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Explain adds to the refusal within err, which must be of this one request, what the reader of it can do: get the least
// application permission, or a new credential. It returns err.
func Explain(err error, permissions ...string) error {
	var e *providers.ServiceError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Status {
	case http.StatusForbidden:
		e.Permissions = permissions
	case http.StatusUnauthorized:
		e.Hint = "The service refused the access token, also after it was renewed. Check tenant_id and environment; a fixed access_token " +
			"may have expired."
	}
	return err
}
