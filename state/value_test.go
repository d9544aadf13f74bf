package state

import "testing"

func TestIsEmpty(t *testing.T) {
	for _, v := range []Value{{}, Null(), String(""), List(nil), List([]string{}), List([]string{""}), List([]string{"", ""})} {
		if !v.IsEmpty() {
			t.Errorf("%#v is not empty", v)
		}
	}
	for _, v := range []Value{String(" "), Bool(false), Int(0), List([]string{"", "x"})} {
		if v.IsEmpty() {
			t.Errorf("%#v is empty", v)
		}
	}
	h := NewHasher(Key{})
	for _, v := range []Value{Null(), String(""), List([]string{""}), List([]string{"", ""}), String("x"), List([]string{"", "x"}), Int(0)} {
		if (h.Fingerprint(&Attribute{}, v) == h.null) != v.IsEmpty() {
			t.Errorf("%#v: its fingerprint says otherwise than IsEmpty", v)
		}
	}
}
