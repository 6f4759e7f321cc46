// The loops over pixels. Sizes and places are checked in Go: each function reads and writes only where its comment says.
#ifndef WINCE_PIXEL_H
#define WINCE_PIXEL_H

#include <stdint.h>

// Each function is compiled for three generations of processors, and the loader picks one: nothing is asked of the machine that runs it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define EACH __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define EACH
#endif

// Crops n columns of each of rows rows to red, green and blue, of n values a row. starts holds x and y of each row's first sample,
// dx and dy are the step to the next, all in 65536ths of a pixel; every sample lies where x + 1 and y + 1 are in the picture, too.
void wince_crop(float *restrict red, float *restrict green, float *restrict blue, int n, int rows, const uint8_t *y, const uint8_t *u, const uint8_t *v, int y_stride, int c_stride,
	const int32_t *starts, int dx, int dy, float lo, float gain);

// Writes the luminance of n pixels.
void wince_grey(float *restrict grey, const float *red, const float *green, const float *blue, int n);

// Samples grey, side * side values, at width * height places: x = m[0] + m[1]*column + m[2]*row, y likewise of m[3..5]. What lies outside is put onto
// the edge.
void wince_align(float *restrict out, int width, int height, const float *grey, int side, const float m[6]);

// Divides each of width * height values, at most 144 a side, by the mean of the square of 9 to each side, plus black, less 1, within -1 and 1.
void wince_flatten(float *restrict out, const float *grey, int width, int height, float black);

// Adds up the 2 x 2 pixels of each plane, side * side values, around places as of wince_align, to out: width * height times red, green, blue.
void wince_squares(float *restrict out, int width, int height, const float *red, const float *green, const float *blue, int side, const float m[6]);

// A convolution without padding, or a dense layer where the kernel is as large as the picture. in has width * width places of channels values each, out
// as many as fit times outputs. weights has room for outputs rounded up to 16 for each input of a kernel, row by row; bias likewise.
void wince_layer(float *restrict out, const float *restrict in, int width, int channels, int kernel, int stride, const float *weights, const float *bias,
	int outputs, int relu);

#endif
