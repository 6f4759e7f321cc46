#include "pixel.h"

enum { LANES = 8, HALVES = 2, BLOCK = HALVES * LANES, PLACES = 4 };

// What AVX2 has registers for. Of a wider one GCC 12 makes memory where the processor has none, and SSE splits it well enough.
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// The block of outputs at each of n places, of which the inputs are step values apart: each row of the kernel is one run of inputs.
static inline __attribute__((always_inline)) void places(vec sum[][HALVES], int n, const float *in, int step, int kernel, int run, int pitch,
	const float *weights, int padded) {
	for (int row = 0; row < kernel; row++, in += pitch)
		for (int i = 0; i < run; i++, weights += padded) {
			const vec a = *(const vec *)weights, b = *(const vec *)(weights + LANES);
#pragma GCC unroll 4
			for (int k = 0; k < n; k++) {
				sum[k][0] += in[k * step + i] * a;
				sum[k][1] += in[k * step + i] * b;
			}
		}
}

EACH void wince_layer(float *restrict out, const float *restrict in, int width, int channels, int kernel, int stride, const float *weights, const float *bias,
	int outputs, int relu) {
	const int wide = (width - kernel) / stride + 1, padded = (outputs + BLOCK - 1) / BLOCK * BLOCK;
	const int pitch = width * channels, run = kernel * channels, step = stride * channels;
	for (int y = 0; y < wide; y++, in += stride * pitch, out += wide * outputs)
		for (int o = 0; o < outputs; o += BLOCK) {
			const int full = outputs - o < BLOCK ? outputs - o : BLOCK;
			for (int x = 0, n; x < wide; x += n) {
				vec sum[PLACES][HALVES];
				n = wide - x < PLACES ? 1 : PLACES;
				for (int k = 0; k < PLACES; k++)
					for (int h = 0; h < HALVES; h++)
						sum[k][h] = *(const vec *)(bias + o + h * LANES);
				if (n == PLACES)
					places(sum, PLACES, in + x * step, step, kernel, run, pitch, weights + o, padded);
				else
					places(sum, 1, in + x * step, step, kernel, run, pitch, weights + o, padded);
				for (int k = 0; k < n; k++)
					for (int i = 0; i < full; i++) {
						float v = sum[k][i / LANES][i % LANES];
						out[(x + k) * outputs + o + i] = relu && !(v > 0) ? 0 : v;
					}
			}
		}
}
