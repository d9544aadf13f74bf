package planfile

import "io"

// spoolSize is how much a spool keeps in memory.
const spoolSize = 1 << 20

// spool collects the lines of a later section while the changes are being written: in memory, and beyond spoolSize in a
// temporary file.
type spool struct {
	dir   string
	buf   []byte
	file  *tempTarget
	count int64
}

// full writes the buffer to the file if it has grown large.
func (s *spool) full() error {
	if len(s.buf) < spoolSize {
		return nil
	}
	if s.file == nil {
		file, err := newTempTarget(s.dir)
		if err != nil {
			return err
		}
		s.file = file
	}
	_, err := s.file.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// drain hands everything to w and frees the spool.
func (s *spool) drain(w io.Writer) error {
	defer s.discard()
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	_, err := w.Write(s.buf)
	return err
}

func (s *spool) discard() {
	if s.file != nil {
		s.file.discard()
		s.file = nil
	}
}
