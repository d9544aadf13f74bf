package apply

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// attempts is how often an object is looked for after a lost reply, and how often a write that does not show is looked at again.
const attempts = 4

// resolve finds out what became of writes whose reply was lost: an account that was to be created by its anchor, any other
// object by what it holds now. What has been looked for twice and is not there is sent again, twice at the most; see
// [sender.resend]. What cannot be told in the end stays unknown.
func (r *sender) resolve(lost []*job, done func(*job)) error {
	for n := 0; n < attempts && len(lost) > 0; n++ {
		if r.hard.Err() != nil || n > 0 && !r.pause(r.hard, n-1) {
			break
		}
		still, found, err := r.look(lost)
		if err != nil {
			continue // the connection that lost the reply may still be down
		}
		for _, j := range found {
			r.made(j, done)
		}
		if err := r.concludeJobs(found); err != nil {
			return err
		}
		lost = still
		if n > 0 && n < attempts-1 {
			if lost, err = r.resend(lost, done); err != nil {
				return err
			}
		}
	}
	for _, j := range lost {
		reason := "the reply was lost, and looking at the object did not tell whether it was written; plan again, which finds out"
		if j.write.Op == providers.OpCreate {
			reason = "the reply was lost, and no account with its anchor is there yet; plan again, which finds it if it was created"
		}
		j.settle(state.StatusUnknown, "lost_reply", fmt.Sprintf("%s (%v)", reason, j.err))
	}
	return r.concludeJobs(lost)
}

// resend sends the jobs again that the directory's writer does not repeat by itself, namely creations and restorations. None is
// carried out twice: should the first request have come through after all, and only not show yet, the service refuses the second,
// since the name is taken or the account is not in the recycle bin any more. The jobs of which nothing is known still are
// returned. Nothing is sent once the run is asked to stop.
func (r *sender) resend(jobs []*job, done func(*job)) (still []*job, err error) {
	var again []*job
	for _, j := range jobs {
		if j.write.Once() && !r.stopped() {
			j.write.Resent = true
			again = append(again, j)
		} else {
			still = append(still, j)
		}
	}
	for batch := range slices.Chunk(again, providers.MaxBatch) {
		if r.stopped() {
			still = append(still, batch...)
			continue
		}
		r.write(batch)
		lost, err := r.arrived(batch, done)
		still = append(still, lost...)
		if err != nil {
			return still, err
		}
	}
	return still, nil
}

// look asks the tenant once about all lost jobs.
func (r *sender) look(jobs []*job) (still, found []*job, err error) {
	byKind, hit := map[state.Kind][]*job{}, map[*job]bool{}
	for _, j := range jobs {
		byKind[j.write.Kind] = append(byKind[j.write.Kind], j)
	}
	for kind, js := range byKind {
		if err := r.lookAt(kind, js, hit); err != nil {
			return nil, nil, err
		}
	}
	for _, j := range jobs {
		if hit[j] {
			found = append(found, j)
		} else {
			still = append(still, j)
		}
	}
	return still, found, nil
}

// lookAt marks the jobs of a kind whose effect shows: creations by the anchors of what is there, the others by its ids.
func (r *sender) lookAt(kind state.Kind, jobs []*job, hit map[*job]bool) error {
	byAnchor, byID := map[string]*job{}, map[string][]*job{}
	for _, j := range jobs {
		switch id := strings.ToLower(j.write.ID); {
		case j.write.Op != providers.OpCreate:
			byID[id] = append(byID[id], j)
		case j.st.anchored():
			byAnchor[j.st.c.Anchor] = j
		}
	}
	err := carriers(r.hard, r.base, kind, byAnchor, func(j *job, id string) error {
		if hit[j] && j.id != id {
			return errors.New("two accounts carry one anchor")
		}
		j.id, hit[j] = id, true
		return nil
	})
	if err != nil || len(byID) == 0 {
		return err
	}
	return r.lookIDs(kind, byID, hit)
}

// lookIDs marks the jobs whose effect shows: the object holds what was written, is gone, or is back.
func (r *sender) lookIDs(kind state.Kind, byID map[string][]*job, hit map[*job]bool) error {
	var ids, names []string
	for _, jobs := range byID {
		ids = append(ids, jobs[0].write.ID)
		for _, j := range jobs {
			hit[j] = j.write.Op == providers.OpDelete // unless it is seen alive
			for _, a := range j.write.Attributes {
				names = append(names, values.ReadAs(a.Name))
			}
		}
	}
	for o, err := range r.in.Tenant.Lookup(r.hard, kind, ids, values.Shape(names)) {
		if err != nil {
			return err
		}
		for _, j := range byID[strings.ToLower(o.ID)] {
			hit[j] = j.write.Op != providers.OpDelete && len(r.differing(kind, o, j.write.Attributes)) == 0
		}
	}
	return nil
}
