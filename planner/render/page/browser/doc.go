// Package browser tries the page that package page writes in a real browser, Chromium. It is a module of its own, since
// what drives the browser is needed by nothing else.
package browser
