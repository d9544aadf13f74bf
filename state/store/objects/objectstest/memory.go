// Package objectstest is what every [objects.Bucket] must do, and a bucket in memory.
package objectstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dirform/dirform/state/store/objects"
)

// Memory is a bucket in memory. Its versions are like S3's: they follow from the content, so that equal contents are one.
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
	late    time.Duration // by how much its clock is ahead of this machine's
	// fault, see Inject, is asked before each call, and with after set once more when it was carried out. An error is the call's; nil is
	// no fault.
	fault atomic.Pointer[Fault]
}

type object struct {
	content  []byte
	modified time.Time
}

var _ objects.Bucket = (*Memory)(nil)

// NewMemory is an empty bucket.
func NewMemory() *Memory { return &Memory{objects: map[string]object{}} }

// String names it.
func (m *Memory) String() string { return "memory://bucket" }

// Pass has a time pass by the bucket's clock.
func (m *Memory) Pass(t time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.late += t
}

// Names are the names of all objects, sorted.
func (m *Memory) Names() (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := range m.objects {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Content is what an object holds, nil if there is none.
func (m *Memory) Content(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.objects[name].content
}

// Set makes an object, or with nil removes it, as somebody else would who has access to the bucket.
func (m *Memory) Set(name string, content []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if content == nil {
		delete(m.objects, name)
		return
	}
	m.objects[name] = object{bytes.Clone(content), m.now()}
}

// Clone is another bucket with the same objects and clock, and no faults.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := NewMemory()
	for n, o := range m.objects {
		c.objects[n] = o
	}
	c.late = m.late
	return c
}

func (m *Memory) now() time.Time { return time.Now().Add(m.late) }

func (m *Memory) info(o object, there bool) objects.Info {
	if !there {
		return objects.Info{Now: m.now()}
	}
	return objects.Info{Version: objects.Version(fmt.Sprintf("%x", o.content[:min(len(o.content), 300)])), Size: int64(len(o.content)),
		Modified: o.modified.Truncate(time.Second), Now: m.now()}
}

// Fault tells what befalls a call, before it and after it was carried out.
type Fault = func(call, name string, after bool) error

// Inject has faults befall the calls that begin from now on; nil ends that.
func (m *Memory) Inject(f Fault) {
	if f == nil {
		m.fault.Store(nil)
		return
	}
	m.fault.Store(&f)
}

// call carries out a call with the faults that are asked for.
func (m *Memory) call(ctx context.Context, call, name string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f := m.fault.Load(); f != nil {
		if err := (*f)(call, name, false); err != nil {
			return err
		}
	}
	m.mu.Lock()
	err := f()
	m.mu.Unlock()
	if f := m.fault.Load(); f != nil {
		if fault := (*f)(call, name, true); fault != nil {
			return fault
		}
	}
	return err
}

// Stat tells about an object.
func (m *Memory) Stat(ctx context.Context, name string) (info objects.Info, err error) {
	err = m.call(ctx, "stat", name, func() error {
		o, ok := m.objects[name]
		info = m.info(o, ok)
		if !ok {
			return objects.ErrAbsent
		}
		return nil
	})
	return info, err
}

// Get reads an object.
func (m *Memory) Get(ctx context.Context, name string) (r io.ReadCloser, info objects.Info, err error) {
	err = m.call(ctx, "get", name, func() error {
		o, ok := m.objects[name]
		info = m.info(o, ok)
		if !ok {
			return objects.ErrAbsent
		}
		r = io.NopCloser(bytes.NewReader(o.content))
		return nil
	})
	return r, info, err
}

// Put writes an object under a condition.
func (m *Memory) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (v objects.Version, err error) {
	b, err := io.ReadAll(content)
	if err != nil {
		return "", err
	}
	err = m.call(ctx, "put", name, func() error {
		old, ok := m.objects[name]
		if m.info(old, ok).Version != over {
			return objects.ErrChanged
		}
		o := object{b, m.now()}
		m.objects[name], v = o, m.info(o, true).Version
		return nil
	})
	return v, err
}

// Delete removes an object.
func (m *Memory) Delete(ctx context.Context, name string) error {
	return m.call(ctx, "delete", name, func() error { delete(m.objects, name); return nil })
}

// List are the names that begin with a prefix.
func (m *Memory) List(ctx context.Context, prefix string) (names []string, err error) {
	err = m.call(ctx, "list", prefix, func() error {
		for n := range m.objects {
			if strings.HasPrefix(n, prefix) {
				names = append(names, n)
			}
		}
		return nil
	})
	return names, err
}
