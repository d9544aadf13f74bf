package storetest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Server is a PostgreSQL server of the tests' own, on loopback.
type Server struct {
	*cluster
	t testing.TB // that it fails
}

// cluster is what of a server its users have in common.
type cluster struct {
	bin    string // the folder of its programs
	dir    string
	port   int
	mu     sync.Mutex
	count  int // of databases
	pooler *pooler
}

// shared is the server of all tests of a package.
var shared struct {
	sync.Mutex
	server *cluster
}

// Main runs the tests of a package that has a [SharedServer], and stops that in the end. It returns the exit status.
func Main(m *testing.M) int {
	defer func() {
		shared.Lock()
		defer shared.Unlock()
		if s := shared.server; s != nil {
			s.end()
		}
	}()
	return m.Run()
}

// SharedServer is one server for all tests of a package, whose TestMain calls [Main]. Without one on this machine the
// test is skipped, as by [StartServer].
func SharedServer(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		s := newServer(t)
		s.Start()
		shared.server = s.cluster
	}
	return &Server{shared.server, t}
}

// StartServer starts a server, which ends with the test. Without one on this machine the test is skipped, unless
// DIRFORM_REQUIRE_POSTGRES is set.
func StartServer(t testing.TB) *Server {
	t.Helper()
	s := newServer(t)
	t.Cleanup(s.end)
	s.Start()
	return s
}

func newServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{&cluster{bin: programs()}, t}
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
	s.port = freePort(t)
	s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	return s
}

// freePort is a port below those that the system gives to outgoing connections, one of which could take it meanwhile.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// Start starts the server, which does not run. What it writes is not synced to the disk: that would matter if the
// machine went down, not if the server does.
func (s *Server) Start() {
	s.t.Helper()
	s.run("pg_ctl", "start", "-w", "-D", s.data(), "-l", filepath.Join(s.dir, "log"),
		"-o", fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -k %s -c max_connections=60 -c fsync=off", s.port,
			s.dir))
}

// Stop stops the server at once, as a crash would: transactions that are not committed are gone.
func (s *Server) Stop() {
	s.t.Helper()
	s.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", s.data())
}

// end stops the server, should it run, and removes it.
func (c *cluster) end() {
	if c.pooler != nil {
		c.pooler.stop()
	}
	_ = c.command("pg_ctl", "stop", "-w", "-m", "immediate", "-D", c.data()).Run() // it may be stopped already
	os.RemoveAll(c.dir)
}

// Database makes a database and tells its address.
func (s *Server) Database() (address string) {
	s.t.Helper()
	s.mu.Lock()
	s.count++
	name := fmt.Sprintf("records%d", s.count)
	s.mu.Unlock()
	s.Query("postgres", "CREATE DATABASE "+name)
	return fmt.Sprintf("postgres://postgres:pass%%40word@127.0.0.1:%d/%s", s.port, name)
}

// DemandPasswords has the server ask for passwords from now on, but not on the socket that [Server.Ask] uses.
func (s *Server) DemandPasswords() {
	s.t.Helper()
	rules := "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
	put(s.t, filepath.Join(s.data(), "pg_hba.conf"), rules)
	s.Query("postgres", "SELECT pg_reload_conf()")
}

// Role makes a role and tells the address of a database as that role. {role} in grants, which are carried out, is its
// name.
func (s *Server) Role(address, grants string) (as string) {
	s.t.Helper()
	s.mu.Lock()
	s.count++
	name := fmt.Sprintf("role%d", s.count)
	s.mu.Unlock()
	s.Ask(address, "CREATE ROLE "+name+" LOGIN; "+strings.ReplaceAll(grants, "{role}", name))
	return strings.Replace(address, "postgres:pass%40word", name, 1)
}

// CopyRows copies rows of tables from one database to another.
func (s *Server) CopyRows(from, to string, tables ...string) {
	s.t.Helper()
	for i, table := range tables {
		file := filepath.Join(s.dir, fmt.Sprintf("rows%d", i))
		s.Ask(from, "COPY (SELECT * FROM "+table+") TO '"+file+"'")
		s.Ask(to, "COPY "+table+" FROM '"+file+"'")
	}
}

// Ask runs statements in the database at an address and tells what psql prints, without headers.
func (s *Server) Ask(address, statements string) string {
	s.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Query(strings.TrimPrefix(u.Path, "/"), statements)
}

// Query is Ask for the database with a name.
func (s *Server) Query(database, statements string) string {
	s.t.Helper()
	return s.run("psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", s.dir, "-p", strconv.Itoa(s.port), "-U", "postgres",
		"-d", database, "-c", statements)
}

// command is one of the server's programs, as the user who runs it.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	if !filepath.IsAbs(program) {
		program = filepath.Join(c.bin, program)
	}
	command := append([]string{program}, args...)
	if os.Getuid() == 0 {
		command = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = c.dir
	return cmd
}

// run runs one of the server's programs.
func (s *Server) run(program string, args ...string) string {
	s.t.Helper()
	c := s.command(program, args...)
	log, err := os.Create(filepath.Join(s.t.TempDir(), "out")) // not a pipe, which a server that goes on running would keep open
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	err = c.Run()
	out, _ := os.ReadFile(log.Name())
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Fatalf("%s: %v\n%s\n%s", program, err, out, said)
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
