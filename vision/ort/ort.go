// Package ort runs the pinned networks in ONNX Runtime, and the plain mesh, where the processor can, in vision/blaze, which takes two thirds
// of the time. It is the only package that imports onnxruntime_go.
package ort

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"

	"wince/models"
	"wince/vision"
	"wince/vision/blaze"
)

// Options change how networks run; the zero value is right for live analysis.
type Options struct {
	// Threads is the number of threads that share the work of one Run; 0 means 1. Wince analyses several streams at once,
	// each on its own goroutine, so one is best.
	Threads int
	// Mesh is the net that places landmarks; empty means vision.PlainMesh. Only that one is loaded.
	Mesh vision.MeshKind
	// Portable runs every network in ONNX Runtime; so does more than one thread.
	Portable bool
}

// Runtime holds the loaded networks. It implements vision.Models and is safe for concurrent use.
//
// There is one session for each network, with one copy of the weights, whatever the number of nets: ONNX Runtime allows
// concurrent runs of a session, and a net adds only its own input, outputs and binding (0.5 MB for the mesh).
type Runtime struct {
	detector, mesh *session
	blocks         *blaze.Model // in place of mesh
	units          *session     // nil for a mesh that it was not trained on
	kind           vision.MeshKind
	versions       map[string]string
	mu             sync.Mutex
	open           int // nets not yet closed
	closed         bool
}

var _ vision.Models = (*Runtime)(nil)

// session is a network's session and the tensors that a net of it needs.
type session struct {
	s       *onnx.DynamicAdvancedSession
	input   models.Tensor
	outputs []models.Tensor
}

// meshFiles names the file of each mesh.
var meshFiles = map[vision.MeshKind]string{vision.PlainMesh: models.Mesh, vision.AttentionMesh: models.Attention}

// Open checks the library and the networks in dir against the pinned lock and loads them. A file that is missing or has
// other content gives an error that matches models.ErrFile. Every Runtime of a process must come from the same library
// file: ONNX Runtime is loaded with the first and unloaded with the last.
func Open(dir string, opt Options) (*Runtime, error) {
	if opt.Mesh == "" {
		opt.Mesh = vision.PlainMesh
	}
	mesh, ok := meshFiles[opt.Mesh]
	if !ok {
		return nil, fmt.Errorf("there is no face mesh %q: choose %s or %s", opt.Mesh, vision.PlainMesh, vision.AttentionMesh)
	}
	lock, err := models.Pinned()
	if err != nil {
		return nil, err
	}
	lib, err := lock.Artifact(models.Platform, models.Library)
	if err != nil {
		return nil, err
	}
	if err := lib.Check(dir); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(dir, lib.Name))
	if err != nil {
		return nil, fmt.Errorf("find ONNX Runtime: %w", err)
	}
	if err := acquire(path); err != nil {
		return nil, err
	}
	r := &Runtime{kind: opt.Mesh, versions: map[string]string{lib.Name: lib.Version + " sha256:" + lib.SHA256}}
	if err := r.load(lock, dir, mesh, opt); err != nil {
		return nil, errors.Join(err, r.release())
	}
	return r, nil
}

func (r *Runtime) load(lock *models.Lock, dir, mesh string, opt Options) (err error) {
	o, err := onnx.NewSessionOptions()
	if err != nil {
		return fmt.Errorf("set up ONNX Runtime: %w", err)
	}
	defer func() { err = errors.Join(err, o.Destroy()) }()
	if err := configure(o, max(opt.Threads, 1)); err != nil {
		return fmt.Errorf("set up ONNX Runtime: %w", err)
	}
	own := mesh == models.Mesh && opt.Threads <= 1 && !opt.Portable && blaze.Supported()
	for name, to := range map[string]**session{models.Detector: &r.detector, mesh: &r.mesh} {
		a, err := lock.Artifact(models.Platform, name)
		if err != nil {
			return err
		}
		b, err := a.Read(dir)
		if err != nil {
			return err
		}
		r.versions[name] = a.Version + " sha256:" + a.SHA256
		net := a.Source.ONNX
		if own && name == mesh {
			if err := r.loadBlocks(lock, dir, a.Source.Name); err != nil {
				return err
			}
			continue
		}
		s, err := onnx.NewDynamicAdvancedSessionWithONNXData(b, nil, nil, o)
		if err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
		*to = &session{s, net.Input, net.Outputs}
	}
	if mesh != models.Mesh {
		return nil
	}
	b, net, sum := models.UnitsNet()
	s, err := onnx.NewDynamicAdvancedSessionWithONNXData(b, nil, nil, o)
	if err != nil {
		return fmt.Errorf("load %s: %w", models.Units, err)
	}
	r.units = &session{s, net.Input, net.Outputs}
	r.versions[models.Units] = "sha256:" + sum
	return nil
}

