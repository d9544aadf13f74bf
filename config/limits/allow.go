package limits

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
)

// Allow reads the limits that an order such as deletes=5 names, by name; of two for one limit the later counts. An error is a
// [fault.Error] that says what an order looks like.
func Allow(orders []string) (map[string]int, error) {
	names := Names()
	allowed := map[string]int{}
	for _, order := range orders {
		name, value, _ := strings.Cut(order, "=")
		n, err := strconv.Atoi(value)
		known := slices.Contains(names, name)
		if err == nil && n >= 0 && known {
			allowed[name] = n
			continue
		}
		e := &fault.Error{
			Summary: fmt.Sprintf("Option --allow does not take %q", order),
			Hint:    "Write --allow LIMIT=N, where LIMIT is one of " + strings.Join(names, ", ") + ".",
		}
		if likely := near.Meant(name, names); !known && likely != "" {
			e.Detail = fmt.Sprintf("Did you mean %q?", likely)
		}
		return nil, e
	}
	return allowed, nil
}
