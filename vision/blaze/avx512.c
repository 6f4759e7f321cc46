#include "blaze.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#include <immintrin.h>
#include <string.h>
#define larger(a, b) _mm512_max_ps(a, b)
#define widened(w) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(w)))
#define LANES 16
#define PLACES 12
#include "steps.h"
#else
void wince_blaze_16(const step *steps, int n, const float *weights, const uint16_t *halves, float *values, const float *input) {
	(void)steps, (void)n, (void)weights, (void)halves, (void)values, (void)input;
}
#endif
