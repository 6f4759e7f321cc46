#include "pixel.h"

enum { BLOCK = 16, PLACES = 4 };

// as many outputs as fill a register of AVX-512, four of SSE
typedef float block __attribute__((vector_size(4 * BLOCK), aligned(4), may_alias));

// The block of outputs at each of n places, of which the inputs are stride values apart: each row of the kernel is one run of inputs.
static inline __attribute__((always_inline)) void places(block *sum, int n, const float *in, int stride, int kernel, int run, int pitch,
	const float *weights, int padded) {
	for (int row = 0; row < kernel; row++, in += pitch)
		for (int i = 0; i < run; i++, weights += padded) {
			const block w = *(const block *)weights;
			for (int k = 0; k < n; k++)
				sum[k] += in[k * stride + i] * w;
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
				block sum[PLACES];
				n = wide - x < PLACES ? 1 : PLACES;
				for (int k = 0; k < PLACES; k++)
					sum[k] = *(const block *)(bias + o);
				if (n == PLACES)
					places(sum, PLACES, in + x * step, step, kernel, run, pitch, weights + o, padded);
				else
					places(sum, 1, in + x * step, step, kernel, run, pitch, weights + o, padded);
				for (int k = 0; k < n; k++)
					for (int i = 0; i < full; i++) {
						float v = sum[k][i];
						out[(x + k) * outputs + o + i] = relu && !(v > 0) ? 0 : v;
					}
			}
		}
}
