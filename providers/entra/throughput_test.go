package entra_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state"
)

// BenchmarkRead reads 50 pages of 999 users from a server in this process, and as the floor downloads and throws away the same
// pages. Both numbers include the server's share.
func BenchmarkRead(b *testing.B) {
	const pages = 50
	var objects strings.Builder
	for i := range 999 {
		if i > 0 {
			objects.WriteByte(',')
		}
		fmt.Fprintf(&objects, `{"id":"8d0f1b1e-0000-4000-8000-%012d","userPrincipalName":"user%06d@contoso.com","displayName":"Given Family %d","givenName":"Given%d",`+
			`"surname":"Family%d","mail":"user%06d@contoso.com","department":"Department of Things","jobTitle":"Senior Specialist","city":"Budapest","usageLocation":"HU",`+
			`"accountEnabled":true,"onPremisesImmutableId":"q83vASNFZ4mrze8BI0VnQQ==","proxyAddresses":["SMTP:user%06d@contoso.com"]}`, i, i, i, i, i, i, i)
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		body := `{"@odata.context":"x",`
		if n+1 < pages {
			body += fmt.Sprintf(`"@odata.nextLink":"%s/v1.0/users?page=%d",`, s.URL, n+1)
		}
		_, _ = io.WriteString(w, body+`"value":[`+objects.String()+`]}`)
	}))
	defer s.Close()
	b.Run("reader", func(b *testing.B) {
		r, err := entra.Open(context.Background(), entra.Config{Endpoint: s.URL + "/v1.0", AccessToken: "x"})
		if err != nil {
			b.Fatal(err)
		}
		shape := state.NewShape("userPrincipalName", "displayName", "givenName", "surname", "mail", "department", "jobTitle", "city", "usageLocation", "accountEnabled", "onPremisesImmutableId", "proxyAddresses")
		for b.Loop() {
			n := 0
			for _, err := range r.Read(b.Context(), providers.TenantQuery{Kind: state.User, Attributes: shape}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != pages*999 {
				b.Fatal(n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/pages/999, "µs/user")
	})
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			for n := range pages {
				resp, err := http.Get(fmt.Sprintf("%s/v1.0/users?page=%d", s.URL, n))
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/pages/999, "µs/user")
	})
}
