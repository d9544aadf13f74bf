package graphd

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
)

const (
	defaultPage = 100
	maxPage     = 999
)

// column is one property of a reply: what to look up and how to write it.
type column struct {
	prop  int
	key   string // "name": with quotes and colon
	empty string
}

// query is a request's OData options, understood.
type query struct {
	kind    kind
	cols    []column // nil: every property the object has
	names   string   // $select as the context names it
	manager []column // $expand=manager; nil if not asked for
	top     int
	after   uint64 // the last page's last position
	filter  *filter
	count   bool
	bin     bool   // the recycle bin instead of the living
	digest  uint32 // of what a page link must not change
}

// parseQuery reads the options of a list or a single object.
func (t *Tenant) parseQuery(rq *request, k kind) (*query, *Error) {
	q := &query{kind: k, top: defaultPage}
	if k < plainKind {
		q.cols = t.defaults[k]
	}
	advanced := false
	var e *Error
	for name, values := range rq.query {
		v := values[0]
		switch strings.TrimPrefix(strings.ToLower(name), "$") {
		case "select":
			q.names = v
			q.cols, e = t.columns(strings.Split(v, ","), k)
		case "top":
			q.top, e = parseTop(v)
		case "filter":
			q.filter, advanced, e = parseFilter(t.reg, k, v)
		case "count":
			q.count = v == "true" && eventual(rq)
		case "expand":
			q.manager, e = t.parseExpand(v)
		case "skiptoken":
		default:
			e = badRequest("'%s' is not supported by the service.", name)
		}
		if e != nil {
			return nil, e
		}
	}
	if advanced && !(q.count && eventual(rq)) {
		return nil, unsupportedQuery("Operator is not supported without the ConsistencyLevel: eventual header and $count=true.")
	}
	q.digest = digest(rq)
	if token := rq.option("$skiptoken"); token != "" {
		if q.after, e = q.parseToken(token); e != nil {
			return nil, e
		}
	}
	return q, nil
}

func eventual(rq *request) bool {
	return strings.EqualFold(rq.header.Get("ConsistencyLevel"), "eventual") || strings.EqualFold(rq.option("ConsistencyLevel"), "eventual")
}

func parseTop(v string) (int, *Error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPage {
		return 0, badRequest("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", v, maxPage)
	}
	return n, nil
}

func (t *Tenant) columns(names []string, k kind) ([]column, *Error) {
	cols := make([]column, 0, len(names))
	for _, name := range names {
		name = strings.TrimSpace(name)
		p, e := t.reg.lookup(name, k)
		if e != nil {
			if e.Status == 400 {
				e.Message = "Parsing OData Select and Expand failed: " + e.Message
			}
			return nil, e
		}
		def := &t.reg.props[p]
		cols = append(cols, column{p, string(quote(nil, def.name)) + ":", def.empty()})
	}
	return cols, nil
}

// parseExpand reads manager or manager($select=…); the other references are read on paths of their own.
func (t *Tenant) parseExpand(v string) ([]column, *Error) {
	inner, ok := strings.CutPrefix(v, "manager")
	if !ok || inner != "" && (inner[0] != '(' || inner[len(inner)-1] != ')') {
		return nil, badRequest("$expand is supported for manager only, as manager($select=id); '%s' was asked for.", v)
	}
	if inner == "" {
		return t.columns(defaultUserProps, userKind)
	}
	names, ok := strings.CutPrefix(inner[1:len(inner)-1], "$select=")
	if !ok {
		return nil, badRequest("$expand=manager supports $select only; '%s' was asked for.", v)
	}
	return t.columns(strings.Split(names, ","), plainKind)
}

// digest binds a page link to its path and filter.
func digest(rq *request) uint32 {
	h := fnv.New32a()
	h.Write([]byte(strings.Join(rq.path, "/") + "?" + rq.option("$filter")))
	return h.Sum32()
}

func (q *query) token(after uint64) string {
	b := binary.BigEndian.AppendUint64(nil, after)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, q.digest))
}

func (q *query) parseToken(s string) (uint64, *Error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 12 || binary.BigEndian.Uint32(b[8:]) != q.digest {
		return 0, &Error{Status: 400, Code: "Directory_ExpiredPageToken",
			Message: "The specified page token value has expired and can no longer be included in your request."}
	}
	return binary.BigEndian.Uint64(b), nil
}

// nextLink is the address of the page after position after.
func (q *query) nextLink(rq *request, after uint64) string {
	v := url.Values{}
	for name, values := range rq.query {
		if name != "$skiptoken" {
			v[name] = values
		}
	}
	v.Set("$skiptoken", q.token(after))
	return rq.root + "/" + strings.Join(rq.path, "/") + "?" + strings.ReplaceAll(v.Encode(), "%24", "$")
}
