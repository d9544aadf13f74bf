package providers

import (
	"testing"

	"github.com/dirform/dirform/state"
)

func TestGUIDFilter(t *testing.T) {
	g := state.GUID{0x28, 0xf5, 0xfc, 0x0e, 0x04, 0x72, 0xa5, 0x5c, 0xac, 0x20, 0xd4, 0xd2, 0x86, 0xb8, 0x9e, 0x52}
	const value = `\28\f5\fc\0e\04\72\a5\5c\ac\20\d4\d2\86\b8\9e\52`
	for _, tt := range []struct {
		guids      []state.GUID
		attributes []string
		want       string
	}{
		{[]state.GUID{g}, []string{"objectGUID"}, "(|(objectGUID=" + value + "))"},
		{[]state.GUID{g}, []string{"a", "b"}, "(|(a=" + value + ")(b=" + value + "))"},
		{[]state.GUID{g, g}, []string{"a"}, "(|(a=" + value + ")(a=" + value + "))"},
		{nil, []string{"a"}, "(|)"}, // RFC 4526: or of nothing is false
	} {
		if got := GUIDFilter(tt.guids, tt.attributes...); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
