package lab

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/dirform/dirform/state/atomicfile"
)

// GeneratedMark is the file beside a generated seed that says how it was generated. As long as corp.ldif or tenant.json is as it
// was, opening a lab makes its people in memory instead of reading it, which for a million takes seconds instead of a minute.
// A seed that was edited is read; deleting the mark does no harm.
const GeneratedMark = "generated.json"

// mark is the content of GeneratedMark.
type mark struct {
	Users   int               `json:"users"`
	Matched float64           `json:"matched,omitempty"`
	Linked  bool              `json:"linked,omitempty"`
	Seed    uint64            `json:"seed,omitempty"`
	Seals   map[string]string `json:"seals"` // of the files of the seed
}

// seal is the SHA-256 of a file, whose content went into h, and of who is in it.
func (g *People) seal(h hash.Hash) string {
	fmt.Fprint(h, g.Users, g.Matched, g.Linked, g.Seed)
	return hex.EncodeToString(h.Sum(nil))
}

func (m *mark) people() *People {
	return &People{Users: m.Users, GenerateOptions: GenerateOptions{Matched: m.Matched, Linked: m.Linked, Seed: m.Seed}}
}

func (m *mark) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, GeneratedMark), append(b, '\n'), 0o644)
}

// generated is who a file of a seed folder consists of, nil unless it is just as Generate wrote it.
func generated(dir, name string) *People {
	b, err := os.ReadFile(filepath.Join(dir, GeneratedMark))
	var m mark
	if err != nil || json.Unmarshal(b, &m) != nil || m.Seals[name] == "" {
		return nil
	}
	p := m.people()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil || p.check(p.Users) != nil {
		return nil
	}
	defer f.Close()
	h := sha256.New()
	r := io.TeeReader(f, h)
	begin := p.beginning(name)
	if got := make([]byte, len(begin)); !readFull(r, got) || !bytes.Equal(got, begin) {
		return nil // written by a version that makes other people
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, 1<<18)); err != nil {
		return nil
	}
	if p.seal(h) != m.Seals[name] {
		return nil
	}
	return p
}

func readFull(r io.Reader, b []byte) bool {
	_, err := io.ReadFull(r, b)
	return err == nil
}

// beginning is how a file of these people begins.
func (g *People) beginning(name string) []byte {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	n := min(g.Users, 100)
	if name == ADSeed {
		writeLDIF(w, n, g.Seed)
	} else {
		writeTenant(w, n, g.GenerateOptions)
	}
	_ = w.Flush() // a buffer takes everything
	return bytes.TrimSuffix(b.Bytes(), []byte(tenantEnd))
}
