// Package loglines is a log whose lines are JSON objects, all of them: what is said to people, too.
package loglines

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// Lines is an output for text, of which each line becomes the message of a record. Blank lines are left out. It may
// be used by several goroutines. The zero value has no output.
type Lines struct {
	w    io.Writer
	log  *slog.Logger
	mu   sync.Mutex
	held []byte // the beginning of a line
}

// New writes records to w, each with one call.
func New(w io.Writer) *Lines {
	l := &Lines{w: w}
	l.log = l.Logger(slog.LevelDebug)
	return l
}

// Logger is a log to the same output, from a level on.
func (l *Lines) Logger(from slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l.w, &slog.HandlerOptions{Level: from}))
}

// Log writes a record of its own, whatever level is logged otherwise: args are names and values, of which empty texts
// are left out.
func (l *Lines) Log(level slog.Level, message string, args ...any) {
	var kept []any
	for i := 0; i+1 < len(args); i += 2 {
		if args[i+1] != "" {
			kept = append(kept, args[i], args[i+1])
		}
	}
	l.log.Log(context.Background(), level, message, kept...)
}

// Write takes text. The end of it is held back until its line ends.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, p...)
	for {
		line, rest, ended := bytes.Cut(l.held, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		l.say(string(line))
		l.held = append(l.held[:0], rest...)
	}
}

// Close writes a line that was held back. It does not close the output.
func (l *Lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(string(l.held))
	l.held = nil
	return nil
}

func (l *Lines) say(line string) {
	if line = strings.TrimSpace(line); line != "" {
		l.Log(slog.LevelInfo, line)
	}
}
