package judge

// Fallbacks are the source rows whose accounts keep going by a fallback name; no change tells of them.
func (j *Judge) Fallbacks() (rows []int) {
	for _, t := range j.Source.Tables {
		if !t.FallsBack() {
			continue
		}
		for s := t.First; s < t.First+t.Len(); s++ {
			if j.keepsFallback(s) {
				rows = append(rows, s)
			}
		}
	}
	return rows
}

// keepsFallback reports whether source row s is linked to an account that goes by its fallback name already, and will
// go on.
func (j *Judge) keepsFallback(s int) bool { return j.KeepsFallback(s) && !j.states[s].stuck }
