#include "blaze.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,fma,f16c")
#include <immintrin.h>
#include <string.h>
#define larger(a, b) _mm256_max_ps(a, b)
#define widened(w) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(w)))
#define LANES 8
#define PLACES 6
#include "steps.h"
#else
void wince_blaze_8(const step *steps, int n, const float *weights, const uint16_t *halves, float *values, const float *input) {
	(void)steps, (void)n, (void)weights, (void)halves, (void)values, (void)input;
}
#endif
