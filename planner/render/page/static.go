package page

import (
	"bufio"
	"html"
	"strconv"
)

// static writes the page up to its rows. It is put together here and not by html/template, with which a program keeps
// every exported method that it links, 8 MB of them: texts stand only between tags and in quoted attributes, where
// escaping five characters is all it takes, and what stands unescaped is written out below.
func (x *top) static(w *bufio.Writer) {
	p := &markup{w}
	p.put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n").
		put("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(x.Policy).put("\">\n").
		put("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>").text(x.Title).
		put("</title>\n<style>", pageCSS, "</style>\n</head>\n<body>\n<h1>").text(x.Title).put("</h1>\n<p")
	if x.Refused {
		p.put(" class=\"refused\"")
	}
	p.put("><b>").text(x.Sum).put("</b></p>\n<p class=\"dim\">Read Active Directory ").text(x.Domain).put(" and tenant ").text(x.Tenant).
		put(". Planned at ").text(x.At).put(" by dirform ").text(x.Version)
	for _, said := range [...][2]string{{", run ", x.By}, {", commit ", x.Ref}, {", plan ", x.Digest}} {
		if said[1] != "" {
			p.put(said[0]).text(said[1])
		}
	}
	p.put(".</p>\n")
	for _, n := range x.Notes {
		p.put("<p class=\"dim\">").text(n).put("</p>\n")
	}
	p.put("\n<div class=\"tiles\">\n")
	for _, t := range x.Tiles {
		p.put("<button type=\"button\" class=\"tile ").text(t.Tone).put("\"").filter(t.Filter,
			t.Value).put("><b>").number(t.Count).put("</b>").text(t.Name)
		for _, l := range t.Limits {
			p.put("<small").over(l.Over).put(">").text(l.Text).put("</small>")
		}
		p.put("</button>\n")
	}
	p.put("</div>\n")
	if len(x.Limits) > 0 {
		p.put("<p>Limits: ")
		for i, l := range x.Limits {
			if i > 0 {
				p.put(", ")
			}
			p.put("<span").over(l.Over).put(">").text(l.Text).put("</span>")
		}
		p.put("</p>")
	}
	p.put("\n<div class=\"columns\">\n")
	for _, c := range x.Charts {
		c.write(p)
	}
	p.put("</div>\n")
	x.findings(p)
	p.put("\n<h2 id=\"objects\">Objects <span class=\"dim\" id=\"count\"></span></h2>\n<noscript><p>").text(x.Without).put("</p></noscript>\n", pageFilters)
}

func (c *chart) write(p *markup) {
	p.put("<section>\n<h2>").text(c.Title).put("</h2>\n<table>\n")
	for _, b := range c.Bars {
		p.put("<tr").over(b.Over).put("><td>")
		if b.Filter != "" {
			p.put("<button type=\"button\" class=\"link\"").filter(b.Filter,
				b.Value).put(">").text(b.Name).put("</button>")
		} else {
			p.text(b.Name)
		}
		p.put("</td><td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"").number(b.Share).
			put("\" height=\"10\"/></svg></td><td class=\"n\">").number(b.Count).put("</td></tr>\n")
	}
	p.put("</table>\n")
	if c.More != "" {
		p.put("<p class=\"dim\">").text(c.More).put("</p>")
	}
	p.put("\n</section>\n")
}

func (x *top) findings(p *markup) {
	if len(x.Findings) == 0 {
		return
	}
	p.put("<h2>Findings</h2>\n<table>\n<tr><th>Code</th><th>What</th><th class=\"n\">Findings</th></tr>\n")
	for _, f := range x.Findings {
		p.put("<tr><td class=\"code\"><button type=\"button\" class=\"link\"").filter("code",
			f.Code).put(">").text(f.Code).put("</button></td><td>").
			text(f.Summary).put(" (").text(f.Severity).put(")")
		for _, fix := range f.Fixes {
			p.put("<p class=\"dim\">Fix: ").text(fix).put("</p>")
		}
		p.put("</td><td class=\"n\">").number(f.Count).put("</td></tr>\n")
	}
	p.put("</table>\n")
}

// markup is a page being written.
type markup struct{ w *bufio.Writer }

// put writes what is markup: constants of this package alone.
func (p *markup) put(parts ...string) *markup {
	for _, s := range parts {
		p.w.WriteString(s)
	}
	return p
}

// text writes text of anybody's, between tags or into a quoted attribute.
func (p *markup) text(s string) *markup {
	p.w.WriteString(html.EscapeString(s))
	return p
}

func (p *markup) number(n int) *markup { return p.put(strconv.Itoa(n)) }

// filter has a button filter the list of objects.
func (p *markup) filter(by, value string) *markup {
	return p.put(" data-filter=\"").text(by).put("\" data-value=\"").text(value).put("\" aria-pressed=\"false\"")
}

func (p *markup) over(is bool) *markup {
	if is {
		p.put(" class=\"over\"")
	}
	return p
}
