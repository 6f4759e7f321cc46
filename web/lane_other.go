//go:build !linux

package web

// yieldThread does nothing where threads have no priority of their own; the lane is narrow there, too.
func yieldThread() {}
