// Package judge works out what has to change and what stands against it, one source row or one leaver at a time.
//
// A [Judge] decides about a row as a function of the rows, the pairs and what the survey has noted, so that deciding
// twice gives the same: once when all rows are surveyed, because changes depend on each other, and once more, after
// [Judge.Settle], when the plan is told. Only then are the values of changes and the words of findings wanted, and
// nothing of them is kept in between.
//
// Whether an account may be touched at all is asked in one place, offLimits, by everybody who wants to touch one or to
// tell about it.
package judge
