// Package planner works out what has to change.
package planner
