package planner

import (
	"slices"

	"github.com/dirform/dirform/providers"
)

// Code describes one finding code for help and documentation.
type Code struct {
	Code     string
	Severity Severity
	Summary  string
	Cause    string
	Cure     string
}

// Codes are all finding codes: 1xx values, 2xx matching and uniqueness, 3xx what the tenant's API cannot do or undo, 4xx guards and
// source health, 5xx permissions.
var Codes = []Code{
	{"DF101", Error, "Unverified domain suffix", "The user name's domain is not a verified domain of the tenant, so the service would refuse it.", "Verify the domain in the tenant, map userPrincipalName to a verified one, or set on_unverified_suffix = \"initial_domain\" in the link policy."},
	{"DF102", Error, "Required attribute has no value", "A new account must have the attribute, and the mapping gives none.", "Fill in the attribute at the source, or give the mapping a fallback with coalesce()."},
	{"DF103", Error, "Mapping has no value", "An expression fails for this object, so what is desired is not known.", "Correct the expression; try() or coalesce() can give a fallback."},
	{"DF104", Error, "Value too long", "The service's limit for the attribute is shorter.", "Shorten the value at the source, or with substr() in the mapping."},
	{"DF105", Error, "Value not accepted", "The value has a form or a character that the service refuses, or a character that would be a trap for whoever reads the name in the tenant: control characters (line breaks but in streetAddress, extension attributes and a group's description), characters that turn the direction of text around, that take no room or do not show, bytes that are not UTF-8, and U+FFFD, which stands for such bytes. About an alias, which dirform does not write, it is a warning.", "Correct it at the source, or in the mapping."},
	{"DF106", Error, "Too many values", "The service's limit for the number of values is lower. About aliases, which dirform does not write, it is a warning.", "Map fewer values."},
	{"DF107", Warning, "User name under the tenant's initial domain", "The user name's domain is not verified, and the link policy's on_unverified_suffix = \"initial_domain\" gives the account a name under the tenant's own domain, as Microsoft's sync engine does.", "Verify the domain in the tenant; the next plan then gives the account the name it wants."},
	{"DF110", Error, "Source value is missing", "An attribute that Active Directory always has came without a value, so it could not be read; or a scope's where is null for the object, so that it is not known whether the object is in scope. What cannot be read is not empty: nothing is written, cleared or switched on because of it, and nobody leaves.", "Let the account that dirform reads with read the attribute: it takes the right Read Property on it, which authenticated users mostly have by the group Pre-Windows 2000 Compatible Access. Or say in where what holds without a value, with coalesce()."},
	{"DF201", Error, "Two source objects have the same anchor", "The anchor attribute was copied from one object to another.", "Clear the anchor attribute of the one that got the copy; if it was carried over to a new domain on purpose, take the old object out of its scope."},
	{"DF202", Error, "Address already in use", "Another object holds or wants the address; the service would answer AttributeValueMustBeUnique or ObjectConflict.", "Remove the address from one of the objects named."},
	{"DF203", Error, "Ambiguous match", "A match rule finds several accounts for one source object.", "Decide with a link block, or make the value unique in the tenant."},
	{"DF204", Error, "Two source objects claim one account", "More than one source object matches the same account.", "Decide with a link block, or correct the value by which they match."},
	{"DF205", Error, "Anchor changed since the link was recorded", "The anchor attribute of a linked source object has another value now.", "Restore the old value, or remove the record with `dirform state rm` to match anew."},
	{"DF206", Error, "Account holds a directory role", "Accounts with administrative roles are not changed unless a policy says so. No policy lets dirform give one an anchor, or take it over.", "For an account that is to get an anchor: take the role away, apply, and give it back. To have dirform manage one that it is linked to: set privileged = \"allow\" in the link policy. For user names, sign-in and phones of administrators the application needs the role Privileged Authentication Administrator as well (DF222)."},
	{"DF207", Error, "Account carries another anchor", "onPremisesImmutableId ties the account to another source object than the one that matches it or that the record has for it.", "Set foreign_anchor = \"relink\" where the anchors are another domain's, as in a migration, name the pair in a link block, or clear the anchor."},
	{"DF208", Error, "Account is synchronised by another engine", "onPremisesSyncEnabled is true: the service refuses changes by anybody else.", "Set synced_elsewhere = \"take_over\" in the link policy, or leave the object to the other engine by excluding it from the scope."},
	{"DF209", Error, "Linked account has vanished", "The recorded account is neither among the tenant's users nor in the recycle bin.", "Remove the record with `dirform state rm ANCHOR` to match or create anew."},
	{"DF210", Warning, "Object is in two scopes", "Scopes overlap; the one declared first has it.", "Tell the scopes apart with exclude, filter or where."},
	{"DF211", Warning, "Manager is not synchronised", "The manager has no account through dirform, so the account's manager is left as it is.", "Bring the manager into a scope, or take manager out of the mapping with unmanaged."},
	{"DF212", Error, "Account lies in the recycle bin", "The match was deleted in the tenant, and the policy's deleted = \"block\".", "Restore it in the tenant, or set deleted = \"restore\"."},
	{"DF213", Error, "No account matches", "The policy's unmatched = \"block\" wants an existing account for each object.", "Create the account, add a link block, or set unmatched = \"create\"."},
	{"DF214", Error, "Declared link leads nowhere", "A link block names an object that was not found.", "Correct the link block's source or tenant."},
	{"DF215", Warning, "Blocked account was changed outside dirform", "Somebody edited attributes of an account that dirform does not touch because of another finding.", "Resolve the other finding; the next apply sets the attributes again."},
	{"DF216", Warning, "Deleted account had this user name", "An account in the recycle bin was called so before it was deleted; creating makes a new and empty one beside it.", "If it is the same person, restore the deleted account, or name its object id in a link block; else nothing needs to be done."},
	{"DF217", Error, "Old anchor still has a living object", "The account is to get this object's anchor, but carries that of another source object which is still in a scope or, where a link block names the account, lives anywhere in Active Directory: the account would be taken from that one.", "Correct the value by which the new object matches. If it is the same person's: between two forests take the old object out of every scope; within one forest delete it and add a link block. Where both have an account of their own, clear the anchors of the two accounts."},
	{"DF218", Error, "The tenant does not allow this match", "The account holds a role, or a switch of the tenant (blockCloudObjectTakeoverThroughHardMatchEnabled, blockSoftMatchEnabled, softMatchOnUpnEnabled) stands against matching.", "Take the role away, apply and give it back; or lift the switch for the migration; or decide the pair with a link block."},
	{"DF219", Warning, "Account is taken over from another sync engine", "The policy's synced_elsewhere = \"take_over\" has apply set " + providers.CloudManaged + " to true before anything else: from then on the service takes changes from dirform, and no more from the other engine.",
		"The application needs the permission User-OnPremisesSyncBehavior.ReadWrite.All, and the other engine must be Connect Sync 2.5.76 or Cloud Sync agent 1.1.1370 at least. Keep the objects in its scope until it is retired, or it may remove them from groups. Microsoft does not support this for accounts that sign in through AD FS or depend on Active Directory for their password otherwise. To go back, set isCloudManaged to false and let the other engine run."},
	{"DF220", Warning, "Account was synchronised by another engine before", "Another sync engine mastered the account once, and it has been converted to the cloud. It is linked like any other.", "Nothing, unless that engine still runs and the conversion was undone (isCloudManaged is false again): then its next run takes the account back."},
	{"DF221", Warning, "Link block has no effect", "A link block names an object that has another account already: by the record, which stands above link blocks, or by another block. The account that the block names may not even exist.", "Remove the block or correct it. If it is right, the account that the object has now has to make way: it carries the object's anchor and has its names. Delete it for good, or clear its anchor and give it another user name and other addresses; then remove the record with `dirform state rm ANCHOR`. The next plan then follows the block."},
	{"DF222", Error, "Administrators need a higher role", "Whether they may sign in, user name, phones, further mail addresses and anchor of an account with an administrative role, its deletion and its restoration are open only to those who hold Privileged Authentication Administrator or Global Administrator; permissions are not enough. Everything else can be changed.", "Assign the role Privileged Authentication Administrator to the application dirform is signed in as (the service principal, or the person), leave these attributes of administrators as they are, or take the account's role away."},
	{"DF223", Error, "The account is a guest's", "The account that matches belongs to somebody of another organisation: a guest, or somebody who was invited. Linked to a source object, an outsider would be managed as one of the organisation's own people. As a warning: a guest who has an address of a new account's owner in otherMails is most likely the same person; or names stay as they are because the service lets nobody change them for somebody who was invited.", "Give the person an account of their own (a link block, or another address), take the object out of the scope, or, where guests are meant, set guests = \"allow\" in the link policy."},
	{"DF224", Warning, "User name is another object's address", "The user name is a mail address of another object in the tenant, often a group or a shared mailbox. Accounts without a mailbox may have it; one with a mailbox cannot, so giving a licence fails later.", "Give the person another user name, or the other object another address."},
	{"DF225", Warning, "Shared mailbox would be switched on", "Nobody signs in to a shared, room or equipment mailbox, so its account is switched off. This one is switched on at the source, and so would be in the tenant, where somebody may know its password.", "Disable the account in Active Directory, or map accountEnabled = false for such objects; take the object out of the scope if it is nobody's."},
	{"DF226", Error, "Anchor is malformed", "The anchor attribute of the source object holds something other than 16 bytes, or nothing but zeros: another tool's text, or a copy. It could not tell this object from others.", "Clear the attribute: the apply that creates or links an account stamps the object's own GUID. Where the object is linked already, nothing is stamped: write the 16 bytes that the account's anchor is the base64 of."},
	{"DF227", Warning, "Accounts look like those of services", "Some accounts that are to be synchronised have a servicePrincipalName, or a password that never expires and no given name: services run with such accounts, and none of them needs one in the tenant.", "Leave them out, with exclude, filter or where; nothing, if they are people's."},
	{"DF228", Warning, "Linked mailboxes are left out", "Exchange keeps the mailbox of somebody who has an account in another domain or forest on a disabled account beside it (msExchMasterAccountSid names the owner). The two are one person: the tenant gets the account that people sign in with, whose anchor it is, and nothing for the disabled one, whose mail, proxyAddresses and other attributes of Exchange are not read.", "Bring the owners' accounts into a scope, and see that mail and proxyAddresses stand on these as well, because only there a mapping finds them: Set-ADUser, or a synchronisation of address lists between the forests. With system_objects = \"include\" a scope has the disabled accounts too, as people of their own."},
	{"DF230", Warning, "Sign-in is blocked in the tenant", "The source has the account switched on, and so it was applied last, but in the tenant sign-in is blocked. Who did that, and why, is not known: perhaps after an incident. So sign-in is left off.", "If it may be on again, turn it on in the tenant; or have the value change at the source, with an apply in between; or set heal_sign_in = true in the link policy, which turns on everybody whom somebody blocked."},
	{"DF231", Warning, "Changed in the tenant, and left so", "The link policy has on_drift = \"report\": what somebody changed in the tenant stays until the source's value changes.", "Set the attribute back in the tenant or change it at the source to the same value; on_drift = \"heal\" has apply set right what others change."},
	{"DF232", Error, "Changed in the tenant, which stops the object", "The link policy has on_drift = \"block\": while attributes are not as they were applied last, nothing is written to the account.", "Set the attributes back in the tenant, or change them at the source to the same values; on_drift = \"heal\" has apply set right what others change, but for sign-in that somebody blocked, for which it takes heal_sign_in = true beside."},
	{"DF233", Warning, "Account of a leaver is claimed by others", "Somebody has left a scope whose policy ends their sign-in, but another source object claims the account, and findings keep that one from having it. So the account stays as it is.", "Resolve the findings about the other object. Until then, if nobody is to sign in with the account, turn it off in the tenant."},
	{"DF234", Warning, "Switched off at the source, and left on", "Somebody has left a scope whose policy leaves sign-in as it is (leaving = \"keep\" or \"unlink\"), and the source has switched them off: in Active Directory the account is disabled, or what the scope maps says so. Nothing turns it off in the tenant, because the policy is to leave it alone.", "Turn it off in the tenant, or set leaving = \"disable\" in the link policy. Where it is meant to stay on, take the pair out of the record with `dirform state rm`, or enable the account at the source."},
	{"DF301", Warning, "Attribute cannot be cleared", "The source has no value any more, and the tenant does not let the attribute be empty, so it stays as it is.", "Give the mapping a value for this case, or put the attribute under unmanaged."},
	{AliasesCode, Warning, "Aliases to be set in Exchange", "The further addresses (smtp:) in proxyAddresses are not those of the source, and Microsoft Graph lets nobody write them.", "Run the command in Exchange Online PowerShell; `dirform plan --aliases-script FILE` writes all of them. It takes an Exchange recipient: a mailbox, which comes with a licence, or a mail user, with Set-MailUser instead."},
	{"DF303", Warning, "Attribute is locked", "Another sync engine masters the account or did so once. Since then the service refuses to change extensionAttribute1 to 15 through Microsoft Graph, so that these stay as they are.", "Set it in Exchange Online: Set-Mailbox (or Set-MailUser) -CustomAttribute1 for extensionAttribute1, or the Exchange admin center. Or take it out of the mapping."},
	{"DF304", Warning, "Old address may stay behind", "An address moves from one account to another, and an account with a mailbox keeps its old address as a further one, which Microsoft Graph cannot take away.", "Nothing, if the account has no mailbox; else take the further address away in Exchange after the apply that was refused, and apply again."},
	{"DF305", Warning, "Directory synchronisation is switched off", "A directory_sync block asks for it. It concerns the whole tenant, cannot be undone for 72 hours, and clears attributes for good.", "Stop Entra Connect or Cloud Sync first, and export the attributes that are lost if somebody needs them. Plan again afterwards: accounts that were blocked as DF208 can be managed then. It takes the permission Organization.ReadWrite.All; signed-in people need the role Hybrid Identity Administrator."},
	{"DF306", Warning, "Directory synchronisation is switched on", "A directory_sync block asks for it. dirform itself never needs it: what it creates and links is cloud-managed.", "Leave it off unless a sync client of Microsoft is to work beside dirform. It takes the permission Organization.ReadWrite.All; signed-in people need the role Hybrid Identity Administrator."},
	{"DF307", Warning, "Alias in an unverified domain", "Exchange takes addresses only in domains that the tenant has verified, so the alias is left out.", "Verify the domain in the tenant, or filter such addresses out in the mapping of proxyAddresses."},
	{"DF308", Warning, "A mailbox's address in an unverified domain", "An account with a mailbox licence keeps addresses only in domains that the tenant has verified. Microsoft Graph takes another one, Exchange drops it a little later, and every apply would set it anew. So the address is left out; everything else is written.", "Verify the domain in the tenant, map mail to an address in a verified one, or put mail under unmanaged."},
	{"DF401", Error, "Guard limit exceeded", "The plan holds more of one kind than the limit allows, together with what the runs of the last 24 hours did.", "Look whether a scope or filter is wrong; if not, `--allow LIMIT=N` sets the limit for one run. `dirform help guards` has all limits."},
	{"DF402", Error, "Source shrank", "Far fewer objects were read than are recorded as linked.", "Look whether the source was read completely; if so, `--allow source_shrink=N`."},
	{"DF403", Warning, "Scope OU was renamed or moved", "The declared OU is not there, but the recorded one is, under another name. It was followed by its GUID.", "Change the scope's ou to the new distinguished name."},
	{"DF404", Error, "Scope OU was replaced", "Another OU stands where the recorded one was, and that one still exists elsewhere.", "Point the scope at the OU that is meant."},
	{"DF405", Error, "Account is protected", "A guard's protect list names the account.", "Nothing, if that is right; else take it off the list."},
	{"DF406", Warning, "Protected name is unknown", "A guard's protect list names somebody whom the tenant does not have, so it protects nobody.", "Write a user principal name, a mail address or an object id, in full and without wildcards; an object id stays the same when an account is renamed."},
	{"DF407", Error, "Last enabled Global Administrator", "The plan would leave the tenant without an enabled user that holds Global Administrator, or rename or take over the only one.", "Give the role to another enabled account first, best to one that is not synchronised."},
	{"DF408", Error, "This is dirform's own identity", "The account is the one that dirform is signed in with, or a link block names its application.", "Sign in as an application, or as somebody who is not synchronised; leave the account out of the scope."},
	{"DF410", Warning, "Accounts speak against a first run", "There is no state, so the plan takes this for a first run, but accounts carry the anchors of objects in scope. Either dirform has linked them before and the state is missing, so that leavers and drift are not seen; or another tool has given them their anchors.", "If dirform has been applied before: apply nothing, and restore the state from a backup or make it anew with `dirform state rebuild`. Else nothing needs to be done."},
	{"DF411", Warning, "Accounts with anchors that nobody knows", "Neither the state nor any scope has the anchor, so dirform does nothing about these accounts: their people may have left while the state was missing or before there was one, another configuration may manage them, or another tool may have given them their anchors.", "Find out whose they are. Disable those whose people have left, bring source objects that belong into a scope, or make a state that was lost anew with `dirform state rebuild`; leave the others."},
	{"DF412", Warning, "Guard limit is switched off", "A guard block has off = true for a limit, so nothing holds a plan back that does too much of it.", "Take the block out once it has served; until = \"2026-09-15\" ends it by itself."},
	{"DF413", Warning, "Guard limit has ended", "The last day of a limit's until is over, so that the built-in limit holds again.", "Take the block out, or give it a later day."},
	{"DF414", Warning, "Leavers were not found, so they are not deleted", "The policy would delete their accounts now, by leaving = \"delete\" or because their grace is over, but nothing shows that their source objects left: these live in no domain that is read, are not among its deleted objects, and no filter or condition leaves them out. Their accounts stay, disabled.", "Let the account that reads Active Directory see them and deleted objects (DF502). If the objects are gone for good, because Active Directory has forgotten what was deleted so long ago (tombstoneLifetime), delete the accounts by hand and apply."},
	{"DF416", Warning, "Taken along with the targets", "A change of what --target names needs that of another object, which is in the plan as well: one that gives up a name which the target takes, or a manager who has no account yet.", "Nothing, if that is right; --exclude leaves an object out. A change that cannot do without it is blocked then."},
	{"DF417", Warning, "Clocks differ", "This computer's clock is more than five minutes from that of a server, or shows a time before the last run's. A grace is not ended by a clock that may be wrong; one that begins is counted from the latest of these times.", "Set this computer's clock, or the server's. If the last run's clock was wrong, the next apply puts that right."},
	{BehindCode, Error, "Domain controller is behind", "The provider has several urls, and the domain controller that answers has not replicated up to the change that the last apply saw on another, or was restored from a backup. Its values are older than what was applied, and would be taken for new ones.", "Plan again once the domain controllers have replicated, or put the one that the last apply read first among the urls. If that one was restored, apply once with it as the only url."},
	{"DF419", Warning, "Domain controller may be behind", "The provider has several urls, another domain controller answers than at the last apply, and it does not show up to where it has replicated (replUpToDateVector of the domain).", "Look at the changes with care, or put the domain controller that the last apply read first among the urls. The right to read replUpToDateVector of the domain's object lets dirform tell."},
	{ChangedSinceCode, Warning, "Changed since the run", "The undoing of a run leaves alone what is not as the run has left it: somebody has changed it since, or a later run has.", "Look whether the value of today is right; if not, set it by hand, or undo the later run first."},
	{NotKeptCode, Warning, "The old value was not kept", "The record keeps the values that runs write over only where encryption is configured, for the latest runs, and since dirform does so at all.", "Set the attribute by hand; an encryption block has the values of later runs kept, sealed with its key."},
	{NotUndoneCode, Warning, "Not undone", "Some of what a run did cannot be undone, or dirform does not do so: what was deleted for good, UPN suffixes, switches of the tenant, anchors written to source objects, and accounts taken over from another sync engine.", "Decide by hand whether it has to be taken back."},
	{TakenSinceCode, Warning, "Taken since the run", "What the undoing of a run would give back is another object's by now: a name, an anchor, or the source object, which has another account.", "Free it first, and undo the run again; or leave it."},
	{StaysOffCode, Error, "Sign-in stays off", "The undoing of a run would let somebody sign in for whom the source does not speak today: the source object is switched off, in no scope or deleted; or the account would be let go, so that nothing would turn it off again. The rest is undone.", "If the person may sign in, switch the object on at the source, or bring it back into its scope, and apply; an account without a source object is turned on by hand."},
	{UsedSinceCode, Error, "Account is in use", "The undoing of a run would delete an account that the run has made or brought back, and that was used or changed since: somebody signed in, gave it a password, licences, a mailbox, memberships or a role, or changed attributes that dirform manages. What later runs of dirform wrote is no such sign.", "If it may go all the same, take away what the finding names and undo the run again, or delete the account by hand: it lies in the recycle bin for 30 days. Otherwise leave it."},
	{UseUnknownCode, Warning, "Whether accounts are in use is not known", "The undoing of a run deletes accounts that the run has made or brought back. Whether anybody uses them by now cannot be read in full, because the application lacks a permission or the tenant a licence; what could be read speaks for none of these.", "Grant what the finding names, or look in the tenant before the plan is applied. A deleted account lies in the recycle bin for 30 days."},
	{"DF501", Warning, "Part of the tenant cannot be read", "The application lacks a permission, so what depends on these objects, such as address conflicts, cannot be foreseen.", "Grant the permission that the finding names."},
	{"DF502", Warning, "Deleted objects cannot be seen", "The account that reads Active Directory lacks the right to see what was deleted, so a leaver who was deleted counts as not found: leaving = \"delete\" and the end of a grace leave such accounts disabled (DF414).", "Let the account list and read the container CN=Deleted Objects of the domain, as the finding says."},
	{UnreadableCode, Error, "Source attributes cannot be read", "The account that reads Active Directory lacks the right Read Property on attributes that mappings, where, filter or matching use. They would come empty, so that accounts would be cleared, or people leave the scope.", "Grant the right as the finding says, or take the attributes out of the configuration."},
	{RightsCode, Warning, "A right is missing", "The plan holds changes that the account in Active Directory, or the application in the tenant, may not make: apply refuses such a plan as a whole before it writes anything. Or the account may not read an attribute that every object has: then the objects are blocked (DF110).", "Grant the right that the finding names, or apply as somebody who has it. A plan alone needs no right to write."},
}

