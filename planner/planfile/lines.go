package planfile

import (
	"bufio"
	"io"
)

// lines yields lines of any length, reusing its memory.
type lines struct {
	in   *bufio.Reader
	long []byte
}

// newLines reads size bytes of r.
func newLines(r io.Reader, size int64) *lines {
	return &lines{in: bufio.NewReaderSize(r, int(min(size, 64<<10)))}
}

// next is the next line with its "\n", valid until the following call. The error is io.EOF at the end and
// io.ErrUnexpectedEOF if the last line has no "\n".
func (l *lines) next() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case err == nil && len(l.long) == 0:
			return part, nil
		case err == nil:
			l.long = append(l.long, part...)
			return l.long, nil
		case err == bufio.ErrBufferFull:
			l.long = append(l.long, part...)
		case err == io.EOF && len(part)+len(l.long) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
