// Package lockdown holds the controls of the practice "only declared sources reach declared ports": one file each, its test and fixtures beside it.
package lockdown
