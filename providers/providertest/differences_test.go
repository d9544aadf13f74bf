package providertest_test

// difference is a way in which the lab behaves otherwise than Samba, on purpose.
type difference struct {
	entries []string // how the names of the record's entries begin
	why     string
}

// differences are all there are. Statements about Windows come from its documentation ([MS-ADTS]) and are not verified here.
var differences = []difference{
	{[]string{"scope/size limit", "scope/more than a page", "page/larger than Windows allows"},
		"Windows gives at most 1,000 entries (MaxPageSize) and keeps to the client's size limit; Samba knows neither, and clients have to cope with both."},
	{[]string{"range/member"},
		"Windows gives at most 1,500 values of an attribute (MaxValRange) and the rest in ranges, refuses ranges that begin beyond the end, and reads the option in any case; Samba gives all."},
	{[]string{"page/of "}, "Samba says only with an empty page that the one before was the last; both are allowed (RFC 2696)."},
	{[]string{"scope/another domain"}, "Windows refers to the domain's own servers; Samba says that there is no such object."},
	{[]string{"scope/Base Object ou = ", "scope/Single Level ou = ", "scope/Whole Subtree ou = "},
		"Spaces around the = of a name are allowed (RFC 2253, 4); Samba refuses them, except in a DN's tail."},
	{[]string{"filter/(!(noSuchAttribute=1))", "filter/(&(!(noSuchAttribute=1))"},
		"What a filter says about an attribute that the schema lacks is undefined, and so is its negation (RFC 4511, 4.5.1.7; MS-ADTS 3.1.1.3.1.3.1); Samba takes it for false."},
	{[]string{"filter/(cn:1.2.840.113556.1.4.803"}, "A bit rule about something that is no number is undefined; Samba ends the search with an error."},
	{[]string{"filter/(userAccountControl=0512)"}, "Windows compares numbers, Samba the way they are written."},
	{[]string{"filter/(cn>=", "filter/(cn<="}, "Samba orders letters beyond ASCII before all others."},
	{[]string{"filter/(cn~="}, "Windows treats ~= as =; Samba ends the search with an error."},
	{[]string{"filter/(cn=Ann  Ames)"}, "Samba counts several spaces as one; Windows compares what is there."},
	{[]string{"filter/(manager=CN=Boss*)"}, "Windows does not look for parts of distinguished names, Samba does for some attributes."},
	{[]string{"object/worked out when asked"}, "Samba escapes names inside canonicalName as in a DN; Windows escapes slashes only."},
	{[]string{"select/types only"}, "Samba ignores typesOnly and sends the values."},
	{[]string{"select/binary option"}, "Windows knows the option ;binary and sends the value as it is."},
	{[]string{"rootDSE/supportedControl"}, "The lab has no DirSync (1.2.840.113556.1.4.841): dirform does not use it."},
	{[]string{"rootDSE/supportedSASLMechanisms"}, "The lab has simple binds only; Kerberos is tested against Samba."},
	{[]string{"bind/search after a bind that failed", "bind/compare after a bind that failed"},
		"A failed bind leaves the connection anonymous (RFC 4511, 4.2.1); in Samba it keeps the account it had."},
	{[]string{"add/CN=Long", "modify/CN=Targe replace initials"}, "Windows answers 19 to values longer than the schema allows, Samba 21."},
	{[]string{`modify/CN=Targe replace title "a" "b"`}, "Windows answers 19 to two values for a single-valued attribute in a replace, Samba 20."},
	{[]string{"modify/CN=Targe replace groupType"}, "A user cannot have a groupType: an object class violation. Samba calls it an operations error."},
	{[]string{"modify/permissive"}, "The permissive modify control covers members, too; Samba leaves them out."},
	{[]string{"move/to another attribute"}, "A name of another attribute than before violates the naming rules (64); Samba answers 53."},
	{[]string{"move/to nowhere", "move/to no name"}, "Samba answers 80 (other) to a new name that is wrong or whose parent is missing."},
}
