package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/signin"
)

// Part is one request within a $batch.
type Part struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"` // below the endpoint
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// Reply is the service's answer to one part.
type Reply struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// Header is the reply's headers, under their canonical names.
func (r *Reply) Header() http.Header {
	h := make(http.Header, len(r.Headers))
	for k, v := range r.Headers {
		h.Set(k, v)
	}
	return h
}

// Failure is the reply's error; op names the request without its query.
func (r *Reply) Failure(op string, now func() time.Time) *providers.ServiceError {
	return serviceError(op, r.Status, r.Header(), r.Body, now)
}

// PassingStatus reports a status that may go away by itself. A part can get 424 because others in its batch were throttled.
func PassingStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout, http.StatusFailedDependency:
		return true
	}
	return false
}

// ErrLost means that a batch was sent but no usable reply came back: its parts may have been carried out or not.
var ErrLost = errors.New("the reply to a batch was lost")

// Batch sends parts, whose ids are set to their positions, and returns the replies in the order of the parts; a missing one
// is nil. When the whole batch is refused with an error status, that status stands in for the reply to every part. An
// error that wraps ErrLost leaves the outcome open; with any other the service has done nothing.
func (c *Client) Batch(ctx context.Context, parts []Part, once bool) ([]*Reply, http.Header, error) {
	for i := range parts {
		parts[i].ID = strconv.Itoa(i + 1)
	}
	body, err := json.Marshal(struct {
		Requests []Part `json:"requests"`
	}{parts})
	if err != nil {
		return nil, nil, err
	}
	c.Count.Batches.Add(1)
	resp, err := c.Send(ctx, Request{Op: "POST /$batch", Link: "/$batch", Body: body, how: manner{batch: true, once: once}})
	if err != nil {
		var auth *signin.Error
		var unsent unsentError
		if errors.As(err, &auth) || errors.As(err, &unsent) {
			return nil, nil, err
		}
		return nil, nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	replies, err := orderReplies(text, len(parts))
	switch {
	case err == nil:
		return replies, resp.Header, nil
	case resp.StatusCode/100 == 2:
		return nil, nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return sameForAll(resp, text, len(parts)), resp.Header, nil
}

// orderReplies reads a batch's reply: an outer status of 200, or in older descriptions 424, has the same body.
func orderReplies(text []byte, n int) ([]*Reply, error) {
	var parsed struct {
		Responses *[]Reply `json:"responses"`
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	if parsed.Responses == nil {
		return nil, errors.New(`it has no "responses"`)
	}
	ordered := make([]*Reply, n)
	for i := range *parsed.Responses {
		r := &(*parsed.Responses)[i]
		at, err := strconv.Atoi(r.ID)
		if err == nil && at >= 1 && at <= n && r.Status >= http.StatusOK { // without a final status it answers nothing
			ordered[at-1] = r
		}
	}
	return ordered, nil
}

func sameForAll(resp *http.Response, text []byte, n int) []*Reply {
	headers := map[string]string{}
	for k := range resp.Header {
		headers[k] = resp.Header.Get(k)
	}
	all := make([]*Reply, n)
	for i := range all {
		all[i] = &Reply{Status: resp.StatusCode, Headers: headers, Body: text}
	}
	return all
}

// longestPause is how long the replies that are worth repeating ask to wait, or else a growing pause.
func longestPause(replies []*Reply, attempt int, now func() time.Time) time.Duration {
	var longest time.Duration
	asked := false
	for _, r := range replies {
		if r == nil || !PassingStatus(r.Status) {
			continue
		}
		if d, ok := RetryAfter(r.Header(), now); ok {
			longest, asked = max(longest, d), true
		}
	}
	if asked {
		return longest + 50*time.Millisecond
	}
	return backoff(attempt)
}
