package storetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pooler is a pgbouncer in transaction mode before a server.
type pooler struct {
	port    int
	process *exec.Cmd
}

// Pooled is the address of a database through pgbouncer in transaction mode, where any transaction may have any of the
// server's sessions. Without one on this machine the test is skipped, unless DIRFORM_REQUIRE_POSTGRES is set.
func (s *Server) Pooled(address string) string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pooler == nil {
		s.pooler = s.startPooler()
	}
	return strings.Replace(address, "127.0.0.1:"+strconv.Itoa(s.port), "127.0.0.1:"+strconv.Itoa(s.pooler.port), 1)
}

func (s *Server) startPooler() *pooler {
	s.t.Helper()
	program := poolerProgram()
	if program == "" {
		if os.Getenv("DIRFORM_REQUIRE_POSTGRES") != "" {
			s.t.Fatal("pgbouncer is not installed: neither on the path nor in /usr/sbin")
		}
		s.t.Skip("pgbouncer is not installed (on Debian: apt-get install pgbouncer)")
	}
	p := &pooler{port: freePort(s.t)}
	put(s.t, filepath.Join(s.dir, "users"), `"postgres" ""`)
	put(s.t, filepath.Join(s.dir, "pgbouncer.ini"), fmt.Sprintf("[databases]\n* = host=127.0.0.1 "+
		"port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"+
		"listen_port = %d\nunix_socket_dir =\nauth_type = trust\nauth_file = users\npool_mode = "+
		"transaction\ndefault_pool_size = 20\n"+
		"max_client_conn = 200\nserver_login_retry = 1\nlogfile = %s\n", s.port, p.port, filepath.Join(s.dir,
		"pgbouncer.log")))
	p.process = s.command(program, "-q", filepath.Join(s.dir, "pgbouncer.ini"))
	if err := p.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(p.port))
		if err == nil {
			c.Close()
			return p
		}
		if time.Now().After(end) {
			p.stop()
			log, _ := os.ReadFile(filepath.Join(s.dir, "pgbouncer.log"))
			s.t.Fatalf("pgbouncer does not answer: %v\n%s", err, log)
		}
	}
}

func (p *pooler) stop() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

func put(t testing.TB, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func poolerProgram() string {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}
