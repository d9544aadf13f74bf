package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// readGuard stands on top of a reading client's transports and lets through GET, and a $batch made of GETs only. It is the second
// wall: a Reader has no method that writes, and if one ever crept in, this would stop it.
type readGuard struct {
	next     http.RoundTripper
	settings *Settings
}

func (g *readGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		return nil, fmt.Errorf("%s %s was stopped: while reading, dirform sends nothing that could change the tenant: %w", req.Method, req.URL.Path, err)
	}
	return g.next.RoundTrip(req)
}

func (g *readGuard) check(req *http.Request) error {
	switch {
	case req.Method == http.MethodGet && req.Header.Get("X-HTTP-Method-Override") == "" && req.Header.Get("X-HTTP-Method") == "":
		return nil
	case req.Method != http.MethodPost || req.URL.Path != g.settings.Endpoint.Path+"/$batch":
		return errors.New("it is not a GET")
	case req.GetBody == nil:
		return errors.New("its parts cannot be inspected")
	}
	body, err := req.GetBody()
	if err != nil {
		return err
	}
	defer body.Close()
	var batch struct {
		Requests []struct {
			Method  string            `json:"method"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"requests"`
	}
	if err := json.NewDecoder(body).Decode(&batch); err != nil {
		return err
	}
	for _, r := range batch.Requests {
		if r.Method != http.MethodGet || r.Body != nil {
			return fmt.Errorf("one of its parts is a %s", r.Method)
		}
		for name := range r.Headers {
			if strings.HasPrefix(strings.ToLower(name), "x-http-method") {
				return errors.New("one of its parts overrides its method")
			}
		}
	}
	return nil
}
