package config

// decodeDirectorySync reads the directory_sync block, of which there is at most one.
func (l *loader) decodeDirectorySync() {
	for _, b := range l.byType["directory_sync"] {
		c := l.content(b, grammar["directory_sync"])
		on := c.flag("enabled")
		if c.ok {
			l.cfg.DirectorySync = &DirectorySync{Enabled: on, DeclaredAt: place(b.DefRange())}
		}
	}
}
