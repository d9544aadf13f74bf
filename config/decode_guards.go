package config

import (
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/limits"
)

// limitArguments are the arguments of a limit in a guard block.
var limitArguments = []string{"count", "floor", "percent", "off", "until"}

// decodeGuards reads the guard blocks. What they do not name keeps its built-in limit.
func (l *loader) decodeGuards() {
	named := map[string]hcl.Range{}
	for _, b := range l.byType["guard"] {
		c := l.content(b, grammar["guard"])
		g := &Guard{Name: b.Labels[0], Limits: map[string]Limit{}, Protect: c.texts("protect"),
			DeclaredAt: place(b.DefRange())}
		for _, name := range limits.Names() {
			in := c.inner[name]
			if in == nil {
				continue
			}
			if first, twice := named[name]; twice {
				l.twice(header(in), "The limit "+name, first,
					"A limit stands in one guard block; remove it from one of the two.")
				continue
			}
			named[name] = in.DefRange()
			g.Limits[name] = l.decodeLimit(in)
		}
		for i, p := range g.Protect {
			if slices.Contains(g.Protect[:i], p) {
				c.bad("protect", "Listed twice", "%s stands twice in protect. Remove one.", c.shown("protect", p))
			}
		}
		l.cfg.Guards = append(l.cfg.Guards, g)
	}
}

// decodeLimit reads one limit of a guard block.
func (l *loader) decodeLimit(b *hclsyntax.Block) Limit {
	c := l.content(b, grammar["guard.LIMIT"])
	limit := Limit{Count: c.limitNumber("count"), Floor: c.limitNumber("floor"), Off: c.flag("off"),
		Until: c.day("until"), DeclaredAt: place(b.DefRange())}
	numbers := []string{"count", "floor", "percent"}
	if n, ok := c.number("percent", 0, false); ok {
		if n > 100 {
			c.bad("percent", "Number out of range", "percent is %s, but there is no more than 100 percent.",
				c.shown("percent", n))
		}
		limit.Percent = &n
	}
	if i := slices.IndexFunc(numbers, c.has); limit.Off && i >= 0 {
		c.bad("off", "Conflicting arguments", "off = true takes the limit away, and %s sets it. Remove one of the two.",
			numbers[i])
	}
	if c.ok && !limit.Off && !slices.ContainsFunc(numbers, c.has) {
		l.fail(header(b), "Missing argument",
			"The limit %s needs count, percent or both (either one trips it), floor, or off = true.", b.Type)
	}
	return limit
}

// limitNumber is a whole number of a limit, nil if it is not there.
func (c *content) limitNumber(name string) *int {
	n, ok := c.number(name, 0, true)
	if !ok {
		return nil
	}
	whole := int(min(n, 1<<31-1))
	return &whole
}

// day is a date argument, at 0:00 UTC; the zero time if there is none.
func (c *content) day(name string) time.Time {
	s := c.text(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		c.bad(name, "Not a day",
			"%s can't be %s. Write a day as year, month and day: \"2026-09-15\". That day is included, in UTC.",
			name, c.shown(name, s))
	}
	return t
}
