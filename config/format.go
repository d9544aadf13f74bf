package config

import "github.com/hashicorp/hcl/v2/hclwrite"

// Format lays out a configuration file in the canonical way: indentation, spaces, aligned equals signs. It never fails; what is
// not valid HCL comes back with its spaces changed at most.
func Format(src []byte) []byte { return hclwrite.Format(src) }
