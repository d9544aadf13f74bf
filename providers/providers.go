// Package providers says what a directory must be able to do for dirform, and what its attributes may hold.
//
// Reading and writing are separate interfaces on purpose: the code behind plan, drift, validate and explain is handed readers
// only, so that no path leads from it to a write. A reader is asked for streams, never for single objects, while planning;
// Lookup serves apply's re-check right before a write, and takes many objects in one call.
//
// A stream ends complete or with an error, which is its last element. An incomplete read never looks like a short one.
package providers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// Objects is a stream of directory objects. Each object is valid until the next; an error is the last element.
type Objects = iter.Seq2[*state.Object, error]

// Domain identifies a source directory.
type Domain struct {
	Name   string // DNS name, corp.contoso.com
	SID    string // domain SID, S-1-5-21-…
	BaseDN string // default naming context
}

// Container is an OU (or other container) of the source.
type Container struct {
	DN   string
	GUID state.GUID
}

// AnyKind in a Query stands for objects of every class, computers and containers included: for looking up a name, never for
// synchronising.
const AnyKind state.Kind = ""

// Query asks a source for the objects of one kind below some containers.
type Query struct {
	Kind       state.Kind
	Bases      []string     // distinguished names, searched with their subtrees
	Exclude    []string     // distinguished names of subtrees to leave out; of bases and these, the nearest to an object decides
	Filter     string       // extra LDAP filter, evaluated by the server; may be empty
	GUIDs      []state.GUID // of these objects only; empty for all. A hundred or so fit into one search
	Attributes *state.Shape
}

// SourceReader reads an Active Directory.
type SourceReader interface {
	// Domain identifies the directory.
	Domain(ctx context.Context) (Domain, error)
	// Container resolves an OU by distinguished name or, if dn is empty, by GUID. ok is false if there is none.
	Container(ctx context.Context, dn string, guid state.GUID) (c Container, ok bool, err error)
	// Read streams the objects of a query, each once.
	Read(ctx context.Context, q Query) Objects
	// Lookup streams the objects with these GUIDs wherever they are; those that don't exist are left out.
	Lookup(ctx context.Context, kind state.Kind, guids []state.GUID, attributes *state.Shape) Objects
	// Deleted says which objects with these GUIDs were deleted, as far as the directory still knows. It asks in
	// batches. shown is false where the account may not see deleted objects; then nothing is known about any of them.
	Deleted(ctx context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error)
	// Clock is the time that the server's clock shows; zero if the server does not say.
	Clock() time.Time
	// UPNSuffixes lists the forest's alternative UPN suffixes and its domains' DNS names.
	UPNSuffixes(ctx context.Context) ([]string, error)
	Close() error
}

// SourceWriter makes the few changes dirform makes in Active Directory.
type SourceWriter interface {
	// AddUPNSuffix adds an alternative UPN suffix to the forest. Adding one that exists is not an error.
	AddUPNSuffix(ctx context.Context, suffix string) error
	// SetAttribute replaces a single-valued attribute's value if it is still before: a compare-and-swap done by the server.
	// Binary values are base64. If the value is another by now, the error wraps ErrStale.
	SetAttribute(ctx context.Context, guid state.GUID, name string, before, after state.Value) error
}

// Organization identifies a tenant.
type Organization struct {
	ID          string
	DisplayName string
	SyncEnabled bool // another engine synchronises a directory into the tenant
	SyncedOnce  bool // SyncEnabled was switched at some time: the service shows false then, and null in a tenant that never was synchronised
}

// TenantDomain is a domain name of a tenant.
type TenantDomain struct {
	Name      string
	Verified  bool
	Initial   bool // the tenant's own *.onmicrosoft.com
	Federated bool
}

// TenantQuery asks a tenant for all its objects of one kind.
type TenantQuery struct {
	Kind       state.Kind
	Attributes *state.Shape
	Deleted    bool // those in the recycle bin instead of the living
}

// GlobalAdministrator is the template id of the role that can do everything. Template ids are the same in every tenant, names need
// not be (Microsoft Entra built-in roles).
const GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// PrivilegedAuthenticationAdministrator is the template id of the least role that may change what is sensitive about administrators.
const PrivilegedAuthenticationAdministrator = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"

// RoleHolder is a principal that holds a directory role, or that could give itself one.
type RoleHolder struct {
	ID    string   // object id
	Roles []string // display names
	// Templates are the template ids of the roles that it really holds, itself or as a member of a group. The owner of a group that
	// holds a role has the role's name among Roles, because it can make itself a member, but no template here.
	Templates []string
}

// Identity is who a reader is signed in as: an application or a person. The zero Identity is not known, which is no error.
type Identity struct {
	ID    string // object id of the service principal or of the user
	AppID string // id of the application that asked for the token
	User  bool   // a person, signed in for example with the Azure CLI
}

// SyncFeatures are the tenant's switches for the matching that sync clients ask it for. They do not bind Graph, but say what the
// tenant's administrators want.
type SyncFeatures struct {
	Known          bool // false: they could not be read, and nothing follows from the others
	BlockHardMatch bool // blockCloudObjectTakeoverThroughHardMatchEnabled
	BlockSoftMatch bool // blockSoftMatchEnabled
	SoftMatchOnUPN bool // softMatchOnUpnEnabled
}

