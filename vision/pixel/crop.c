#include "pixel.h"
#include <string.h>

enum { FIXED = 16, TILE = 64 };

// Luma has bilinear weights of eight bits; chroma, which nothing measured rests on, is the nearest sample's. The conversion is BT.601's
// in whole numbers with eight fractional bits, of which five are kept. What is loaded one by one and what a vector can do are loops apart.
EACH void wince_crop(float *restrict red, float *restrict green, float *restrict blue, int n, int rows, const uint8_t *yp, const uint8_t *up, const uint8_t *vp, int ys, int cs,
	const int32_t *starts, int dx, int dy, float lo, float gain) {
	int32_t at[TILE], chroma[TILE];
	uint16_t top[TILE], bottom[TILE];
	uint8_t us[TILE], vs[TILE];
	for (int row = 0; row < rows; row++) {
		for (int from = 0, m; from < n; from += m, red += m, green += m, blue += m) {
			m = n - from < TILE ? n - from : TILE;
			const int fx = starts[2 * row] + dx * from, fy = starts[2 * row + 1] + dy * from;
			for (int i = 0; i < m; i++) {
				int x = fx + dx * i, y = fy + dy * i;
				at[i] = (y >> FIXED) * ys + (x >> FIXED);
				chroma[i] = ((y + (1 << (FIXED - 1))) >> (FIXED + 1)) * cs + ((x + (1 << (FIXED - 1))) >> (FIXED + 1));
			}
			for (int i = 0; i < m; i++) {
				memcpy(&top[i], yp + at[i], 2);
				memcpy(&bottom[i], yp + at[i] + ys, 2);
				us[i] = up[chroma[i]];
				vs[i] = vp[chroma[i]];
			}
			for (int i = 0; i < m; i++) {
				int x = fx + dx * i, y = fy + dy * i;
				int wx = (x >> (FIXED - 8)) & 255, wy = (y >> (FIXED - 8)) & 255;
				int a = top[i] & 255, b = top[i] >> 8, c = bottom[i] & 255, d = bottom[i] >> 8;
				int t = (a << 8) + wx * (b - a), s = (c << 8) + wx * (d - c);
				// 298/256 of the luma
				int luma = (int)((149u * (uint32_t)((t << 8) + wy * (s - t)) + (1u << 14)) >> 15);
				int u = us[i] - 128, v = vs[i] - 128;
				enum { black = 16 * 298 };
				float r = (float)(((luma + 409 * v - black) & ~7) + 4), g = (float)(((luma - 100 * u - 208 * v - black) & ~7) + 4),
				      l = (float)(((luma + 516 * u - black) & ~7) + 4);
				const float full = 255 * 256;
				r = r < 0 ? 0 : r > full ? full : r;
				g = g < 0 ? 0 : g > full ? full : g;
				l = l < 0 ? 0 : l > full ? full : l;
				red[i] = lo + gain * r;
				green[i] = lo + gain * g;
				blue[i] = lo + gain * l;
			}
		}
	}
}
