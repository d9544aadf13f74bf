package graphd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// seedTime is createdDateTime of objects whose seed gives none: fixed, so that a seed means the same in every process.
const seedTime = `"2024-01-01T00:00:00Z"`

// seeder reads a seed. References may point forward, so they are resolved last.
type seeder struct {
	t          *Tenant
	d          draft
	managers   []pendingRef
	members    []pendingRef
	owners     []pendingRef
	roles      []pendingRole
	org        *draft
	domains    []draft
	gaveDomain bool
	faults     Faults
}

type pendingRef struct {
	from *object
	to   string
	at   int64 // byte offset in the seed
}

type pendingRole struct {
	principal, role string
	at              int64
}

// atError carries the offset of an error that the decoder knows nothing about.
type atError struct {
	at  int64
	err error
}

func (e *atError) Error() string { return e.err.Error() }

// LoadSeed fills an empty tenant from a seed; name is the file's name for errors. The seed is one JSON object with the keys
// organization, onPremisesSynchronization, domains, users, groups, contacts, deletedItems, subscribedSkus, roleAssignments and
// federatedIdentityCredentials (those of the one application), in Graph's own shapes, and lab with the [Manners] to begin with.
// If r can seek, errors tell the line.
func (t *Tenant) LoadSeed(r io.Reader, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	start, _ := seekerPos(r)
	dec := jsontext.NewDecoder(bufio.NewReaderSize(plain(r), 1<<18))
	s := &seeder{t: t}
	err := s.read(dec)
	if err == nil {
		err = s.finish()
	}
	if err == nil {
		return nil
	}
	at, where := dec.InputOffset(), string(dec.StackPointer())
	var ae *atError
	if errors.As(err, &ae) {
		at, where = ae.at, ""
	}
	return fmt.Errorf("%s%s: %w", name, position(r, start, at, where), err)
}

// plain is a text in UTF-8 without a byte order mark, of one in UTF-8 with or without, or in UTF-16 with a mark, as
// Windows PowerShell writes what it is told to put into a file.
func plain(r io.Reader) io.Reader { return transform.NewReader(r, unicode.BOMOverride(transform.Nop)) }

func seekerPos(r io.Reader) (int64, bool) {
	if s, ok := r.(io.Seeker); ok {
		if p, err := s.Seek(0, io.SeekCurrent); err == nil {
			return p, true
		}
	}
	return 0, false
}

// position is ":line" and the JSON path of an error, as far as they can be told.
func position(r io.Reader, start, at int64, where string) string {
	if where != "" {
		where = " (at " + where + ")"
	}
	s, ok := r.(io.Seeker)
	if !ok {
		return where
	}
	if _, err := s.Seek(start, io.SeekStart); err != nil {
		return where
	}
	line, rest := 1, io.LimitReader(plain(r), at)
	buf := make([]byte, 1<<16)
	for {
		n, err := rest.Read(buf)
		line += bytes.Count(buf[:n], []byte("\n"))
		if err != nil {
			return fmt.Sprintf(":%d%s", line, where)
		}
	}
}

func (s *seeder) read(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k != '{' && k != 0 {
		return fmt.Errorf("a tenant seed is one JSON object, such as {\"users\":[…]}")
	}
	if _, err := dec.ReadToken(); err != nil {
		return seedSyntax(err)
	}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return seedSyntax(err)
		}
		if err := s.section(dec, tok.String()); err != nil {
			return seedSyntax(err)
		}
	}
	return nil
}

func seedSyntax(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("the file ends in the middle of its JSON; write it again")
	}
	return err
}

// section reads the value of one key.
func (s *seeder) section(dec *jsontext.Decoder, key string) error {
	switch key {
	case "organization":
		s.org = &draft{}
		return s.org.read(dec, s.t.reg, plainKind)
	case "onPremisesSynchronization":
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		next, e := s.t.sync.patched(raw)
		if e != nil {
			return fmt.Errorf("onPremisesSynchronization is {\"features\": {...}, \"configuration\": {...}} as Graph shows it: %w", e)
		}
		s.t.sync = next
		return nil
	case "users":
		return s.each(dec, userKind, s.addUser)
	case "groups":
		return s.each(dec, groupKind, s.addOther)
	case "contacts":
		return s.each(dec, contactKind, s.addOther)
	case "deletedItems":
		return s.each(dec, userKind, s.addDeleted)
	case "domains":
		s.gaveDomain = true
		return s.each(dec, plainKind, func(int64) error {
			if !strings.Contains(s.d.id, ".") {
				return fmt.Errorf("a domain's id is its name, such as \"contoso.com\"")
			}
			s.domains = append(s.domains, s.d)
			s.d = draft{}
			return nil
		})
	case "subscribedSkus":
		return s.each(dec, plainKind, func(int64) error {
			s.t.finishSKU(&s.d)
			s.t.skus = append(s.t.skus, s.t.plain(&s.d, "subscribedSku"))
			return nil
		})
	case "roleAssignments":
		return s.each(dec, plainKind, s.addRole)
	case "federatedIdentityCredentials":
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		s.t.trusts, err = parseFederated(raw)
		return err
	case "lab":
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		s.faults, err = parseManners(raw)
		return err
	}
	return fmt.Errorf("%q is not a key of a tenant seed; the keys are organization, onPremisesSynchronization, domains, users, groups, contacts, deletedItems,"+
		" subscribedSkus, roleAssignments, federatedIdentityCredentials and lab", key)
}

func (s *seeder) each(dec *jsontext.Decoder, k kind, add func(at int64) error) error {
	if dec.PeekKind() != '[' {
		return fmt.Errorf("a list is expected here: […]")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := s.d.read(dec, s.t.reg, k); err != nil {
			return err
		}
		if err := add(dec.InputOffset()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}
