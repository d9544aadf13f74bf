package entra

import "testing"

func TestPasswordsHaveEveryClass(t *testing.T) {
	for range 5000 {
		if p := randomPassword(); !complete([]byte(p), passwordLetters()) || len(p) != 40 {
			t.Fatalf("a password of %d characters lacks a class", len(p))
		}
	}
}
