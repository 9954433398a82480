// Package loadbalancing holds the controls of the practice "user-facing applications are reached only through a load balancer": one file each, its test and fixtures beside it.
package loadbalancing
