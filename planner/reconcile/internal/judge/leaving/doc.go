// Package leaving works out what a link policy does to the account of somebody whose source object is in no scope any
// more: when it is disabled, when its grace is over, and when it is deleted.
package leaving