// TenantReader reads an Entra tenant.
type TenantReader interface {
	Organization(ctx context.Context) (Organization, error)
	Domains(ctx context.Context) ([]TenantDomain, error)
	// Read streams all objects of a kind.
	Read(ctx context.Context, q TenantQuery) Objects
	// RoleHolders lists who holds a directory role, directly or through a group.
	RoleHolders(ctx context.Context) ([]RoleHolder, error)
	// Identity says who is signed in, without asking the service. Where it cannot be told, it is zero.
	Identity(ctx context.Context) (Identity, error)
	// SyncFeatures reads the tenant's switches for sync clients. The service shows them to signed-in people only: that an
	// application is refused them (403) is normal.
	SyncFeatures(ctx context.Context) (SyncFeatures, error)
	// Clock is the time that the service's clock shows, as its latest reply said; zero if none has.
	Clock() time.Time
	// Lookup streams the living objects with these ids; those that don't exist are left out. It asks in batches.
	Lookup(ctx context.Context, kind state.Kind, ids []string, attributes *state.Shape) Objects
	// FindByAnchor streams the living objects of a kind that carry one of anchors, in the attribute that the kind's descriptor names. It
	// asks in batches.
	FindByAnchor(ctx context.Context, kind state.Kind, anchors []string, attributes *state.Shape) Objects
	// Mailboxes says which of the accounts with these ids have a licence with a mailbox. It asks in batches.
	Mailboxes(ctx context.Context, ids []string) (map[string]bool, error)
	// Usage says how the accounts with these ids are used. It asks in batches, several times for each account.
	Usage(ctx context.Context, ids []string) (Usages, error)
	Close() error
}

// Op is what a Write does.
type Op uint8

// The tenant's write operations.
const (
	OpCreate         Op = iota // POST: a new object with Attributes and a random password nobody learns
	OpPatch                    // PATCH: Attributes, null clears
	OpDelete                   // DELETE: into the recycle bin
	OpRestore                  // POST restore: out of the recycle bin
	OpSetReference             // PUT $ref: Attributes holds one reference attribute and the target's id
	OpClearReference           // DELETE $ref
	OpTakeOver                 // PATCH onPremisesSyncBehavior: Attributes holds CloudManaged
)

// Attributes that tell who masters a tenant object. CloudManaged is only written (with OpTakeOver, false to true) and never
// read: the service shows it for single objects alone, to those who may change it. What is read is SyncEnabled, which is true
// as long as another sync engine masters the object, and null once CloudManaged is true (Microsoft Entra, "Configure user
// source of authority"). LastSync stays as the trace of the other engine.
const (
	CloudManaged = "onPremisesSyncBehavior.isCloudManaged"
	SyncEnabled  = "onPremisesSyncEnabled"
	LastSync     = "onPremisesLastSyncDateTime"
)

// Write is one write request to the tenant.
type Write struct {
	Op         Op
	Kind       state.Kind
	ID         string                  // empty for OpCreate
	Attributes []state.AttributeChange // After is what is written
	// Resent says that the reply to the same write was lost before, so that it may have been carried out: what then only
	// says so (a creation whose name is taken, a restoration of what is not in the bin) wraps ErrUnknownOutcome again.
	Resent bool
}

// WriteResult is the outcome of one Write.
type WriteResult struct {
	ID  string // the object's id; for OpCreate the new one
	Err error  // nil when done; wraps ErrUnknownOutcome when the reply was lost
}

// Once reports whether carrying the write out a second time is another thing than carrying it out once.
func (w *Write) Once() bool { return w.Op == OpCreate || w.Op == OpRestore }

// MaxBatch is the most writes one call of [TenantWriter.Write] takes: what one $batch request holds.
const MaxBatch = 20

// TenantWriter writes to an Entra tenant.
type TenantWriter interface {
	// Write carries out at most MaxBatch independent writes in one request and returns a result for each, in order. It paces
	// itself inside the service's write quota and waits out throttling. It is safe for concurrent use.
	Write(ctx context.Context, writes []Write) []WriteResult
}

// Errors that callers act upon.
var (
	// ErrStale means that the object is not as it was when planned.
	ErrStale = errors.New("changed since the plan was made")
	// ErrNoSchema means that the schema of a source does not show.
	ErrNoSchema = errors.New("the account may not read the directory's schema")
	// ErrUnknownOutcome means that a write was sent but its reply was lost: look the object up before anything else.
	ErrUnknownOutcome = errors.New("the reply was lost, so the outcome is not known")
)

// ServiceError is an error reply of Microsoft Graph. It holds no personal data beyond what the service put in Message.
type ServiceError struct {
	Status     int    // HTTP status
	Code       string // error.code
	Message    string // error.message
	Details    []ErrorDetail
	RequestID  string        // for Microsoft's support
	RetryAfter time.Duration // 0 if the service named none
	Op         string        // what was being done: "GET /users"
	// Permissions are the least application permissions that the request takes, of a refusal for lack of one.
	Permissions []string
	// Hint is what else to do, in whole sentences; "" if nothing is known.
	Hint string
}

// ErrorDetail is one entry of error.details.
type ErrorDetail struct{ Code, Target, Message string }

// Fault adds what to do.
func (e *ServiceError) Fault() *fault.Error {
	f := &fault.Error{Summary: "Microsoft Graph refuses the request", Detail: e.Error() + ".", Hint: e.Hint}
	if e.Status >= 500 {
		f.Summary = "Microsoft Graph cannot answer the request"
	}
	if len(e.Permissions) > 0 {
		f.Hint = fmt.Sprintf("Grant the application the permission %s (type Application, with admin consent) in Microsoft Entra ID.",
			strings.Join(e.Permissions, " and "))
	}
	return f
}

// Error says what failed, the service's words, and the request id, in a form that is safe to print.
func (e *ServiceError) Error() string {
	var b strings.Builder
	visible.Fprintf(&b, "%s: HTTP %d %s: %s", e.Op, e.Status, e.Code, e.Message)
	if e.RequestID != "" {
		visible.Fprintf(&b, " (request-id %s)", e.RequestID)
	}
	return b.String()
}
