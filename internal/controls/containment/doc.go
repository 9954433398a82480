// Package containment holds the controls of the practice "a compromised server, database or cache reaches nothing else": one file each, its test and fixtures beside it.
package containment
