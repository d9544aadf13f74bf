package storetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Server is a PostgreSQL server of the test's own, on loopback.
type Server struct {
	t     testing.TB
	bin   string // the folder of its programs
	dir   string
	port  int
	count int
}

// StartServer starts a server. Without one on this machine the test is skipped, unless DIRFORM_REQUIRE_POSTGRES is set.
func StartServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, bin: programs()}
	if s.bin == "" {
		if os.Getenv("DIRFORM_REQUIRE_POSTGRES") != "" {
			t.Fatal("PostgreSQL is not installed: no initdb and pg_ctl on the path, nor in /usr/lib/postgresql")
		}
		t.Skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "dirform-postgres-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	if os.Getuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(s.dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts the server, which does not run.
func (s *Server) Start() {
	s.run("pg_ctl", "start", "-w", "-D", s.data(), "-l", filepath.Join(s.dir, "log"),
		"-o", fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -k %s -c max_connections=60", s.port, s.dir))
}

// Stop stops the server at once, as a crash would: transactions that are not committed are gone.
func (s *Server) Stop() { s.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", s.data()) }

// Database makes a database and tells its address.
func (s *Server) Database() (address string) {
	s.count++
	name := fmt.Sprintf("records%d", s.count)
	s.Query("postgres", "CREATE DATABASE "+name)
	return fmt.Sprintf("postgres://postgres:pass%%40word@127.0.0.1:%d/%s", s.port, name)
}

// Query runs statements in a database and tells what psql prints, without headers.
func (s *Server) Query(database, statements string) string {
	s.t.Helper()
	return s.run("psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", s.dir, "-p", strconv.Itoa(s.port), "-U", "postgres",
		"-d", database, "-c", statements)
}

// run runs one of the server's programs.
func (s *Server) run(program string, args ...string) string {
	s.t.Helper()
	command := append([]string{filepath.Join(s.bin, program)}, args...)
	if os.Getuid() == 0 {
		command = append([]string{"runuser", "-u", "postgres", "--"}, command...)
	}
	c := exec.Command(command[0], command[1:]...)
	c.Dir = s.dir
	log, err := os.Create(filepath.Join(s.t.TempDir(), "out")) // not a pipe, which a server that goes on running would keep open
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	err = c.Run()
	out, _ := os.ReadFile(log.Name())
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return strings.TrimSpace(string(out))
}

// programs is the folder of a server's programs, "" if there is none.
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, p)
	}
	for _, p := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "psql")); err == nil {
			return filepath.Dir(p)
		}
	}
	return ""
}
