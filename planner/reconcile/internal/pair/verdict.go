package pair

// Verdict is what is known about a source row's account. Row numbers are -1 where there is none.
type Verdict struct {
	Link   int32 // recorded link
	Target int32 // tenant row, or row of the recycle bin if InBin is set
	Rival  int32 // the other source row, where a flag speaks of one
	Rule   Rule
	Flags  Flags
}

// Flags are what stands against a pair, or sets it apart.
type Flags uint16

// What may be set about a source row's account.
const (
	InBin         Flags = 1 << iota // the target lies in the recycle bin
	SameAnchor                      // another source object has the same anchor (Rival)
	Shadowed                        // an earlier scope has the same object
	Ambiguous                       // a match rule found several accounts
	Contested                       // another source object has or claims the same account (Rival)
	Vanished                        // the recorded account is nowhere to be found
	AnchorChanged                   // its anchor is not the recorded one
	BadLink                         // its link block names an account that does not exist
	ManyNamed                       // its link block names another source object, too
)

// Is reports whether one of the flags is set.
func (v *Verdict) Is(f Flags) bool { return v.Flags&f != 0 }

// outbid reports whether another source object has or claims the living account that the row has in view.
func (v *Verdict) outbid() bool { return v.Flags&(Contested|InBin) == Contested }
