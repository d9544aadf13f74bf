package graphd_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

const twenty = "id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,onPremisesImmutableId,accountEnabled,jobTitle," +
	"department,companyName,city,country,postalCode,streetAddress,officeLocation,mobilePhone,businessPhones,proxyAddresses"

// manyUsers streams a seed of n users with 20 properties.
func manyUsers(n int) io.Reader {
	r, pipe := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(pipe, 1<<20)
		fmt.Fprint(w, `{"users":[`)
		for i := range n {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"userPrincipalName":"given.surname%[1]d@contoso.com","displayName":"Given Surname %[1]d","givenName":"Given","surname":"Surname %[1]d",
"mail":"given.surname%[1]d@contoso.com","mailNickname":"given.surname%[1]d","onPremisesImmutableId":"%022[1]d==","accountEnabled":true,"jobTitle":"Engineer",
"department":"Research","companyName":"Contoso","city":"Budapest","country":"Hungary","postalCode":"1051","streetAddress":"Main street %[1]d","officeLocation":"B %[1]d",
"mobilePhone":"+36 30 %07[1]d","businessPhones":["+36 1 %07[1]d"],"employeeId":"%[1]d","usageLocation":"HU"}`+"\n", i)
		}
		fmt.Fprint(w, `]}`)
		w.Flush()
		pipe.Close()
	}()
	return r
}

// BenchmarkList lists 100,000 users over HTTPS into the void; µs/user is wall time for client and server together.
func BenchmarkList(b *testing.B) {
	const n = 100_000
	w := &world{t: b}
	w.Tenant = graphd.New(graphd.Options{AccessToken: token})
	if err := w.LoadSeed(manyUsers(n), "seed"); err != nil {
		b.Fatal(err)
	}
	w.serve()
	b.ResetTimer()
	for b.Loop() {
		pages(b, w)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/user")
}

func pages(t testing.TB, w *world) (bytes int64) {
	next := w.root + "/users?$top=999&$select=" + twenty
	buf := make([]byte, 1<<16)
	for next != "" {
		req, _ := http.NewRequest("GET", next, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := w.srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := io.ReadFull(res.Body, buf[:1024])
		next = ""
		if _, rest, ok := strings.Cut(string(buf[:n]), `"@odata.nextLink":"`); ok {
			next, _, _ = strings.Cut(rest, `"`)
		}
		m, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, buf)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		bytes += int64(n) + m
	}
	return bytes
}

// BenchmarkLoadMillion loads a million users; MB is what the process has from the system by then.
func BenchmarkLoadMillion(b *testing.B) {
	for b.Loop() {
		tenant := graphd.New(graphd.Options{})
		if err := tenant.LoadSeed(manyUsers(1_000_000), "seed"); err != nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys>>20), "MB")
		runtime.KeepAlive(tenant)
	}
}
