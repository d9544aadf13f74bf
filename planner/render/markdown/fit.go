package markdown

import "slices"

// document is what there is to be said, of which as much is as fits.
type document struct {
	head   string
	least  string // instead of head where that has no room
	blocks []*block
	foot   func(folded, unnamed int) string
}

// block is a section or the findings of a code: one line of it in any case, if there is room for that; the rest of it
// as far as there is.
type block struct {
	title string   // a heading before it, which stands whether the block is folded or not
	brief string   // what it is about, as a line of its own
	open  string   // the same where details follow
	rows  []string // the details, whole lines
	close string
	count int // objects or findings that it is about, a row each
	kept  int // bytes of rows
}

// footRoom is what the last lines may take.
const footRoom = 10 << 10

// fit is the document in at most limit bytes. Blocks get their details in their order; none but the last takes more
// than half of the room that is left, so that one of a hundred thousand objects leaves something to those behind it.
func (d *document) fit(limit int) []string {
	head := d.head
	if len(head) > limit-footRoom {
		head = d.least
	}
	out := []string{head}
	room := limit - len(head) - footRoom
	blocks := d.blocks
	for i, b := range blocks {
		if n := len(b.title) + len(b.brief); n <= room {
			room -= n
		} else {
			blocks = blocks[:i]
			break
		}
	}
	folded, unnamed := len(d.blocks)-len(blocks), 0
	for _, b := range d.blocks[len(blocks):] {
		unnamed += b.count
	}
	last := len(blocks) - 1
	for last >= 0 && len(blocks[last].rows) == 0 {
		last--
	}
	for i, b := range blocks {
		out = append(out, b.title)
		share := room / 2
		if i == last {
			share = room
		}
		parts, named := b.details(room, share)
		if parts == nil {
			folded++
			unnamed += b.count
			out = append(out, b.brief)
			continue
		}
		room += len(b.brief)
		for _, s := range parts {
			room -= len(s)
		}
		unnamed += max(0, b.count-named)
		out = append(out, parts...)
	}
	return append(out, d.foot(folded, unnamed))
}

// details is a block with as many of its rows as there is room for, of which it is to take no more than a share, and
// how many objects they name; nil if there is none for the first, or if the block has no details.
func (b *block) details(room, share int) (parts []string, named int) {
	frame := len(b.open) + len(b.close) - len(b.brief)
	if frame > room || len(b.rows) == 0 {
		return nil, 0
	}
	most := min(room-frame, max(share-frame, 4<<10))
	n, size := 0, 0
	for n < len(b.rows) && size+len(b.rows[n]) <= most {
		size += len(b.rows[n])
		n++
	}
	if n == 0 {
		return nil, 0
	}
	return slices.Concat([]string{b.open}, b.rows[:n], []string{b.close}), n
}
