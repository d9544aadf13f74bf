package record

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// add writes x down if it shows anything new, and what it carries if it is a batch.
func (r *Recorder) add(x Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range itemsOf(x) {
		r.keep(one)
	}
	r.keep(x)
}

// keep writes one exchange, shortened, if it shows anything new. Caller holds mu.
func (r *Recorder) keep(x Exchange) {
	where := place(x)
	news := r.note(where)
	if x.Request = r.shorten(where+" >", x.Request, &news); r.err != nil {
		return
	}
	x.Body = r.shorten(where+" <", x.Body, &news)
	if !news || r.err != nil {
		return
	}
	line, err := json.Marshal(x)
	if err == nil {
		_, err = r.f.Write(append(line, '\n'))
	}
	r.err = err
}

// note remembers a fact and reports whether it is new.
func (r *Recorder) note(fact string) bool {
	if r.seen[fact] {
		return false
	}
	r.seen[fact] = true
	return true
}

// shorten is a body without the list entries that show nothing new, and with passwords masked.
func (r *Recorder) shorten(where string, body json.RawMessage, news *bool) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		r.err = err
		return nil
	}
	v, fresh := r.look(where, v)
	*news = *news || fresh
	out, err := json.Marshal(v)
	if err != nil {
		r.err = err
	}
	return out
}

// look notes what a value shows and returns it shortened.
func (r *Recorder) look(where string, v any) (short any, news bool) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for name, value := range v {
			keys = append(keys, name)
			if secret(name) {
				value = "********"
			}
			var fresh bool
			v[name], fresh = r.look(where+"."+name, value)
			news = news || fresh
		}
		slices.Sort(keys)
		return v, r.note(where+"{"+strings.Join(keys, ",")+"}") || news
	case []any:
		kept := []any{}
		for _, value := range v {
			value, fresh := r.look(where+"[]", value)
			if fresh {
				kept = append(kept, value)
			}
			news = news || fresh
		}
		return kept, r.note(where+"[") || news
	case string:
		return v, r.note(where + ":" + stringClass(v))
	case float64:
		return v, r.note(where + ":number " + strconv.FormatBool(v == float64(int64(v))))
	case bool:
		return v, r.note(where + ":bool")
	}
	return v, r.note(where + ":null")
}

func secret(property string) bool {
	low := strings.ToLower(property)
	return low == "password" || low == "client_secret" || low == "secrettext" || low == "temporaryaccesspass"
}

var (
	guidText = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	timeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	wordText = regexp.MustCompile(`^[A-Za-z$]+$|^microsoft\.graph\.[A-Za-z]+$`)
)

// stringClass tells texts apart that a description may treat differently.
func stringClass(s string) string {
	switch {
	case s == "":
		return "empty"
	case guidText.MatchString(s):
		return "guid"
	case timeText.MatchString(s):
		return "time"
	}
	return "text"
}

// place is what exchanges have in common that differ only in whom they are about: the method, the path without names and
// ids, the options, and how it ended.
func place(x Exchange) string {
	path, query, _ := strings.Cut(x.URL, "?")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if !wordText.MatchString(s) && s != "" {
			segments[i] = "{}"
		}
	}
	var options []string
	values, _ := url.ParseQuery(query)
	for name, v := range values {
		if slices.Contains([]string{"$select", "$expand", "$orderby", "$count", "$top"}, name) {
			name += "=" + v[0]
		}
		options = append(options, name)
	}
	slices.Sort(options)
	return strings.Join([]string{x.Method, strings.Join(segments, "/"), strings.Join(options, "&"), x.RequestHeader["Content-Type"],
		x.Header["Content-Type"], strconv.Itoa(x.Status), strconv.FormatBool(x.InBatch)}, " ")
}

// itemsOf are the exchanges inside a $batch.
func itemsOf(x Exchange) []Exchange {
	if path, _, _ := strings.Cut(x.URL, "?"); !strings.EqualFold(path, "/$batch") || x.Status != 200 && x.Status != 0 {
		return nil
	}
	var requests struct {
		Requests []struct {
			ID, Method, URL string
			Headers         map[string]string
			Body            json.RawMessage
		}
	}
	var responses struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]string
			Body    json.RawMessage
		}
	}
	if json.Unmarshal(x.Request, &requests) != nil {
		return nil
	}
	if len(x.Body) > 0 && json.Unmarshal(x.Body, &responses) != nil {
		return nil
	}
	var out []Exchange
	for _, q := range requests.Requests {
		if string(q.Body) == "null" { // how Microsoft's SDK for Go says that there is none
			q.Body = nil
		}
		one := Exchange{Method: q.Method, URL: "/" + strings.TrimPrefix(q.URL, "/"), RequestHeader: map[string]string{}, Request: q.Body, InBatch: true}
		for name, v := range q.Headers {
			one.RequestHeader[name] = v
		}
		one.RequestHeader["User-Agent"] = x.RequestHeader["User-Agent"] // whose request it is
		for _, p := range responses.Responses {
			if strings.EqualFold(p.ID, q.ID) {
				one.Status, one.Header, one.Body = p.Status, p.Headers, p.Body
			}
		}
		out = append(out, one)
	}
	return out
}
