#include "pixel.h"

EACH void wince_grey(float *restrict grey, const float *red, const float *green, const float *blue, int n) {
	for (int i = 0; i < n; i++)
		grey[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
}

// Also right for what is not a number: it becomes lo.
static inline float held(float x, float hi) {
	x = x > 0 ? x : 0;
	return x < hi ? x : hi;
}

enum { WIDEST = 144 };

EACH void wince_align(float *restrict out, int width, int height, const float *grey, int side, const float m[6]) {
	int at[WIDEST];
	float wx[WIDEST], wy[WIDEST];
	const float last = (float)side - 1.001f;
	for (int j = 0; j < height; j++, out += width) {
		const float x0 = m[0] + m[2] * (float)j - 0.5f, y0 = m[3] + m[5] * (float)j - 0.5f;
		for (int i = 0; i < width; i++) {
			float x = held(x0 + m[1] * (float)i, last), y = held(y0 + m[4] * (float)i, last);
			int k = (int)x, l = (int)y;
			wx[i] = x - (float)k;
			wy[i] = y - (float)l;
			at[i] = l * side + k;
		}
		for (int i = 0; i < width; i++) {
			const float *a = grey + at[i], *b = a + side;
			float top = a[0] + wx[i] * (a[1] - a[0]), bottom = b[0] + wx[i] * (b[1] - b[0]);
			out[i] = top + wy[i] * (bottom - top);
		}
	}
}

EACH void wince_squares(float *restrict out, int width, int height, const float *red, const float *green, const float *blue, int side, const float m[6]) {
	int at[WIDEST];
	const float last = (float)(side - 2);
	for (int j = 0; j < height; j++, out += 3 * width) {
		const float x0 = m[0] + m[2] * (float)j - 0.5f, y0 = m[3] + m[5] * (float)j - 0.5f;
		for (int i = 0; i < width; i++)
			at[i] = (int)held(y0 + m[4] * (float)i, last) * side + (int)held(x0 + m[1] * (float)i, last);
		for (int i = 0; i < width; i++) {
			const float *r = red + at[i], *g = green + at[i], *b = blue + at[i];
			out[3 * i] = r[0] + r[1] + r[side] + r[side + 1];
			out[3 * i + 1] = g[0] + g[1] + g[side] + g[side + 1];
			out[3 * i + 2] = b[0] + b[1] + b[side] + b[side + 1];
		}
	}
}

enum { AROUND = 9, SQUARE = 2 * AROUND + 1 };

static inline int seen(int i, int n) {
	return (i + AROUND + 1 < n ? i + AROUND + 1 : n) - (i > AROUND ? i - AROUND : 0);
}

EACH void wince_flatten(float *restrict out, const float *grey, int width, int height, float black) {
	float to[WIDEST + 1][WIDEST]; // sums of a column down to a row
	float one[WIDEST + 2 * SQUARE] = {0}, two[WIDEST + 2 * SQUARE], four[WIDEST + 2 * SQUARE], eight[WIDEST + 2 * SQUARE], share[WIDEST];
	for (int i = 0; i < width; i++) {
		to[0][i] = 0;
		share[i] = 1 / (float)seen(i, width);
	}
	for (int j = 0; j < height; j++)
		for (int i = 0; i < width; i++)
			to[j + 1][i] = to[j][i] + grey[j * width + i];
	for (int j = 0; j < height; j++, out += width, grey += width) {
		const float *hi = to[j + AROUND + 1 < height ? j + AROUND + 1 : height], *lo = to[j > AROUND ? j - AROUND : 0];
		const float part = 1 / (float)seen(j, height);
		for (int i = 0; i < width; i++)
			one[AROUND + i] = (hi[i] - lo[i]) * part;
		// 19 neighbours are 16 and 2 and 1.
		const int n = width + SQUARE;
		for (int i = 0; i < n; i++)
			two[i] = one[i] + one[i + 1];
		for (int i = 0; i < n - 2; i++)
			four[i] = two[i] + two[i + 2];
		for (int i = 0; i < n - 6; i++)
			eight[i] = four[i] + four[i + 4];
		for (int i = 0; i < width; i++) {
			float mean = (eight[i] + eight[i + 8] + two[i + 16] + one[i + 18]) * share[i];
			float v = grey[i] / (mean + black) - 1;
			v = v > -1 ? v : -1;
			out[i] = v < 1 ? v : 1;
		}
	}
}
