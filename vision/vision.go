// Package vision finds one face in a picture, its landmarks and its action units, and says when it cannot. It knows no
// resident, no network and no codec; neural networks and picture files come through the small interfaces below.
package vision

// Net is one neural network with tensors of its own, ready to run again and again without allocating. A Net serves one
// goroutine at a time.
type Net interface {
	// Input returns the one input tensor, NCHW float32, to be filled in place before Run.
	Input() []float32
	// Run computes the outputs from the input.
	Run() error
	// Output returns output i in the model's order, valid until the next Run.
	Output(i int) []float32
	Close() error
}

// Models opens networks. The sessions behind the nets may be shared; the nets are not.
type Models interface {
	// Detector opens BlazeFace short range: input 1x3x128x128 RGB in [-1,1]; outputs 1x896x16 (box and six keypoints in
	// pixels of 128 relative to the anchors) and 1x896x1 (logits).
	Detector() (Net, error)
	// Mesh opens the face mesh: input 1x3x192x192 RGB in [0,1]; outputs 1404 values (x, y, z in pixels of 192) and 1 (face
	// presence, a logit). The attention mesh has five outputs between these: x, y of lips (80), eyes (71, 71) and irises (5, 5).
	Mesh() (Net, error)
	// Units opens the network of the action units: input one row of values (see sight), output numbers of which heads make
	// levels. It is nil where there is none: the levels are the hand-set ones then.
	Units() (Net, error)
	// MeshKind says which mesh that is.
	MeshKind() MeshKind
	// Versions names the loaded models with version and sha256, for the record of every observation.
	Versions() map[string]string
}
