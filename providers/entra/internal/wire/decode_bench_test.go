package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// benchShape is 20 properties, nested and listed ones among them.
func benchShape() *state.Shape {
	return state.NewShape("userPrincipalName", "displayName", "givenName", "surname", "mail", "mailNickname", "department", "jobTitle",
		"companyName", "officeLocation", "city", "country", "usageLocation", "accountEnabled", "onPremisesImmutableId",
		"onPremisesSyncEnabled", "proxyAddresses", "businessPhones", "mobilePhone", "employeeId")
}

func benchPage(n int) string {
	var b strings.Builder
	b.WriteString(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=abc","value":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"8d0f1b1e-0000-4000-8000-%012d","userPrincipalName":"user%06d@contoso.com","displayName":"Given%d Family%d",`+
			`"givenName":"Given%d","surname":"Family%d","mail":"user%06d@contoso.com","mailNickname":"user%06d","department":"Department of %d",`+
			`"jobTitle":"Senior Specialist","companyName":"Contoso","officeLocation":"Building 4/2","city":"Budapest","country":"Hungary",`+
			`"usageLocation":"HU","accountEnabled":true,"onPremisesImmutableId":"q83vASNFZ4mrze8BI0Vn%02dQ==","onPremisesSyncEnabled":null,`+
			`"proxyAddresses":["SMTP:user%06d@contoso.com","smtp:u%d@contoso.onmicrosoft.com"],"businessPhones":["+36 1 555 %04d"],`+
			`"mobilePhone":"+36 30 555 %04d","employeeId":"E%06d"}`, i, i, i, i, i, i, i, i, i%20, i%100, i, i, i%10000, i%10000, i)
	}
	b.WriteString("]}")
	return b.String()
}

func BenchmarkDecodePage(b *testing.B) {
	q, err := NewQuery(state.User, benchShape(), false)
	if err != nil {
		b.Fatal(err)
	}
	text := benchPage(999)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	d := NewDecoder(q)
	for b.Loop() {
		n := 0
		if _, err := d.Page(text, func(*state.Object) bool { n++; return true }); err != nil || n != 999 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/999, "µs/user")
}
