// Package atrest holds the controls of the practice "data is encrypted at rest": one file each, its test and fixtures beside it.
package atrest
