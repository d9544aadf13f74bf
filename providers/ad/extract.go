package ad

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/visible"
)

// errStopped says that the consumer of a stream has had enough.
var errStopped = errors.New("stopped")

// extractor turns runs of entries into objects and yields them.
type extractor struct {
	session *session
	batch   batch
	decoder *decoder
	yield   func(*state.Object, error) bool
	count   int
	dn      []byte // scratch
}

func (x *extractor) run(ctx context.Context, run string) error {
	for at := 0; at < len(run); {
		obj, next, err := x.decoder.next(run, at)
		if err != nil {
			return err
		}
		at = next
		if len(x.batch.containers) > x.batch.left {
			out, err := x.excluded(obj.DN)
			if err != nil {
				return err
			}
			if out {
				continue
			}
		}
		for _, p := range x.decoder.parts {
			if err := x.complete(ctx, obj, p); err != nil {
				return err
			}
		}
		if x.count++; x.count > bounds.Objects {
			return fmt.Errorf("the server sends more than %d objects, the limit for one read (dirform help limits)",
				bounds.Objects)
		}
		if !x.yield(obj, nil) {
			return errStopped
		}
	}
	return nil
}

func (x *extractor) excluded(name string) (bool, error) {
	b, err := dn.AppendNormal(x.dn[:0], name)
	if err != nil {
		return false, err
	}
	x.dn = b
	return dn.Normal(b).Nearest(x.batch.containers) >= x.batch.left, nil
}

// complete fetches the rest of an attribute with many values. Windows sends 1500 at a time (MaxValRange), Samba all at once
// unless it is asked for a range.
func (x *extractor) complete(ctx context.Context, obj *state.Object, p part) error {
	base, _, _ := strings.Cut(p.field.name, ";")
	values := append([]string(nil), obj.Values[p.field.index].List()...)
	err := x.session.with(ctx, func(c *conn) error {
		for next := p.next; next > 0; {
			more, after, err := c.rest(ctx, obj.GUID, base, next)
			if err != nil {
				return err
			}
			for _, v := range more {
				text, err := p.field.conv.text(v)
				if err != nil {
					return err
				}
				values = append(values, text)
			}
			if len(values) > bounds.Objects {
				return fmt.Errorf("it has more than %d values, the limit for one read (dirform help limits)",
					bounds.Objects)
			}
			next = after
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("attribute %s of %s: %w", base, visible.Line(obj.DN), err)
	}
	obj.Values[p.field.index] = state.List(values)
	return nil
}

// rest fetches values of an attribute from number first on. after is the number of the first value not sent, or 0.
func (c *conn) rest(ctx context.Context, guid state.GUID, name string, first int) (values []string, after int, err error) {
	entry, err := c.entry(ctx, guidDN(guid), []string{name + ";range=" + strconv.Itoa(first) + "-*"}, nil)
	if err != nil {
		if resultCode(err) == ldap.LDAPResultNoSuchObject {
			return nil, 0, fmt.Errorf("the object vanished while its values were read: %w", err)
		}
		return nil, 0, err
	}
	for _, a := range entry.Attributes {
		base, options, _ := strings.Cut(a.Name, ";")
		from, next, ok := parseRange(options)
		if !ok || !strings.EqualFold(base, name) {
			continue
		}
		if from != first || next > 0 && next != first+len(a.Values) {
			return nil, 0, fmt.Errorf("asked for values from number %d on, got %d of %s", first, len(a.Values), a.Name)
		}
		return a.Values, next, nil
	}
	return nil, 0, fmt.Errorf("the server didn't send the values from number %d on", first)
}

func unescapeURL(s string) (string, error) { return url.PathUnescape(s) }
