package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
)

func fuzzQuery(t testing.TB) *Query {
	q, err := NewQuery(state.User, state.NewShape("displayName", "costCenter", "extensionAttribute1", "extensionAttribute2", "manager",
		"accountEnabled", "proxyAddresses", "id", "division"), false)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// decoded is what decoding a page comes to: objects by attribute name, and the next page's link.
type decoded struct {
	objects []map[string]any
	next    string
}

func scanned(t testing.TB, text string) (decoded, error) {
	q := fuzzQuery(t)
	var out decoded
	next, err := NewDecoder(q).Page(text, func(o *state.Object) bool {
		m := map[string]any{"": o.ID}
		for i, v := range o.Values {
			m[q.shape.Name(i)] = v
		}
		out.objects = append(out.objects, m)
		return true
	})
	out.next = next
	return out, err
}

// reference decodes with encoding/json what scanned decodes by hand.
func reference(t testing.TB, text string) (decoded, error) {
	var out decoded
	if !utf8.ValidString(text) {
		return out, fmt.Errorf("not UTF-8")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var page map[string]any
	if err := dec.Decode(&page); err != nil {
		return out, err
	}
	if page == nil || dec.More() {
		return out, fmt.Errorf("not one object")
	}
	if strings.TrimRight(text[dec.InputOffset():], " \t\r\n") != "" {
		return out, fmt.Errorf("something follows")
	}
	var ok bool
	if link, present := page["@odata.nextLink"]; present {
		if out.next, ok = link.(string); !ok {
			return out, fmt.Errorf("link")
		}
	}
	value, ok := page["value"].([]any)
	if !ok {
		return out, fmt.Errorf("value")
	}
	for _, v := range value {
		o, err := referenceObject(t, v)
		if err != nil {
			return out, err
		}
		out.objects = append(out.objects, o)
	}
	return out, nil
}

func referenceObject(t testing.TB, v any) (map[string]any, error) {
	o, ok := v.(map[string]any)
	id, isString := o["id"].(string)
	if !ok || !isString || id == "" {
		return nil, fmt.Errorf("no id")
	}
	m := map[string]any{"": id}
	paths := map[string][]string{"displayName": {"displayName"}, "costCenter": {"employeeOrgData", "costCenter"}, "division": {"employeeOrgData", "division"},
		"extensionAttribute1": {"onPremisesExtensionAttributes", "extensionAttribute1"}, "extensionAttribute2": {"onPremisesExtensionAttributes", "extensionAttribute2"},
		"manager": {"manager", "id"}, "accountEnabled": {"accountEnabled"}, "proxyAddresses": {"proxyAddresses"}, "id": {"id"}}
	for name, path := range paths {
		var at any = o
		for _, p := range path {
			inner, _ := at.(map[string]any)
			at = inner[p]
		}
		value, err := referenceValue(at)
		if err != nil {
			return nil, err
		}
		m[name] = value
	}
	return m, nil
}

func referenceValue(v any) (state.Value, error) {
	switch v := v.(type) {
	case nil:
		return state.Null(), nil
	case string:
		return state.String(v), nil
	case bool:
		return state.Bool(v), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return state.Int(n), err
	case []any:
		list := []string{}
		for _, e := range v {
			switch e := e.(type) {
			case nil:
			case string:
				list = append(list, e)
			default:
				return state.Null(), fmt.Errorf("list")
			}
		}
		return state.List(list), nil
	}
	return state.Null(), fmt.Errorf("structure")
}

// repeats reports whether any object of text, as far as it is valid, has two members of one name: encoding/json then looks at
// the last one only, so which of them fails the decoding may differ.
func repeats(text string) bool {
	dec := json.NewDecoder(strings.NewReader(text))
	var names []map[string]bool // of the objects around, nil for an array
	isName := false
	for {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		switch tok {
		case json.Delim('{'):
			names, isName = append(names, map[string]bool{}), true
			continue
		case json.Delim('['):
			names = append(names, nil)
		case json.Delim('}'), json.Delim(']'):
			names = names[:len(names)-1]
		default:
			if name, ok := tok.(string); ok && isName {
				if names[len(names)-1][name] {
					return true
				}
				names[len(names)-1][name], isName = true, false
				continue
			}
		}
		isName = len(names) > 0 && names[len(names)-1] != nil
	}
}

func samePage(t testing.TB, text string) {
	want, wantErr := reference(t, text)
	got, gotErr := scanned(t, text)
	if wantErr != nil || gotErr != nil {
		if (wantErr == nil) != (gotErr == nil) && !(utf8.ValidString(text) && repeats(text)) {
			t.Errorf("%q: encoding/json says %v, the scanner %v", text, wantErr, gotErr)
		}
		return
	}
	equal := got.next == want.next && len(got.objects) == len(want.objects)
	for i := 0; equal && i < len(got.objects); i++ {
		equal = reflect.DeepEqual(keys(got.objects[i]), keys(want.objects[i]))
	}
	if !equal {
		t.Errorf("%q:\nscanner       %v\nencoding/json %v", text, got, want)
	}
}

// keys makes values comparable: an empty list is a list, not nil.
func keys(m map[string]any) map[string]string {
	out := map[string]string{}
	for name, v := range m {
		if value, ok := v.(state.Value); ok {
			out[name] = fmt.Sprintf("%d %q %d %q", value.Kind(), value.Str(), value.Int(), value.List())
		} else {
			out[name] = fmt.Sprint(v)
		}
	}
	return out
}

func pageSeeds() []string {
	return []string{
		`{"value":[]}`,
		` { "@odata.context" : "x" , "@odata.nextLink" : "https:\/\/h\/p?a=1&b=\u0041" , "value" : [ { "id" : "1" } , {"displayName":"é\n\ud83d\ude00\ud800x","id":"2"} ] } `,
		`{"value":[{"id":"1","employeeOrgData":{"costCenter":"C","division":null,"other":{"a":[1,2.5e+3,-0]}},"onPremisesExtensionAttributes":{"extensionAttribute2":"x"},"manager":{"@odata.type":"u","id":"m"}},{"id":"2","employeeOrgData":null,"manager":null,"accountEnabled":true,"proxyAddresses":["SMTP:a@b","",null,"smtp:\u00e9"]}]}`,
		`{"value":[{"id":"1","accountEnabled":12},{"accountEnabled":9223372036854775808,"id":"x"}]}`,
		`{"value":[{"id":"1","proxyAddresses":[]},{"proxyAddresses":[["x"]],"id":"x"}]}`,
		`{"value":[{"id":"1","manager":"text"},{"id":"1","manager":[{"id":"x"}]},{"id":"2","onPremisesExtensionAttributes":7}]}`,
		`{"value":[{"id":"1","displayName":{"a":1}}]}`, `{"value":null}`, `{"value":{}}`, `{}`, `[]`, `null`, `{"value":[]}x`, `{"value":[],}`, `{"value":[{"id":""}]}`,
		`{"value":[{"id":"1","x":tru}]}`, `{"value":[{"id":"1","x":01}]}`, `{"value":[{"id":"1","x":"` + "\x01" + `"}]}`, `{"value":[{"id":"1","x":"\q"}]}`, "{\"value\":[{\"id\":\"\xff\"}]}",
		`{"value":[{"id":"1","manager":{"id":"m"},"manager":{}},{"id":"1","displayName":"a","displayName":null}]}`,
		`{"value":[{"id":"1","displayName":"a long text with ` + "\x01" + ` in it"}]}`, `{"value":[{"id":"1","displayName":"short` + "\t" + `"}]}`,
		`{"@odata.nextLink":null,"value":[]}`, `{"\u0076alue":[{"\u0069d":"1"}]}`, `{"value":[{"id":"12345678901234567890\"1234567\\"}]}`,
	}
}

func TestDecodeAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range pageSeeds() {
		samePage(t, text)
		for i := range text { // cut off anywhere, it is an error
			if _, err := scanned(t, text[:i]); err == nil && strings.TrimSpace(text[:i]) != strings.TrimSpace(text) {
				if _, err := reference(t, text[:i]); err != nil {
					t.Errorf("%q cut off after %d bytes is accepted", text, i)
				}
			}
		}
	}
	samePage(t, benchPage(30))
}

// FuzzDecodePage decodes any text as encoding/json does, and finds any link where it stands in a page.
func FuzzDecodePage(f *testing.F) {
	for _, text := range pageSeeds() {
		f.Add(text)
	}
	f.Add("{\r\n\t\"value\" :\r[ {\r\"id\"\r:\r\"1\"\r} ]\r}")
	f.Add(`{"value":[{"id":"1","displayName":"\u00AF\uD83D\uDE00\b\f\n\r\t\/"}]}`)
	for at := range 17 { // a control character at any place of eight bytes
		f.Add(`{"value":[{"id":"1","displayName":"` + strings.Repeat("x", at) + "\x1f" + strings.Repeat("x", 16-at) +
			`"}]}`)
		f.Add(`{"value":[{"id":"1","displayName":"` + strings.Repeat("é", at) + `\\` + strings.Repeat("x", 16-at) +
			`"}]}`)
	}
	f.Add(`{"value":[{"id":"1","proxyAddresses":["` + strings.Repeat(`a","`, 1030) +
		`"]},{"id":"2","proxyAddresses":["` + strings.Repeat(`b","`, 3000) + `"]}]}`)
	f.Add("https://graph.microsoft.com/v1.0/users?$skiptoken=\"@odata.nextLink\"é\\")
	f.Add("\"@odata.nextLink")
	f.Fuzz(func(t *testing.T, text string) {
		samePage(t, text)
		LinkIn(text)
		LinkAtEnd(text)
		if len(text) > 2000 || !utf8.ValidString(text) || text == "@odata.nextLink" { // the end is guessed by that name
			return
		}
		link, _ := json.Marshal(text)
		begin := `{"@odata.context":"c","@odata.nextLink":` + string(link)
		if got := LinkIn(begin + `,"value":[{"id":"1"`); got != text {
			t.Errorf("the link %q is %q", text, got)
		}
		for i := range len(begin) {
			if got := LinkIn(begin[:i]); got != "" {
				t.Errorf("of %q, cut off, the link is %q", begin[:i], got)
			}
		}
		if got := LinkIn(`{"value":[{"@odata.nextLink":` + string(link)); got != "" {
			t.Errorf("an object's link is %q", got)
		}
		if got := LinkIn(`{"value":[],"@odata.nextLink":` + string(link) + "}"); got != "" {
			t.Errorf("behind the objects the link is %q", got)
		}
		if got := LinkAtEnd(`{"value":[{"id":"1","x":"` + strings.Repeat("x", 17<<10) + `"}],"@odata.nextLink":` +
			string(link) + "}"); got != text {
			t.Errorf("the link %q at the end is %q", text, got)
		}
	})
}

func TestStringsAreNotCopied(t *testing.T) {
	q := fuzzQuery(t)
	d := NewDecoder(q)
	text := `{"value":[{"id":"1","displayName":"a plain name without escapes"}]}`
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := d.Page(text, func(*state.Object) bool { return true }); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 3 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestDeepNestingIsAnError(t *testing.T) {
	deep := `{"value":[],"x":` + strings.Repeat("[", maxDepth+10) + strings.Repeat("]", maxDepth+10) + `}`
	if _, err := scanned(t, deep); err == nil {
		t.Error("accepted")
	}
	if _, err := scanned(t, `{"value":[{"id":"1","accountEnabled":`+strconv.FormatInt(math.MaxInt64, 10)+`}]}`); err != nil {
		t.Error(err)
	}
}
