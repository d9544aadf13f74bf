package entra

import "sync/atomic"

// Stats counts what a Reader or a Writer has asked of the service.
type Stats struct {
	Requests  int64 // HTTP requests sent, repetitions included
	Reads     int64 // reads asked for: pages, and the parts of batches
	Writes    int64 // writes sent, repetitions included: what the service's quota counts
	Batches   int64 // $batch requests
	Retries   int64 // requests, or parts of a batch, that were sent again
	Throttled int64 // 429 replies, to a request or to a part of a batch
}

// counters are Stats while they are being counted.
type counters struct {
	requests, reads, writes, batches, retries, throttled atomic.Int64
}

func (c *counters) stats() Stats {
	return Stats{
		Requests: c.requests.Load(), Reads: c.reads.Load(), Writes: c.writes.Load(),
		Batches: c.batches.Load(), Retries: c.retries.Load(), Throttled: c.throttled.Load(),
	}
}
