package web

import "golang.org/x/sys/unix"

// yieldThread gives the calling thread a low priority, for good: raising it again takes rights that a server does not have. Where
// even that is refused the thread runs like any other, which is slower for video and else no harm.
func yieldThread() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 10) }
