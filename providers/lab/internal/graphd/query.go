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
	order   *order
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
	need := &needed{}
	for name, values := range rq.query {
		if e := t.option(rq, q, need, name, values[0]); e != nil {
			return nil, e
		}
	}
	if e := need.check(q, eventual(rq)); e != nil {
		return nil, e
	}
	q.filter = both(q.filter, need.search)
	q.digest = digest(rq)
	if token := rq.option("$skiptoken"); token != "" {
		var e *Error
		if q.after, e = q.parseToken(token); e != nil {
			return nil, e
		}
	}
	return q, nil
}

// needed is what options want besides themselves.
type needed struct {
	lacking *Error  // the refusal if the advanced query parameters are missing
	search  *filter // of $search
	sorted  *Error  // the refusal to sort by default
}

// option reads one query option. Those that do not begin with $ are either OData's spelled without it or none of the service's
// business.
func (t *Tenant) option(rq *request, q *query, need *needed, name, v string) (e *Error) {
	switch strings.TrimPrefix(strings.ToLower(name), "$") {
	case "select":
		q.names = v
		q.cols, e = t.columns(strings.Split(v, ","), q.kind)
	case "top":
		q.top, e = parseTop(v)
	case "filter":
		q.filter, need.lacking, e = parseFilter(t.reg, q.kind, v)
	case "search":
		need.search, e = t.parseSearch(v, q.kind)
	case "orderby":
		var advanced bool
		if q.order, advanced, e = t.parseOrder(v, q.kind); advanced {
			need.sorted = unsortable(q.kind, t.reg.props[q.order.prop].name)
		}
	case "count":
		q.count = v == "true" && eventual(rq)
	case "expand":
		q.manager, e = t.parseExpand(v)
	case "skiptoken", "format":
	default:
		if strings.HasPrefix(name, "$") {
			e = badRequest("'%s' is not supported by the service.", name)
		}
	}
	return e
}

// check refuses what needs ConsistencyLevel: eventual and $count=true and comes without. $search needs the header alone.
func (n *needed) check(q *query, eventual bool) *Error {
	advanced := q.count && eventual
	switch {
	case n.search != nil && !eventual:
		return unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	case n.lacking != nil && !advanced:
		return n.lacking
	case q.order != nil && (q.filter != nil || n.search != nil) && !advanced:
		return sortingUnsupported()
	case n.sorted != nil && !advanced:
		return n.sorted
	case q.manager != nil && (n.search != nil || n.lacking != nil || n.sorted != nil):
		return unsupportedQuery("$expand is not supported with advanced queries.")
	}
	return nil
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
		if def.name == signInActivity && !t.Faults().seesSignIns() {
			return nil, &Error{Status: 403, Code: "Authentication_MSGraphPermissionMissing",
				Message: "Calling principal does not have required MSGraph permissions AuditLog.Read.All"}
		}
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

// digest binds a page link to its path, filter and order.
func digest(rq *request) uint32 {
	h := fnv.New32a()
	h.Write([]byte(strings.Join(rq.path, "/") + "?" + rq.option("$filter") + "&" + rq.option("$orderby") + "&" + rq.option("$search")))
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
