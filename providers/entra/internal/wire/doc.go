// Package wire asks for the tenant's objects in the service's terms and decodes them from its JSON, a page at a time.
package wire
