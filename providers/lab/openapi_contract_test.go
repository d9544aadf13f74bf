package lab_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/dirform/dirform/providers/lab/record"
)

// contract is a description of Microsoft Graph that exchanges are held to. The library checks what the description says:
// parameters, types, formats, patterns, null, read-only, required. Beyond it an exchange must not contain anything that the
// description does not mention: all its schemas are closed, and so are its query options.
type contract struct {
	doc         *openapi3.T
	undescribed []string          // paths, or how they begin, that are not in the description; there only errors are checked; * is one segment
	options     []string          // query options that are not in the description
	statuses    map[string]string // of success, by method or by method and end of the path
	noContent   bool              // a reply may be empty though the description has a body

	createIfMissing bool // a PATCH may create
	base64          bool // bodies that are no JSON are in base64 in a batch
	spellings       bool // paths may be written in OData's other ways
}

// loadContract reads a description and makes the corrections of all gaps but one.
func loadContract(file string, gaps []gap, except int) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	c := &contract{doc: doc}
	c.close()
	for i, g := range gaps {
		if i != except {
			g.fill(c)
		}
	}
	return c, nil
}

func (c *contract) schema(name string) *openapi3.Schema {
	ref := c.doc.Components.Schemas["microsoft.graph."+name]
	if ref == nil {
		panic("the description has no schema " + name)
	}
	return ref.Value
}

// close makes one flat, closed schema of every type and those it inherits from.
func (c *contract) close() {
	done := map[*openapi3.Schema]bool{}
	for _, ref := range c.doc.Components.Schemas {
		closeSchema(ref.Value, done)
	}
	for _, item := range c.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				closeContent(op.RequestBody.Value.Content, done)
			}
			for _, r := range op.Responses.Map() {
				closeContent(r.Value.Content, done)
			}
		}
	}
}

func closeContent(content openapi3.Content, done map[*openapi3.Schema]bool) {
	for _, media := range content {
		if media.Schema != nil {
			closeSchema(media.Schema.Value, done)
		}
	}
}

func closeSchema(s *openapi3.Schema, done map[*openapi3.Schema]bool) {
	if done[s] {
		return
	}
	done[s] = true
	for _, part := range s.AllOf {
		closeSchema(part.Value, done)
		if s.Properties == nil {
			s.Properties = openapi3.Schemas{}
		}
		for name, p := range part.Value.Properties {
			s.Properties[name] = p
		}
		s.Required = append(s.Required, part.Value.Required...)
	}
	if len(s.AllOf) > 0 {
		s.AllOf, s.Type = nil, &openapi3.Types{"object"}
	}
	for _, p := range s.Properties {
		closeSchema(p.Value, done)
	}
	if s.Items != nil {
		closeSchema(s.Items.Value, done)
	}
	if len(s.Properties) > 0 {
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
	}
}

// route finds the operation of an exchange; a path with more literal segments wins.
func (c *contract) route(method, path string) (*routers.Route, map[string]string) {
	segments := strings.Split(path, "/")
	var found *routers.Route
	var params map[string]string
	best := -1
	for template, item := range c.doc.Paths.Map() {
		op := item.GetOperation(method)
		if op == nil {
			continue
		}
		if values, literals, ok := matchPath(template, segments); ok && literals > best {
			found = &routers.Route{Spec: c.doc, Path: template, PathItem: item, Method: method, Operation: op}
			params, best = values, literals
		}
	}
	return found, params
}

func matchPath(template string, segments []string) (values map[string]string, literals int, ok bool) {
	parts := strings.Split(template, "/")
	if len(parts) != len(segments) {
		return nil, 0, false
	}
	values = map[string]string{}
	for i, part := range parts {
		before, rest, param := strings.Cut(part, "{")
		name, after, _ := strings.Cut(rest, "}")
		value, ok1 := strings.CutPrefix(segments[i], before)
		value, ok2 := strings.CutSuffix(value, after)
		if param && ok1 && ok2 && !strings.HasPrefix(value, "$") && !strings.HasPrefix(value, "microsoft.graph.") && !strings.HasSuffix(value, "()") {
			values[name] = value
		} else if strings.EqualFold(part, segments[i]) {
			literals++
		} else {
			return nil, 0, false
		}
	}
	return values, literals, true
}

// beginsLike says whether a path begins like a pattern.
func beginsLike(pattern, path string) bool {
	parts, segments := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		if i >= len(segments) || part != "*" && part != segments[i] && !(last && strings.HasPrefix(segments[i], part)) {
			return false
		}
	}
	return true
}

