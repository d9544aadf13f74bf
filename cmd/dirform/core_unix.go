//go:build unix

package main

import "golang.org/x/sys/unix"

// withoutCore has the system write no image of the process's memory, which holds secrets, when it ends by a signal.
func withoutCore() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
