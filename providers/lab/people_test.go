package lab_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab"
)

// TestPeopleAreTheSeedsPeople: made in memory, both directories answer exactly as if they had read the files.
func TestPeopleAreTheSeedsPeople(t *testing.T) {
	n := 7100 // more than there are pairs of names
	for _, o := range []lab.GenerateOptions{{Linked: true}, {Matched: 0.5, Seed: 7}, {}} {
		dir := t.TempDir()
		if err := lab.Generate(dir, n, o); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, lab.GeneratedMark)); err != nil {
			t.Fatal(err)
		}
		read := open(t, lab.Options{Seed: dir})
		made := open(t, lab.Options{People: &lab.People{Users: n, GenerateOptions: o}})
		wantLines, gotLines := entryLines(t, read), entryLines(t, made)
		if len(wantLines) != len(gotLines) || len(gotLines) < n {
			t.Fatalf("%+v: %d and %d entries", o, len(wantLines), len(gotLines))
		}
		for i, line := range wantLines {
			if line != gotLines[i] {
				t.Fatalf("%+v: the source differs:\n%s\n%s", o, line, gotLines[i])
			}
		}
		want, got := everyObject(t, read), everyObject(t, made)
		if !bytes.Equal(want, got) {
			t.Errorf("%+v: the tenant differs: %d and %d bytes", o, len(want), len(got))
		}
		n = 400
	}
}

// everyEntry is everything that a search can show.
func everyEntry(t *testing.T, l *lab.Lab) []*ldap.Entry {
	t.Helper()
	res, err := dial(t, l).SearchWithPaging(ldap.NewSearchRequest(l.AD().BaseDN(), ldap.ScopeWholeSubtree, 0, 0, 0, false, "(objectClass=*)",
		[]string{"*", "memberOf", "directReports"}, nil), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return res.Entries
}

func entryLines(t *testing.T, l *lab.Lab) (lines []string) {
	for _, e := range everyEntry(t, l) {
		line := e.DN
		for _, a := range e.Attributes {
			line += fmt.Sprintf("\n%s: %q", a.Name, a.Values)
		}
		lines = append(lines, line)
	}
	return lines
}

// everyObject is everything that listing users with their managers shows, without what differs between two servers.
func everyObject(t *testing.T, l *lab.Lab) []byte {
	t.Helper()
	at, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(t, at.CAFile)}}
	properties := slices.Sorted(maps.Values(flows))
	properties = append(properties, "id", "userType", "createdDateTime", "proxyAddresses", "otherMails", "businessPhones", "accountEnabled",
		"onPremisesImmutableId", "mailNickname")
	var all []byte
	for link := at.Endpoint + "/users?$top=999&$expand=manager($select=id)&$select=" + strings.Join(properties, ","); link != ""; {
		req, _ := http.NewRequest(http.MethodGet, link, nil)
		req.Header.Set("Authorization", "Bearer "+at.AccessToken)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		var page struct {
			Next  string `json:"@odata.nextLink"`
			Value json.RawMessage
		}
		if err != nil || res.StatusCode != 200 || json.Unmarshal(b, &page) != nil {
			t.Fatal(err, res.Status)
		}
		all, link = append(all, page.Value...), page.Next
	}
	return all
}

