// Package crash decides how the process ends when dirform itself is at fault. Go's own way, status 2 and a trace, is of
// no use here: 2 says that changes are pending.
package crash

import (
	"runtime/debug"
	"sync/atomic"
)

// Handler is told what a goroutine panicked with, and its stack. It does not return: it ends the process.
type Handler func(value any, stack []byte)

var handler atomic.Pointer[Handler]

// Handle names who is told about panics from now on, and gives back who was; nil is nobody.
func Handle(h Handler) (before Handler) {
	var next *Handler
	if h != nil {
		next = &h
	}
	if old := handler.Swap(next); old != nil {
		before = *old
	}
	return before
}

// Guard is deferred first in every goroutine, since a panic in one ends the process past everybody who could catch it.
// Without a handler the panic goes on.
func Guard() {
	value := recover()
	if value == nil {
		return
	}
	if h := handler.Load(); h != nil {
		(*h)(value, debug.Stack())
	}
	panic(value)
}
