package harness_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// exchange is one request to the tenant and, once it was carried out, the reply.
type exchange struct {
	r      *http.Request
	body   []byte
	writes bool // it has a write in it
	n      int  // it is the n-th request since the fault was put in, from 1
	relay  *graphRelay
}

// do has the lab carry the request out.
func (x *exchange) do() *httptest.ResponseRecorder {
	r := x.r.Clone(x.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	rec := httptest.NewRecorder()
	x.relay.handler.ServeHTTP(rec, r)
	return rec
}

// list reports whether the request asks for a page of objects.
func (x *exchange) list() bool {
	p := x.r.URL.Path
	return x.r.Method == http.MethodGet && (strings.HasSuffix(p, "/users") || strings.HasSuffix(p, "/groups") ||
		strings.Contains(p, "/deletedItems/"))
}

// graphFault answers requests in place of the lab; handled is false for those that it lets through.
type graphFault func(w http.ResponseWriter, x *exchange) (handled bool)

// graphRelay stands between dirform and the lab's tenant.
type graphRelay struct {
	server  *httptest.Server
	handler http.Handler
	life    atomic.Pointer[life]
	fault   atomic.Pointer[graphFault]
	count   atomic.Int32
}

func startGraph(t testing.TB, h http.Handler) *graphRelay {
	r := &graphRelay{handler: h}
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = silent
	r.server.Start()
	t.Cleanup(r.stop)
	return r
}

func (r *graphRelay) endpoint() string { return r.server.URL + "/v1.0" }

func (r *graphRelay) stop() {
	r.server.CloseClientConnections()
	r.server.Close()
}

// set puts a fault in, nil for none.
func (r *graphRelay) set(f graphFault) {
	r.count.Store(0)
	if f == nil {
		r.fault.Store(nil)
		return
	}
	r.fault.Store(&f)
}

// ServeHTTP hands a request on, unless its process dies or a fault is in.
func (r *graphRelay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	l := r.life.Load()
	if !l.survives("request to the tenant") {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x := &exchange{r: req, body: body, relay: r, writes: writes(req, body), n: int(r.count.Add(1))}
	if f := r.fault.Load(); f != nil && (*f)(w, x) {
		return
	}
	rec := x.do()
	if !l.survives("reply of the tenant") {
		panic(http.ErrAbortHandler)
	}
	send(w, rec)
}

// send replies what the lab has said.
func send(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

// writes reports whether a request, a batch included, changes something.
func writes(r *http.Request, body []byte) bool {
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		for _, m := range []string{`"POST"`, `"PATCH"`, `"PUT"`, `"DELETE"`} {
			if bytes.Contains(body, []byte(`"method":`+m)) {
				return true
			}
		}
		return false
	}
	return r.Method != http.MethodGet
}

// reset breaks the connection of a request in the hard way.
func reset(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			if t, ok := c.(*net.TCPConn); ok {
				t.SetLinger(0)
			}
			c.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
