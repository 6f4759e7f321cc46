package decode

/*
#include <malloc.h>

// wince_tidy returns 0 where the C library took both settings, or has none.
static int wince_tidy(int arenas, int large) {
#ifdef __GLIBC__
	return !(mallopt(M_ARENA_MAX, arenas) && mallopt(M_MMAP_THRESHOLD, large));
#else
	return 0;
#endif
}
*/
import "C"

import (
	"errors"
	"runtime"
)

// largeBlock is the size in bytes from which a block of C's memory is taken from the system and goes back to it when it is freed.
const largeBlock = 128 << 10

// TidyMemory keeps C's memory from growing while streams come and go. It is for the whole process and comes first, before there are
// threads that call C. A decoder's pictures are half a megabyte each: with the first that is freed glibc begins to keep such blocks, in
// up to eight pools for each core, and a thread that needs one takes it from its own pool. In time each pool holds what all streams needed
// at some moment.
func TidyMemory() error {
	if C.wince_tidy(C.int(max(2, runtime.GOMAXPROCS(0))), largeBlock) != 0 {
		return errors.New("limit the memory that C keeps: the C library refused")
	}
	return nil
}
