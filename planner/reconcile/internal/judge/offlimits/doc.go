// Package offlimits judges whether an account may be touched: protect lists, the account that dirform is signed in
// with, directory roles, the last administrators, other sync engines and the tenant's own switches. No other package
// decides that or looks at what it goes by.
package offlimits
