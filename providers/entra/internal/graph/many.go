package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// GetMany gets a final reply to each GET: 200 or 404. Parts that failed in passing are sent again.
func (c *Client) GetMany(ctx context.Context, op string, links []string) ([]*Reply, error) {
	final := make([]*Reply, len(links))
	open := make([]int, len(links))
	for i := range links {
		open[i] = i
	}
	c.Count.Reads.Add(int64(len(links)))
	for attempt := 0; ; attempt++ {
		parts := make([]Part, len(open))
		for i, at := range open {
			parts[i] = Part{Method: http.MethodGet, URL: links[at]}
		}
		replies, _, err := c.Batch(ctx, parts, false)
		if err != nil && (!errors.Is(err, ErrLost) || ctx.Err() != nil || attempt >= 2) {
			return nil, err
		}
		again, err := c.sort(op, open, replies, final)
		if err != nil && (len(again) == 0 || attempt+1 >= MaxThrottledAttempts) {
			return nil, err
		}
		if len(again) == 0 {
			return final, nil
		}
		c.Count.Retries.Add(int64(len(again)))
		if err := c.Settings.Clock.Sleep(ctx, longestPause(replies, attempt, c.Settings.Clock.Now)); err != nil {
			return nil, err
		}
		open = again
	}
}

// sort puts the final ones among replies in their place and returns the places still open, with why the last of them is. A
// failure that is not passing empties the list.
func (c *Client) sort(op string, open []int, replies, final []*Reply) (again []int, why error) {
	for i, at := range open {
		if replies == nil || replies[i] == nil {
			again, why = append(again, at), fmt.Errorf("%s: %w", op, ErrLost)
			continue
		}
		rep := replies[i]
		switch {
		case rep.Status/100 == 2, rep.Status == http.StatusNotFound:
			final[at] = rep
		case PassingStatus(rep.Status):
			c.CountThrottled(rep.Status)
			again, why = append(again, at), rep.Failure(op, c.Settings.Clock.Now)
		default:
			return nil, rep.Failure(op, c.Settings.Clock.Now)
		}
	}
	return again, why
}

// CountThrottled counts a reply whose status says that the service is asked too much.
func (c *Client) CountThrottled(status int) {
	if status == http.StatusTooManyRequests {
		c.Count.Throttled.Add(1)
	}
}
