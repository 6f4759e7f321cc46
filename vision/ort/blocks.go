package ort

import (
	"errors"
	"fmt"

	"wince/models"
	"wince/vision"
	"wince/vision/blaze"
)

// loadBlocks loads the face mesh from the file that its ONNX file was converted from.
func (r *Runtime) loadBlocks(lock *models.Lock, dir, name string) error {
	a, err := lock.Artifact(models.Platform, name)
	if err != nil {
		return err
	}
	b, err := a.Read(dir)
	if err != nil {
		return err
	}
	if r.blocks, err = blaze.Load(b); err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	r.versions["mesh"] = blaze.Method
	return nil
}

// blockNet is a net of vision/blaze, counted as the others are.
type blockNet struct {
	*blaze.Net
	r      *Runtime
	closed bool
}

func (r *Runtime) blockNet() (vision.Net, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("open net: ONNX Runtime is closed")
	}
	r.open++
	return &blockNet{Net: r.blocks.New(), r: r}, nil
}

// Run computes the outputs.
func (n *blockNet) Run() error {
	if n.closed {
		return errors.New("run net: it is closed")
	}
	n.Net.Run()
	return nil
}

// Close closes the net; closing again does nothing.
func (n *blockNet) Close() error {
	if !n.closed {
		n.closed = true
		n.r.mu.Lock()
		n.r.open--
		n.r.mu.Unlock()
	}
	return nil
}