// The findings about what is left of a run that is undone.
const (
	ChangedSinceCode = "DF430"
	NotKeptCode      = "DF431"
	NotUndoneCode    = "DF432"
	TakenSinceCode   = "DF433"
	StaysOffCode     = "DF434" // sign-in that is not given back
	UsedSinceCode    = "DF435" // accounts that are not deleted
	UseUnknownCode   = "DF436"
)

// UnreadableCode is the finding about attributes of the source that may not be read, and would be taken for empty.
const UnreadableCode = "DF503"

// BehindCode is the finding about a domain controller that has not got what the last apply saw.
const BehindCode = "DF418"

// RightsCode is the finding about a right that applying the plan takes.
const RightsCode = "DF504"

// AliasesCode is the finding about an account's aliases, which only Exchange can set.
const AliasesCode = "DF302"

// VanishedCode is the finding about a linked account that was deleted for good: a blocked object that has drifted.
const VanishedCode = "DF209"

// driftCodes are the findings about blocked objects that have drifted.
var driftCodes = []string{VanishedCode, "DF215"}

// Drifted reports whether a finding tells of something that was changed outside dirform.
func (f *Finding) Drifted() bool { return f.Drift || slices.Contains(driftCodes, f.Code) }

// CodeOf is the catalogue's entry of a code. One that it does not have is an error without words.
func CodeOf(code string) Code {
	for _, c := range Codes {
		if c.Code == code {
			return c
		}
	}
	return Code{Code: code, Severity: Error}
}

// NewFinding is a finding of a code with what is to be said about this case. An empty hint stands for the catalogue's cure.
func NewFinding(code, detail, hint string) *Finding {
	c := CodeOf(code)
	if hint == "" {
		hint = c.Cure
	}
	return &Finding{Code: c.Code, Severity: c.Severity, Summary: c.Summary, Detail: detail, Hint: hint, Objects: []ObjectRef{}}
}

// NamedBy is the command that names all objects of findings with a code, of which each may name the first alone; "" if none does.
func NamedBy(code string) string {
	switch code {
	case "DF107", "DF210", "DF211", "DF227", "DF301", "DF307":
		return "dirform lint --csv FILE"
	case "DF411":
		return "dirform state list --orphans"
	}
	return ""
}
