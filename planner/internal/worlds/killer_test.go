package worlds_test

import (
	"errors"
	"sync"
)

var errKilled = errors.New("killed")

// killer ends a process at its at-th boundary: around each call to the record, around each write. After that nothing has any effect.
// A nil killer kills nobody.
type killer struct {
	mu        sync.Mutex
	at, count int
	dead      bool
}

// survives counts a boundary, and reports whether the process lives on.
func (k *killer) survives() bool {
	if k == nil {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.dead {
		k.count++
		k.dead = k.count == k.at
	}
	return !k.dead
}

// mayDie is survives for the process's own goroutine, which ends with its death.
func (k *killer) mayDie() {
	if !k.survives() {
		panic(errKilled)
	}
}

// mustLive ends the process's goroutine if it is dead, without counting a boundary.
func (k *killer) mustLive() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		panic(errKilled)
	}
}
