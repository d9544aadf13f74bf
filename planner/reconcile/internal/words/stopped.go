package words

import "github.com/dirform/dirform/planner"

// OffAllTheSame ends the detail of a finding that stops everything about an account but that sign-in is turned off.
const OffAllTheSame = " The source has switched the account off, and that passes: sign-in is turned off all the same."

// Why an account ought not to be able to sign in.
const (
	SwitchedOffAtSource = "The source has switched the account off"
	LeftItsScope        = "Its object has left its scope"
)

// StillSignedIn makes a finding say that it keeps an account able to sign in, although for a reason, such as
// [LeftItsScope], it ought not to be.
func StillSignedIn(f *planner.Finding, why string) {
	f.SignedIn = true
	f.Detail += " " + why + ", but whoever has it is still signed in."
}
