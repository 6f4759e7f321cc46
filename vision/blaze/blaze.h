// The face mesh's blocks. Go makes the plan and checks that each step stays within its values and weights.
#ifndef WINCE_BLAZE_H
#define WINCE_BLAZE_H

#include <stdint.h>

// Values lie place by place, row by row, channels together in multiples of 16, with one place of zeros around; in, out and add are where they begin.
typedef struct {
	int32_t kind;
	int32_t in, out, add;       // add is added to the result; -1: nothing is
	int32_t width;              // of the square that comes out
	int32_t channels, outputs;  // per place
	int32_t stride;             // of deep
	int32_t deep;               // weights of the depthwise convolution of 3 x 3, bias first; -1: there is none
	int32_t point;              // weights of the pointwise one, bias first, then 16 outputs for each channel, then the next 16
	int32_t half;               // weights of a head, in half precision
	int32_t slopes;             // of what is negative, per channel; -1: it stays
	int32_t pool;               // add is twice as wide and has this many channels: the largest of each 2 x 2 is added; 0: it is not
} step;

enum { STEM, BLOCK, DENSE };

int wince_blaze_supported(void); // 0: by none, 1: AVX2, 2: AVX-512
void wince_blaze_8(const step *steps, int n, const float *weights, const uint16_t *halves, float *values, const float *input);
void wince_blaze_16(const step *steps, int n, const float *weights, const uint16_t *halves, float *values, const float *input);

#endif
