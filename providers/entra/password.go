package entra

import "crypto/rand"

// passwordLetters are the classes of characters the password rules count; at least three must occur, and every one does.
// Look-alikes are of no concern, since nobody reads the password.
func passwordLetters() [4]string {
	return [4]string{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "!#%*+-=?@^_~"}
}

// randomPassword is a password for an account nobody has signed in to yet: 40 characters, some 240 bits. It goes into the
// create request and nowhere else.
func randomPassword() string {
	classes := passwordLetters()
	all := classes[0] + classes[1] + classes[2] + classes[3]
	for {
		b := make([]byte, 0, 40)
		for len(b) < cap(b) {
			b = appendLetter(b, all)
		}
		if complete(b, classes) {
			return string(b)
		}
	}
}

// appendLetter appends one of letters, each as likely as the others: bytes that would favour the first ones are thrown away.
func appendLetter(b []byte, letters string) []byte {
	var one [1]byte
	limit := 256 - 256%len(letters)
	for {
		_, _ = rand.Read(one[:]) // never fails; the runtime ends the process if the system has no randomness
		if int(one[0]) < limit {
			return append(b, letters[int(one[0])%len(letters)])
		}
	}
}

func complete(b []byte, classes [4]string) bool {
	for _, class := range classes {
		found := false
		for _, c := range b {
			for i := range class {
				found = found || class[i] == c
			}
		}
		if !found {
			return false
		}
	}
	return true
}
