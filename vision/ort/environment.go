package ort

import (
	"errors"
	"fmt"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"
)

// environment counts the runtimes that use ONNX Runtime's process-wide environment. onnxruntime_go keeps that environment
// and the path of the library in package variables without a lock, so whoever guards them must be as wide as the process.
var environment struct {
	sync.Mutex
	users int
	path  string
}

// acquire loads the library for the first user.
func acquire(path string) error {
	e := &environment
	e.Lock()
	defer e.Unlock()
	if e.users > 0 {
		if path != e.path {
			return fmt.Errorf("load ONNX Runtime from %s: this process already uses %s", path, e.path)
		}
		e.users++
		return nil
	}
	onnx.SetSharedLibraryPath(path)
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelError()); err != nil {
		return fmt.Errorf("load ONNX Runtime from %s: %w", path, err)
	}
	if err := onnx.DisableTelemetry(); err != nil {
		return errors.Join(fmt.Errorf("switch off telemetry: %w", err), onnx.DestroyEnvironment())
	}
	e.users, e.path = 1, path
	return nil
}

// relinquish unloads the library with the last user.
func relinquish() error {
	e := &environment
	e.Lock()
	defer e.Unlock()
	e.users--
	if e.users > 0 {
		return nil
	}
	if err := onnx.DestroyEnvironment(); err != nil {
		return fmt.Errorf("unload ONNX Runtime: %w", err)
	}
	return nil
}
