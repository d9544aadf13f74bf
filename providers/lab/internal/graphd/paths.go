package graphd

// Paths lists what the server serves below /v1.0, as "GET /users/{id}", in the form of [Stats.Requests]. $batch is not among
// them.
func Paths() []string {
	var list []string
	for _, r := range routes() {
		list = append(list, r.method+" "+r.path)
	}
	return list
}
