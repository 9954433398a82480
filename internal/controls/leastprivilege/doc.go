// Package leastprivilege holds the controls of the practice "nobody has more access than they need": one file each, its test and fixtures beside it.
package leastprivilege
