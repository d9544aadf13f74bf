// Package web is how object stores are spoken to over HTTP.
package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/dirform/dirform/state/bounds"
)

// Client is a client with such connections. It follows no redirects: nobody gets credentials that they were not meant for.
func Client() *http.Client {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	Connections(t)
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Connections has connections end when nothing has come or gone for [bounds.StoreSilence].
func Connections(t *http.Transport) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watched{c}, nil
	}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.MinVersion = tls.VersionTLS12
	t.TLSHandshakeTimeout, t.ResponseHeaderTimeout, t.ExpectContinueTimeout = 10*time.Second, bounds.StoreSilence, time.Second
	t.IdleConnTimeout, t.MaxIdleConnsPerHost, t.DisableCompression = 30*time.Second, 16, true
}

// watched is a connection that fails after a silence.
type watched struct{ net.Conn }

// Read reads.
func (w *watched) Read(b []byte) (int, error) {
	_ = w.SetReadDeadline(time.Now().Add(bounds.StoreSilence))
	return w.Conn.Read(b)
}

// Write writes.
func (w *watched) Write(b []byte) (int, error) {
	_ = w.SetWriteDeadline(time.Now().Add(bounds.StoreSilence))
	return w.Conn.Write(b)
}

// Clock is the time that an answer says it is, or this machine's if it says none.
func Clock(h http.Header) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		return t
	}
	return time.Now()
}
