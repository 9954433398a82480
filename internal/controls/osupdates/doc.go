// Package osupdates holds the controls of the practice "operating systems, engines and runtimes are supported and current": one file each, its test and fixtures beside it.
package osupdates
