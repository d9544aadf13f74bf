// Package survey looks at both directories before there is a configuration, and writes one to start with. It only reads.
package survey
