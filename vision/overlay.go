package vision

// OverlayIndices are the landmarks that a screen draws over a face: outline, brows, eyes, lips, nose. Forty-odd points say
// as much to a person as 468 and cost a tenth to send.
var OverlayIndices = []int{
	10, 338, 284, 389, 454, 361, 397, 378, 152, 149, 172, 132, 234, 162, 54, 109, // outline, clockwise from the top
	70, 105, 107, 336, 334, 300, // brows
	33, 160, 158, 133, 153, 144, // right eye
	362, 385, 387, 263, 373, 380, // left eye
	6, 4, 129, 358, // nose
	61, 37, 267, 291, 314, 84, // lips, outer
	78, 13, 308, 14, // lips, inner
}