// What was made can be found by every name, and is as unique as what was read.
func TestPeopleAreFoundAndUnique(t *testing.T) {
	data := t.TempDir()
	o := lab.Options{Data: data, People: &lab.People{Users: 50, GenerateOptions: lab.GenerateOptions{Linked: true}}}
	l := open(t, o)
	first, second := everyEntry(t, l), ""
	var one *ldap.Entry
	for _, e := range first {
		switch upn := e.GetAttributeValue("userPrincipalName"); {
		case upn == "" || e.GetAttributeValue("mail") == "":
		case one == nil:
			one = e
		default:
			second = upn
		}
	}
	for _, name := range []string{"sAMAccountName", "userPrincipalName", "mail"} {
		if dn, ok := l.AD().Find(one.GetAttributeValue(name)); !ok || dn != one.DN {
			t.Errorf("by %s: %q", name, dn)
		}
	}
	upn := one.GetAttributeValue("userPrincipalName")
	for _, property := range []string{"userPrincipalName", "mail"} {
		if err := l.Tenant().Set(second, property, json.RawMessage(`"`+upn+`"`)); err == nil {
			t.Errorf("two accounts have the same %s", property)
		}
	}
	if err := l.Tenant().Set(upn, "jobTitle", json.RawMessage(`"Head"`)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := open(t, o).Tenant().Get(upn)
	if err != nil || !strings.Contains(string(b), `"jobTitle":"Head"`) {
		t.Errorf("a write to made people did not last: %s, %v", b, err)
	}
	if _, err := lab.Open(lab.Options{People: &lab.People{Users: -1}}); err == nil {
		t.Error("a lab of -1 users was made")
	}
}

// A generated seed is made in memory only while its files are as they were, and each of the files counts for itself.
func TestEditedSeedIsRead(t *testing.T) {
	dir := t.TempDir()
	if err := lab.Generate(dir, 20, lab.GenerateOptions{Linked: true}); err != nil {
		t.Fatal(err)
	}
	if n := open(t, lab.Options{Seed: dir}).Tenant().Len(); n != 21 {
		t.Errorf("%d accounts", n)
	}
	for name, edit := range map[string][2]string{lab.ADSeed: {"company: Contoso", "company: Fabrica"}, lab.TenantSeed: {`"companyName":"Contoso"`, `"companyName":"Fabrica"`}} {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.LastIndex(b, []byte(edit[0]))
		write(t, path, string(b[:at])+edit[1]+string(b[at+len(edit[0]):]))
	}
	l := open(t, lab.Options{Seed: dir})
	found := 0
	for _, line := range entryLines(t, l) {
		found += strings.Count(line, "Fabrica")
	}
	if found != 1 || strings.Count(string(everyObject(t, l)), "Fabrica") != 1 {
		t.Errorf("the edits of the seed do not show: %d", found)
	}
}

// A mark that does not fit is no reason to fail, nor to believe it.
func TestWrongMark(t *testing.T) {
	dir := t.TempDir()
	if err := lab.Generate(dir, 5, lab.GenerateOptions{Linked: true}); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(dir, lab.GeneratedMark)
	b, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "[", strings.Replace(string(b), `"users": 5`, `"users": -5`, 1), strings.Replace(string(b), `"users": 5`, `"users": 50`, 1),
		strings.Replace(string(b), `"users": 5`, `"users": 3`, 1)} {
		write(t, mark, content)
		if n := open(t, lab.Options{Seed: dir}).Tenant().Len(); n != 6 {
			t.Errorf("%q: %d accounts", content, n)
		}
	}
}

// What another version of the generator wrote is read, though nobody edited it.
func TestSeedOfAnotherGenerator(t *testing.T) {
	dir := t.TempDir()
	if err := lab.Generate(dir, 5, lab.GenerateOptions{Linked: true}); err != nil {
		t.Fatal(err)
	}
	path, mark := filepath.Join(dir, lab.TenantSeed), filepath.Join(dir, lab.GeneratedMark)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(content []byte) string {
		return fmt.Sprintf("%x", sha256.Sum256(append(bytes.Clone(content), "5 0 true 0"...)))
	}
	if !bytes.Contains(b, []byte(seal(old))) {
		t.Fatalf("the seal is another one than %s: %s", seal(old), b)
	}
	other := bytes.ReplaceAll(old, []byte("Contoso"), []byte("Fabrica"))
	write(t, path, string(other))
	write(t, mark, strings.Replace(string(b), seal(old), seal(other), 1))
	if objects := everyObject(t, open(t, lab.Options{Seed: dir})); bytes.Count(objects, []byte("Fabrica")) != 5 {
		t.Errorf("made instead of read: %s", objects)
	}
}
