// Package expr compiles a mapping expression once and evaluates it per object.
package expr
