// Package intransit holds the controls of the practice "data is encrypted in transit": one file each, its test and fixtures beside it.
package intransit
