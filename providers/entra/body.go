package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state"
)

// request is the part of a batch that carries w out.
func (w *Writer) request(wr providers.Write) (graph.Part, error) {
	path, schema := wire.Collection(wr.Kind), w.schemas[wr.Kind]
	if schema == nil {
		return graph.Part{}, fmt.Errorf("a %s cannot be written through Microsoft Graph: contacts are managed in Exchange", wr.Kind)
	}
	if wr.Kind == state.DirectorySync && wr.Op != providers.OpPatch {
		return graph.Part{}, errors.New("the organisation itself can only be changed")
	}
	if wr.ID == "" && wr.Op != providers.OpCreate {
		return graph.Part{}, fmt.Errorf("a write to an existing %s needs its object id", wr.Kind)
	}
	id := url.PathEscape(wr.ID)
	switch wr.Op {
	case providers.OpCreate:
		body, err := createBody(wr, schema)
		return withBody(http.MethodPost, path, body), err
	case providers.OpPatch:
		body, err := patchBody(wr, schema)
		return withBody(http.MethodPatch, path+"/"+id, body), err
	case providers.OpDelete:
		return graph.Part{Method: http.MethodDelete, URL: path + "/" + id}, nil
	case providers.OpRestore:
		return withBody(http.MethodPost, "/directory/deletedItems/"+id+"/restore", []byte("{}")), nil
	case providers.OpSetReference, providers.OpClearReference:
		return w.reference(wr, path+"/"+id)
	case providers.OpTakeOver:
		return takeOver(wr, path+"/"+id)
	}
	return graph.Part{}, fmt.Errorf("unknown write operation %d", wr.Op)
}

func withBody(method, path string, body []byte) graph.Part {
	return graph.Part{Method: method, URL: path, Headers: map[string]string{"Content-Type": "application/json"}, Body: body}
}

// opName names a write for messages, by kind and object id only.
func opName(wr providers.Write) string {
	what := strings.TrimPrefix(wire.Collection(wr.Kind), "/") + "/" + wr.ID
	switch wr.Op {
	case providers.OpCreate:
		return "POST /" + strings.TrimSuffix(what, "/")
	case providers.OpPatch:
		return "PATCH /" + what
	case providers.OpDelete:
		return "DELETE /" + what
	case providers.OpRestore:
		return "POST /directory/deletedItems/" + wr.ID + "/restore"
	case providers.OpSetReference:
		return "PUT /" + what + "/" + referenceName(wr) + "/$ref"
	case providers.OpTakeOver:
		return "PATCH /" + what + "/onPremisesSyncBehavior"
	}
	return "DELETE /" + what + "/" + referenceName(wr) + "/$ref"
}

func referenceName(wr providers.Write) string {
	if len(wr.Attributes) != 1 {
		return "?"
	}
	return wr.Attributes[0].Name
}

// reference writes or removes a single-valued reference. This is the only place that builds addresses ending in $ref: without
// that ending, a DELETE would remove the object that is referred to.
func (w *Writer) reference(wr providers.Write, object string) (graph.Part, error) {
	if len(wr.Attributes) != 1 {
		return graph.Part{}, fmt.Errorf("a reference is written alone, not with %d attributes", len(wr.Attributes))
	}
	attr := w.schemas[wr.Kind].Lookup(wr.Attributes[0].Name)
	if attr == nil || attr.Type != state.TypeReference || attr.Multi {
		return graph.Part{}, fmt.Errorf("%q is not a single reference of a %s", wr.Attributes[0].Name, wr.Kind)
	}
	link := object + "/" + attr.Name + "/$ref"
	if wr.Op == providers.OpClearReference {
		return graph.Part{Method: http.MethodDelete, URL: link}, nil
	}
	target := wr.Attributes[0].After.Str()
	if target == "" || strings.HasPrefix(target, state.PendingRef) {
		return graph.Part{}, fmt.Errorf("the %s of a %s needs the object id of one that exists, not %q", attr.Name, wr.Kind, target)
	}
	// The address must have the root of the cloud that is written to.
	body, err := json.Marshal(map[string]string{"@odata.id": w.client.Settings.Endpoint.String() + "/users/" + url.PathEscape(target)})
	return withBody(http.MethodPut, link, body), err
}

