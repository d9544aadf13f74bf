// Package stopped says what becomes of an account that error findings stop: which changes are withheld, whether sign-in
// is turned off all the same, and who stays signed in although the source has switched the account off.
package stopped
