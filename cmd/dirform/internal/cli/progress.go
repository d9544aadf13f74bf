package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dirform/dirform/state/crash"
)

// A live line is redrawn this often; without a terminal a plain line is written this often.
const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = 10 * time.Second
)

// Progress tells a waiting person how far something is: one live line on a terminal that takes escape sequences, now and then a plain line elsewhere.
type Progress struct {
	w    io.Writer
	live bool
	wide func() int // the terminal's columns; 0 if they are not known
	text func() string
	stop chan struct{}
	done sync.WaitGroup
}

// StartProgress tells what text says, again and again, until the end.
func (a *App) StartProgress(text func() string) *Progress {
	p := &Progress{w: a.Env.Stderr, live: a.Env.Terminal.Err && a.Colour(true), wide: a.Env.Terminal.ErrColumns, text: text, stop: make(chan struct{})}
	every := plainEvery
	if p.live {
		every = liveEvery
	}
	p.done.Go(func() {
		defer crash.Guard()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-tick.C:
				p.draw()
			}
		}
	})
	return p
}

func (p *Progress) draw() {
	if p.live {
		fmt.Fprintf(p.w, "\r\x1b[K%s", p.fitting(p.text()))
		return
	}
	fmt.Fprintln(p.w, p.text())
}

// fitting is as much of a line as the terminal shows in one row: one that goes on in the next could not be taken back.
func (p *Progress) fitting(line string) string {
	wide := 0
	if p.wide != nil {
		wide = p.wide()
	}
	text := []rune(line)
	if wide < 2 || len(text) < wide {
		return line
	}
	return string(text[:wide-2]) + "…"
}

// Say writes a line of its own in between.
func (p *Progress) Say(line string) {
	p.clear()
	fmt.Fprintln(p.w, line)
}

// End stops the drawing and clears the live line.
func (p *Progress) End() {
	close(p.stop)
	p.done.Wait()
	p.clear()
}

func (p *Progress) clear() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
