// Package backups holds the controls of the practice "backups exist, are fresh, and really restore": one file each, its test and fixtures beside it.
package backups