// check says what is wrong with an exchange. Requests count that dirform sent or that the tenant accepted: tests also send
// nonsense on purpose, and then only the refusal has to be right.
func (c *contract) check(x record.Exchange) error {
	path, query, _ := strings.Cut(x.URL, "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		return nil // nonsense: there is no telling which operation is meant
	}
	options, _ := url.ParseQuery(query)
	ours := strings.HasPrefix(x.RequestHeader["User-Agent"], "dirform")
	done := x.Status >= 200 && x.Status < 300
	if c.spellings {
		path = plainPath(path)
	}
	var inBatch string
	if c.base64 && strings.HasSuffix(path, "/$count") && json.Unmarshal(x.Body, &inBatch) == nil {
		if x.Body, err = base64.StdEncoding.DecodeString(inBatch); err != nil {
			return err
		}
	}
	route, params := c.route(x.Method, path)
	if route == nil {
		undescribed := slices.ContainsFunc(c.undescribed, func(p string) bool { return beginsLike(p, path) })
		if x.Status == 0 || undescribed && done {
			return nil
		}
		if done || ours && !undescribed {
			return fmt.Errorf("the description has no %s %s", x.Method, path)
		}
		route, _ = c.route("GET", "/users") // any: its errors look like all others
	}
	in := requestInput(x, route, params, options)
	if ours || done {
		if err := c.checkRequest(in, options, x); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	if x.Status != 0 {
		if err := c.checkReply(in, x); err != nil {
			return fmt.Errorf("reply: %w", err)
		}
	}
	return nil
}

// plainPath is a path in the way that the description has it: users/id for users('id'), delta for microsoft.graph.delta().
func plainPath(path string) string {
	path = functionName.ReplaceAllString(path, "/$1")
	return keyInParentheses.ReplaceAllString(path, "/$1/$2")
}

var (
	functionName     = regexp.MustCompile(`/(?:microsoft\.graph\.)?([a-z]\w*)\(\)`)
	keyInParentheses = regexp.MustCompile(`/(\w+)\('([^']*)'\)`)
)

func requestInput(x record.Exchange, route *routers.Route, params map[string]string, options url.Values) *openapi3filter.RequestValidationInput {
	body := io.Reader(http.NoBody)
	if len(x.Request) > 0 {
		body = bytes.NewReader(x.Request)
	}
	q, err := http.NewRequest(x.Method, "https://graph.microsoft.com/v1.0"+strings.ReplaceAll(x.URL, " ", "%20"), body)
	if err != nil {
		q, _ = http.NewRequest(x.Method, "https://graph.microsoft.com/v1.0", body)
	}
	for name, v := range x.RequestHeader {
		q.Header.Set(name, v)
	}
	return &openapi3filter.RequestValidationInput{Request: q, PathParams: params, QueryParams: options, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true, MultiError: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()}}}
}

func (c *contract) checkRequest(in *openapi3filter.RequestValidationInput, options url.Values, x record.Exchange) error {
	for name := range options {
		if in.Route.Operation.Parameters.GetByInAndName("query", name) == nil && !slices.Contains(c.options, name) {
			return fmt.Errorf("the description has no query option %s here", name)
		}
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		return err
	}
	for _, name := range strings.Split(options.Get("$select"), ",") {
		if of := resultSchema(in.Route.Operation, x.Status); name != "" && of != nil && of.OneOf == nil && of.Properties[strings.TrimSpace(name)] == nil {
			return fmt.Errorf("$select=%s: there is no such property", name)
		}
	}
	return nil
}

// resultSchema is the type of what an operation returns, one or a list of them; nil if it has none.
func resultSchema(op *openapi3.Operation, status int) *openapi3.Schema {
	r := op.Responses.Status(max(status, 200))
	if r == nil || r.Value.Content.Get("application/json") == nil {
		return nil
	}
	s := r.Value.Content.Get("application/json").Schema.Value
	if list := s.Properties["value"]; list != nil && list.Value.Items != nil {
		return list.Value.Items.Value
	}
	return s
}

func (c *contract) checkReply(in *openapi3filter.RequestValidationInput, x record.Exchange) error {
	header := http.Header{}
	for name, v := range x.Header {
		header.Set(name, v)
	}
	if !x.InBatch && (header.Get("request-id") == "" || header.Get("client-request-id") == "") {
		return fmt.Errorf("no request-id or client-request-id")
	}
	if want := c.successStatus(x); x.Status < 300 && want != fmt.Sprint(x.Status) {
		return fmt.Errorf("status %d, documented is %s", x.Status, want)
	}
	if x.Status == http.StatusNoContent {
		if len(x.Body) > 0 {
			return fmt.Errorf("a body with status 204")
		}
		if c.noContent {
			return nil
		}
	}
	if text := plainSchema(in.Route.Operation, x); text != nil { // the library takes all plain text for strings
		var v any
		if err := json.Unmarshal(x.Body, &v); err != nil {
			return err
		}
		return text.VisitJSON(v)
	}
	reply := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: x.Status, Header: header, Options: in.Options}
	return openapi3filter.ValidateResponse(context.Background(), reply.SetBodyBytes(x.Body))
}

// plainSchema is the type of a reply that is described, and sent, as plain text; nil for others.
func plainSchema(op *openapi3.Operation, x record.Exchange) *openapi3.Schema {
	r := op.Responses.Status(x.Status)
	if r == nil || r.Value.Content["text/plain"] == nil || !strings.HasPrefix(x.Header["Content-Type"], "text/plain") {
		return nil
	}
	return r.Value.Content["text/plain"].Schema.Value
}

// successStatus is the documented status of an operation that went well.
func (c *contract) successStatus(x record.Exchange) string {
	path, _, _ := strings.Cut(x.URL, "?")
	last := path[strings.LastIndexByte(path, '/')+1:]
	if s := c.statuses[x.Method+" "+last]; s != "" {
		return s
	}
	if c.createIfMissing && x.Method == http.MethodPatch && x.RequestHeader["Prefer"] == "create-if-missing" {
		return fmt.Sprint(x.Status) // 201 or 204
	}
	if s := c.statuses[x.Method]; s != "" {
		return s
	}
	return "200"
}
