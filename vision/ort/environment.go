package ort

import (
	"errors"
	"fmt"
	"os"
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
	// The library's builds for Linux carry telemetry that starts with the environment: it makes a device identifier, keeps
	// events in ~/.cache and would send them to its makers. Only this variable, read before that, keeps it from starting;
	// DisableTelemetry below comes too late for the identifier and the first events.
	if err := os.Setenv("ORT_DISABLE_TELEMETRY", "1"); err != nil {
		return fmt.Errorf("switch off telemetry: %w", err)
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
