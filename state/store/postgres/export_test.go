package postgres

import "time"

// Brief is the same place with locks that last for a second, so that tests need not wait.
func (d *Database) Brief() *Database {
	b := *d
	b.times = times{time.Second, 200 * time.Millisecond, 800 * time.Millisecond}
	return &b
}
