package config

import (
	"slices"
)

var guardLimits = []string{LimitCreates, LimitUpdates, LimitDisables, LimitUnlinks, LimitRelinks, LimitDeletes, LimitMemberRemovals, LimitSourceShrink}

// defaultGuard is the guard of a configuration that declares none.
func defaultGuard() *Guard {
	count, percent, shrink := 500, 10.0, 20.0
	g := &Guard{Name: "default", DeclaredAt: "built-in", Limits: map[string]Limit{LimitSourceShrink: {Percent: &shrink, Beyond: 1}}}
	for _, name := range []string{LimitDeletes, LimitDisables, LimitUnlinks, LimitRelinks} {
		g.Limits[name] = Limit{Count: &count, Percent: &percent, MinLinked: 10}
	}
	return g
}

// decodeGuards reads the guard blocks, or adds the built-in one.
func (l *loader) decodeGuards() {
	for _, b := range l.byType["guard"] {
		c := l.content(b, spec{optional: []string{"protect"}, blocks: guardLimits})
		g := &Guard{Name: b.Labels[0], Limits: map[string]Limit{}, Protect: c.texts("protect"), DeclaredAt: place(b.DefRange())}
		for _, name := range guardLimits {
			in := c.inner[name]
			if in == nil {
				continue
			}
			lc := l.content(in, spec{optional: []string{"count", "percent"}})
			if lc.ok && !lc.has("count") && !lc.has("percent") {
				l.fail(header(in), "Missing argument", "The limit %s needs count, percent or both. Either one trips it.", name)
			}
			g.Limits[name] = lc.limit()
		}
		for i, p := range g.Protect {
			if slices.Contains(g.Protect[:i], p) {
				c.bad("protect", "Listed twice", "%s stands twice in protect. Remove one.", c.shown("protect", p))
			}
		}
		l.cfg.Guards = append(l.cfg.Guards, g)
	}
	if len(l.cfg.Guards) == 0 {
		l.cfg.Guards = append(l.cfg.Guards, defaultGuard())
	}
}

func (c *content) limit() Limit {
	var limit Limit
	if n, ok := c.number("count", 0, true); ok {
		count := int(min(n, 1<<31-1))
		limit.Count = &count
	}
	if n, ok := c.number("percent", 0, false); ok {
		if n > 100 {
			c.bad("percent", "Number out of range", "percent is %s, but there is no more than 100 percent.", c.shown("percent", n))
			return limit
		}
		limit.Percent = &n
	}
	return limit
}
