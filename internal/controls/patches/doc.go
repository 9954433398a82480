// Package patches holds the controls of the practice "security patches are applied": one file each, its test and fixtures beside it.
package patches