// configure sets a session up for many streams that share the cores: few threads, no spinning, all optimisations. The
// optimised networks are not cached: that would save 20 of 90 ms once a start, with files that fit one kind of processor only.
func configure(o *onnx.SessionOptions, threads int) error {
	return errors.Join(
		o.SetGraphOptimizationLevel(onnx.GraphOptimizationLevelEnableAll),
		o.SetExecutionMode(onnx.ExecutionModeSequential),
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		// A waiting thread that spins would take a core from another stream.
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
}

// Detector opens a net of BlazeFace short range.
func (r *Runtime) Detector() (vision.Net, error) { return r.net(r.detector) }

// Mesh opens a net of the face mesh that Options chose.
func (r *Runtime) Mesh() (vision.Net, error) {
	if r.blocks != nil {
		return r.blockNet()
	}
	return r.net(r.mesh)
}

// Units opens the network of the action units; it is nil where there is none for the mesh.
func (r *Runtime) Units() (vision.Net, error) {
	if r.units == nil {
		return nil, nil
	}
	return r.net(r.units)
}

// MeshKind says which mesh Options chose.
func (r *Runtime) MeshKind() vision.MeshKind { return r.kind }

// Versions names the loaded networks and the library with package, version and sha256.
func (r *Runtime) Versions() map[string]string {
	out := make(map[string]string, len(r.versions))
	for k, v := range r.versions {
		out[k] = v
	}
	return out
}

// Close frees the networks, and ONNX Runtime with the last Runtime of the process. It refuses while nets are open.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open > 0 {
		return fmt.Errorf("close ONNX Runtime: %d nets are still open", r.open)
	}
	if r.closed {
		return nil
	}
	r.closed = true
	return r.release()
}

func (r *Runtime) release() error {
	var errs []error
	for _, s := range []*session{r.detector, r.mesh, r.units} {
		if s != nil {
			errs = append(errs, s.s.Destroy())
		}
	}
	return errors.Join(append(errs, relinquish())...)
}

func (r *Runtime) net(s *session) (vision.Net, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("open net: ONNX Runtime is closed")
	}
	n := &net{r: r, s: s}
	if err := n.bind(); err != nil {
		return nil, errors.Join(fmt.Errorf("open net: %w", err), n.free())
	}
	r.open++
	return n, nil
}

// net is one set of tensors bound to a shared session.
type net struct {
	r       *Runtime
	s       *session
	binding *onnx.IoBinding
	pin     runtime.Pinner // ONNX Runtime keeps pointers to the tensors' memory between runs
	input   *onnx.Tensor[float32]
	outputs []*onnx.Tensor[float32]
	in      []float32
	out     [][]float32
}

func (n *net) bind() error {
	var err error
	if n.binding, err = n.s.s.CreateIoBinding(); err != nil {
		return err
	}
	if n.input, n.in, err = n.tensor(n.s.input); err != nil {
		return err
	}
	if err := n.binding.BindInput(n.s.input.Name, n.input); err != nil {
		return err
	}
	for _, o := range n.s.outputs {
		t, data, err := n.tensor(o)
		if err != nil {
			return err
		}
		n.outputs, n.out = append(n.outputs, t), append(n.out, data)
		if err := n.binding.BindOutput(o.Name, t); err != nil {
			return err
		}
	}
	return nil
}

func (n *net) tensor(t models.Tensor) (*onnx.Tensor[float32], []float32, error) {
	data := make([]float32, t.Elements())
	n.pin.Pin(&data[0])
	x, err := onnx.NewTensor(onnx.NewShape(t.Shape...), data)
	return x, data, err
}

// Input returns the input to be filled before Run.
func (n *net) Input() []float32 { return n.in }

// Output returns output i, overwritten by the next Run.
func (n *net) Output(i int) []float32 { return n.out[i] }

// Run computes the outputs. It does not allocate on Go's heap.
func (n *net) Run() error {
	if n.binding == nil {
		return errors.New("run net: it is closed")
	}
	if err := n.s.s.RunWithBinding(n.binding); err != nil {
		return fmt.Errorf("run net: %w", err)
	}
	return nil
}

// Close frees the tensors. Closing again does nothing.
func (n *net) Close() error {
	if n.binding == nil {
		return nil
	}
	err := n.free()
	n.r.mu.Lock()
	n.r.open--
	n.r.mu.Unlock()
	return err
}

func (n *net) free() error {
	var errs []error
	if n.binding != nil {
		errs = append(errs, n.binding.Destroy())
	}
	for _, t := range append(n.outputs, n.input) {
		if t != nil {
			errs = append(errs, t.Destroy())
		}
	}
	n.pin.Unpin()
	n.binding, n.input, n.outputs = nil, nil, nil
	return errors.Join(errs...)
}
