package graphd

import (
	"net/http"
	"net/url"
	"strings"
)

// request is one Graph request, from the wire or from inside a batch.
type request struct {
	method string
	path   []string // segments below /v1.0
	query  url.Values
	header http.Header
	body   []byte
	root   string // https://host/v1.0, for links
	caller caller
	route  *route
	params []string // what the route's {…} segments matched
}

// option is a query option's value; the $ may be missing.
func (rq *request) option(name string) string {
	if v := rq.query.Get(name); v != "" {
		return v
	}
	return rq.query.Get(strings.TrimPrefix(name, "$"))
}

// reply is what a request gets.
type reply struct {
	status      int
	header      http.Header // may be nil
	body        []byte
	contentType string  // JSON if empty
	pooled      *[]byte // body's buffer, given back once written
	list        bool    // a page of a list, which faults may cut
	drop        bool    // break the connection instead of replying
}

// newRequest takes a URL below the version apart. target starts with "/".
func newRequest(method, target, root string, header http.Header, body []byte) (*request, *Error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, parsingError("Invalid URL.")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, parsingError("The query is not valid: %v.", err)
	}
	rq := &request{method: method, query: query, header: header, body: body, root: root}
	for seg := range strings.SplitSeq(strings.Trim(u.EscapedPath(), "/"), "/") {
		plain, err := url.PathUnescape(seg)
		if err != nil {
			return nil, parsingError("Invalid URL.")
		}
		rq.path = append(rq.path, keyed(plain)...)
	}
	return rq, nil
}

// boundNames are the functions and actions that may stand in a URL under their full name, as in users/microsoft.graph.delta().
var boundNames = map[string]bool{"delta": true, "assignlicense": true, "restore": true, "getbyids": true, "verify": true}

// keyed undoes OData's other spellings of a segment: users('id') is users/id, groups(uniqueName='x') is groups(uniqueName=)/x,
// delta() and microsoft.graph.delta() are delta.
func keyed(segment string) []string {
	name, inner, ok := strings.Cut(segment, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		name, inner = segment, ""
	}
	const namespace = "microsoft.graph."
	if len(name) > len(namespace) && strings.EqualFold(name[:len(namespace)], namespace) && boundNames[strings.ToLower(name[len(namespace):])] {
		name = name[len(namespace):]
	}
	if inner == "" {
		return []string{name}
	}
	property, value, _ := strings.Cut(inner, "'")
	value, closed = strings.CutSuffix(value, "'")
	if !closed || property != "" && !strings.HasSuffix(property, "=") {
		return []string{segment}
	}
	if property != "" {
		name += "(" + property + ")"
	}
	return []string{name, strings.ReplaceAll(value, "''", "'")}
}
