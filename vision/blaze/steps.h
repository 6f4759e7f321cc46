// Included once for each width of vector: LANES floats, and PLACES, how many places are computed at once.
#define V (16 / LANES) // vectors for 16 outputs
#define CAT(a, b) a##b
#define NAME(a, b) CAT(a, b)

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// A group of places that are computed together: where they lie in what comes out, and in what is pooled.
typedef struct {
	int at[PLACES], pooled[PLACES];
} group;

// bend adds 16 outputs of n places to what they belong to, multiplies what is negative by the slopes, and writes them.
static inline __attribute__((always_inline)) void bend(const step *s, vec sum[][V], int n, const group *g, const float *weights, float *values, int o) {
	float *out = values + s->out + o;
	vec slope[V];
	const vec zero = {0};
	for (int v = 0; v < V; v++)
		slope[v] = *(const vec *)(weights + s->slopes + o + v * LANES);
	if (s->pool > o) {
		const float *add = values + s->add + o;
		const int right = s->pool, down = (2 * s->width + 2) * s->pool;
#pragma GCC unroll 12
		for (int p = 0; p < n; p++)
			for (int v = 0; v < V; v++) {
				const float *a = add + g->pooled[p] + v * LANES;
				sum[p][v] += larger(larger(*(const vec *)a, *(const vec *)(a + right)), larger(*(const vec *)(a + down), *(const vec *)(a + down + right)));
			}
	} else if (s->pool == 0 && s->add >= 0) {
		const float *add = values + s->add + o;
#pragma GCC unroll 12
		for (int p = 0; p < n; p++)
			for (int v = 0; v < V; v++)
				sum[p][v] += *(const vec *)(add + g->at[p] + v * LANES);
	}
#pragma GCC unroll 12
	for (int p = 0; p < n; p++)
		for (int v = 0; v < V; v++) {
			const vec high = larger(sum[p][v], zero);
			*(vec *)(out + g->at[p] + v * LANES) = high + (sum[p][v] - high) * slope[v];
		}
}

// multiply adds to 16 outputs of n places, whose inputs are pitch values apart, what some inputs give.
static inline __attribute__((always_inline)) void multiply(vec sum[][V], int n, const float *in, int pitch, int inputs, const float *w) {
	for (int i = 0; i < inputs; i++, w += 16) {
		vec k[V];
		for (int v = 0; v < V; v++)
			k[v] = *(const vec *)(w + v * LANES);
#pragma GCC unroll 12
		for (int p = 0; p < n; p++)
			for (int v = 0; v < V; v++)
				sum[p][v] += in[p * pitch + i] * k[v];
	}
}

// point computes n places. Their inputs lie in lines runs of run values, which are line apart.
static inline __attribute__((always_inline)) void point(const step *s, int n, const group *g, const float *in, int pitch, int run, int lines, int line, const float *weights, float *values) {
	const float *w = weights + s->point + s->outputs;
	for (int o = 0; o < s->outputs; o += 16) {
		vec sum[PLACES][V];
#pragma GCC unroll 12
		for (int p = 0; p < n; p++)
			for (int v = 0; v < V; v++)
				sum[p][v] = *(const vec *)(weights + s->point + o + v * LANES);
		for (int l = 0; l < lines; l++, w += 16 * run)
			multiply(sum, n, in + l * line, pitch, run, w);
		bend(s, sum, n, g, weights, values, o);
	}
}

// places computes count places that follow each other from row y, place x on.
static inline __attribute__((always_inline)) void places(const step *s, int count, int y, int x, const float *in, int pitch, int run, int lines, int line, const float *weights, float *values) {
	for (int n; count > 0; count -= n, in += n * pitch) {
		group g;
		n = count >= PLACES ? PLACES : count >= 6 ? 6 : count >= 3 ? 3 : 1;
		for (int p = 0; p < n; p++) {
			g.at[p] = ((y + 1) * (s->width + 2) + x + 1) * s->outputs;
			g.pooled[p] = ((2 * y + 1) * (2 * s->width + 2) + 2 * x + 1) * s->pool;
			if (++x == s->width)
				x = 0, y++;
		}
		if (n == PLACES)
			point(s, PLACES, &g, in, pitch, run, lines, line, weights, values);
		else if (n == 6)
			point(s, 6, &g, in, pitch, run, lines, line, weights, values);
		else if (n == 3)
			point(s, 3, &g, in, pitch, run, lines, line, weights, values);
		else
			point(s, 1, &g, in, pitch, run, lines, line, weights, values);
	}
}

