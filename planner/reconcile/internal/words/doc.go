// Package words puts what was found into findings: what is wrong, with what exactly, and the way out. It decides
// nothing; every function gets what has been decided, and gives the same words for it wherever it comes up.
package words
