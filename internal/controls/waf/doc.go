// Package waf holds the controls of the practice "every public application is behind a web application firewall": one file each, its test and fixtures beside it.
package waf