// deep computes a row of the depthwise convolution; in is the place above and left of the first. Of each place that several results need, a
// register holds the value.
static inline __attribute__((always_inline)) void deepen(int n, int stride, const vec k[9], vec bias, const float *in, int c, int line, float *out) {
	vec sum[4];
#pragma GCC unroll 4
	for (int p = 0; p < n; p++)
		sum[p] = bias;
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++)
#pragma GCC unroll 9
		for (int x = 0; x < (n - 1) * stride + 3; x++) {
			const vec v = *(const vec *)(in + i * line + x * c);
#pragma GCC unroll 4
			for (int p = 0; p < n; p++)
				if (x - p * stride >= 0 && x - p * stride < 3)
					sum[p] += k[3 * i + x - p * stride] * v;
		}
#pragma GCC unroll 4
	for (int p = 0; p < n; p++)
		*(vec *)(out + p * c) = sum[p];
}

static inline __attribute__((always_inline)) void deep(const step *s, int stride, const float *in, int line, const float *w, float *out) {
	const int c = s->channels;
	for (int o = 0; o < c; o += LANES) {
		vec k[9];
		for (int i = 0; i < 9; i++)
			k[i] = *(const vec *)(w + (i + 1) * c + o);
		const vec bias = *(const vec *)(w + o);
		int x = 0;
		for (; x + 4 <= s->width; x += 4)
			deepen(4, stride, k, bias, in + x * stride * c + o, c, line, out + x * c + o);
		for (; x < s->width; x++)
			deepen(1, stride, k, bias, in + x * stride * c + o, c, line, out + x * c + o);
	}
}

static inline __attribute__((always_inline)) void stem(const step *s, const float *weights, float *values, const float *input) {
	enum { WIDEST = 192, LINE = WIDEST + 16 };
	float lines[9 * LINE];
	const int side = 2 * s->width;
	for (int y = 0; y < s->width; y++) {
		for (int i = 0; i < 9; i++) { // planes, and rows of each
			const int from = 2 * y + i % 3;
			if (from < side)
				memcpy(lines + i * LINE, input + (i / 3 * side + from) * side, side * sizeof *lines);
			else
				memset(lines + i * LINE, 0, side * sizeof *lines);
			lines[i * LINE + side] = 0;
		}
		places(s, s->width, y, 0, lines, 2, 3, 9, LINE, weights, values);
	}
}

// dense computes a head from 3 x 3 places. Its weights are so many that they are kept in half precision, which they came in.
static inline __attribute__((always_inline)) void dense(const step *s, const float *weights, const uint16_t *halves, float *values) {
	const uint16_t *w = halves + s->half;
	const int run = 3 * s->channels;
	for (int o = 0; o < s->outputs; o += 16) {
		vec sum[4][V];
		for (int p = 0; p < 4; p++)
			for (int v = 0; v < V; v++)
				sum[p][v] = p ? (vec){0} : *(const vec *)(weights + s->point + o + v * LANES);
		for (int y = 0; y < 3; y++) {
			const float *in = values + s->in + ((y + 1) * 5 + 1) * s->channels;
			for (int i = 0; i < run; i += 4, w += 64)
				for (int p = 0; p < 4; p++)
					for (int v = 0; v < V; v++)
						sum[p][v] += in[i + p] * widened(w + 16 * p + v * LANES);
		}
		for (int v = 0; v < V; v++)
			*(vec *)(values + s->out + o + v * LANES) = (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]);
	}
}

void NAME(wince_blaze_, LANES)(const step *steps, int n, const float *weights, const uint16_t *halves, float *values, const float *input) {
	float line[96 * 128];
	for (const step *s = steps; s < steps + n; s++) {
		if (s->kind == STEM) {
			stem(s, weights, values, input);
			continue;
		}
		if (s->kind == DENSE) {
			dense(s, weights, halves, values);
			continue;
		}
		const int pitch = ((s->deep >= 0 ? s->stride : 1) * s->width + 2) * s->channels;
		const int rows = s->width <= 6 ? s->width == 3 ? 3 : 2 : 1;
		for (int y = 0; y < s->width; y += rows) {
			for (int r = 0; r < rows; r++) {
				float *to = line + r * s->width * s->channels;
				if (s->deep < 0)
					memcpy(to, values + s->in + (y + r + 1) * pitch + s->channels, s->width * s->channels * sizeof *line);
				else if (s->stride == 1)
					deep(s, 1, values + s->in + (y + r) * pitch, pitch, weights + s->deep, to);
				else
					deep(s, 2, values + s->in + (2 * (y + r) + 1) * pitch + s->channels, pitch, weights + s->deep, to);
			}
			places(s, rows * s->width, y, 0, line, s->channels, s->channels, 1, 0, weights, values);
		}
	}
}
