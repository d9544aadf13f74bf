package graph

import "sync/atomic"

// Stats counts what a client has asked of the service.
type Stats struct {
	Requests  int64 // HTTP requests sent, repetitions included
	Reads     int64 // reads asked for: pages, and the parts of batches
	Writes    int64 // writes sent, repetitions included: what the service's quota counts
	Batches   int64 // $batch requests
	Retries   int64 // requests, or parts of a batch, that were sent again
	Throttled int64 // 429 replies, to a request or to a part of a batch
}

// Counters are Stats while they are being counted.
type Counters struct {
	Requests, Reads, Writes, Batches, Retries, Throttled atomic.Int64
}

// Stats are the counters as they stand.
func (c *Counters) Stats() Stats {
	return Stats{
		Requests: c.Requests.Load(), Reads: c.Reads.Load(), Writes: c.Writes.Load(),
		Batches: c.Batches.Load(), Retries: c.Retries.Load(), Throttled: c.Throttled.Load(),
	}
}
