// The page of a plan in a real browser. A module of its own, since nothing else needs what drives one.
module github.com/dirform/dirform/planner/render/page/browser

go 1.26.0

require (
	github.com/chromedp/cdproto v0.160.3
	github.com/chromedp/chromedp v0.23.1
)

require github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
