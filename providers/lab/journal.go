package lab

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/dirform/dirform/state/inside"
)

// journal is a file of JSON lines that is only ever appended to. A record is in the operating system's hands when append
// returns, so that killing the process does not lose it.
type journal struct {
	mu   sync.Mutex
	f    *os.File
	size int64
	buf  []byte
}

// openJournal replays the records of a journal in order, and opens it for more. A last line without its end is what a kill in
// the middle of a write leaves: nobody was told that it happened, so it is cut off.
func openJournal(dir *inside.Folder, name string, replay func(line []byte) error) (*journal, error) {
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lab's journal can't be opened: %w", err)
	}
	j := &journal{f: f}
	if err := j.replay(dir.Path(name), replay); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) replay(path string, apply func([]byte) error) error {
	r := bufio.NewReaderSize(j.f, 1<<18)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := apply(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return fmt.Errorf("%s:%d does not fit the seed: %w; the seed or the journal was edited since. Delete the lab's data folder (dirform lab reset)"+
				" to start from the seed again", path, n, err)
		}
		j.size += int64(len(line))
	}
	if err := j.f.Truncate(j.size); err != nil {
		return err
	}
	_, err := j.f.Seek(j.size, io.SeekStart)
	return err
}

// append writes one record, which is JSON without line ends. After an error the journal is as before.
func (j *journal) append(record []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.buf = append(append(j.buf[:0], record...), '\n')
	n, err := j.f.Write(j.buf)
	if err != nil {
		if n > 0 {
			_ = j.f.Truncate(j.size) // if this fails, too, replay cuts the torn line off
			_, _ = j.f.Seek(j.size, io.SeekStart)
		}
		return err
	}
	j.size += int64(n)
	return nil
}

func (j *journal) close() error { return j.f.Close() }
