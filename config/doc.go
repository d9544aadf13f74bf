// Package config reads what a person declared: HCL files in, typed rules or diagnostics with source ranges out.
package config