// createBody is a new object without the attributes that are null, and for a user with a random password, to be changed
// at the first sign-in.
func createBody(wr providers.Write, schema *state.Schema) ([]byte, error) {
	body := map[string]any{}
	for _, c := range wr.Attributes {
		if c.After.IsEmpty() {
			continue
		}
		if err := put(body, schema, c); err != nil {
			return nil, err
		}
	}
	if wr.Kind == state.User {
		body["passwordProfile"] = map[string]any{"password": randomPassword(), "forceChangePasswordNextSignIn": true}
	}
	return json.Marshal(body)
}

// patchBody holds exactly the attributes that change; a null is written out, because leaving it away would keep the value.
func patchBody(wr providers.Write, schema *state.Schema) ([]byte, error) {
	if len(wr.Attributes) == 0 {
		return nil, fmt.Errorf("an update of a %s without attributes changes nothing", wr.Kind)
	}
	body := map[string]any{}
	for _, c := range wr.Attributes {
		if err := put(body, schema, c); err != nil {
			return nil, err
		}
	}
	return json.Marshal(body)
}

// put sets one attribute where the service's JSON has it, merging nested ones into one object.
func put(body map[string]any, schema *state.Schema, c state.AttributeChange) error {
	attr := schema.Lookup(c.Name)
	switch {
	case attr == nil:
		return fmt.Errorf("a %s in the tenant has no attribute %q", schema.Kind, c.Name)
	case attr.ReadOnly:
		return fmt.Errorf("the attribute %s of a %s cannot be written: %s", attr.Name, schema.Kind, attr.Doc)
	case attr.Type == state.TypeReference:
		return fmt.Errorf("%s is a reference, which is written on its own", attr.Name)
	}
	v, err := wireValue(attr, c.After)
	if err != nil {
		return err
	}
	path := attr.Path
	if len(path) == 0 {
		path = []string{attr.Name}
	}
	for _, name := range path[:len(path)-1] {
		inner, ok := body[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			body[name] = inner
		}
		body = inner
	}
	body[path[len(path)-1]] = v
	return nil
}

// wireValue gives v the form that the attribute has in the service's JSON: collections are cleared by [], others by null.
func wireValue(attr *state.Attribute, v state.Value) (any, error) {
	switch {
	case attr.Multi && v.IsEmpty():
		return []string{}, nil
	case attr.Multi && v.Kind() == state.ListValue:
		return v, nil
	case attr.Multi:
		return []string{v.Text()}, nil
	case v.IsEmpty():
		return nil, nil
	case v.Kind() != state.ListValue:
		return v, nil
	case len(v.List()) == 1:
		return v.List()[0], nil
	}
	return nil, fmt.Errorf("%s holds one value, not %d", attr.Name, len(v.List()))
}

// replyID is the id in the reply to a create.
func replyID(body json.RawMessage) string {
	var o struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &o) != nil {
		return ""
	}
	return o.ID
}

// permission is the least application permission for the write.
func (it *item) permission() string {
	if it.write.Kind == state.DirectorySync {
		return "Organization.ReadWrite.All"
	}
	group := it.write.Kind == state.Group
	switch it.write.Op {
	case providers.OpTakeOver:
		if group {
			return "Group-OnPremisesSyncBehavior.ReadWrite.All"
		}
		return "User-OnPremisesSyncBehavior.ReadWrite.All"
	case providers.OpDelete, providers.OpRestore:
		if !group {
			return "User.DeleteRestore.All or User.ReadWrite.All, and for accounts that hold an Entra role the role Privileged Authentication Administrator for the application"
		}
	case providers.OpCreate, providers.OpPatch:
		if !group {
			return "User.ReadWrite.All, and for sensitive attributes of accounts that hold an Entra role the role Privileged Authentication Administrator for the application"
		}
	}
	if group {
		return "Group.ReadWrite.All"
	}
	return "User.ReadWrite.All"
}
