// Package watch holds the controls of the practice "somebody would notice": one file each, its test and fixtures beside it.
package watch
