package main

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"wince/vision"
)

// What one picture takes as multiples of one run of the mesh, on the machine of docs/performance.md: all of its steps together, the
// connection around them as much again, and a third of the machine left to everybody else.
const (
	pictureOfMesh   = 1.7
	withNetwork     = 2
	withRoomToSpare = 1.3
)

// The bounds of what is believed, in pictures a second for each core.
const (
	leastPerCore = 20
	mostPerCore  = 400
)

// measureCapacity runs the mesh a few times on one thread and returns how many pictures a second the machine is trusted to analyse. The
// quickest run counts: what else the machine does while the server starts is no measure of what it can.
func measureCapacity(m vision.Models, now func() time.Time) (float64, error) {
	net, err := m.Mesh()
	if err != nil {
		return 0, fmt.Errorf("measure the machine: %w", err)
	}
	defer net.Close()
	best := time.Duration(math.MaxInt64)
	for range 15 {
		begun := now()
		if err := net.Run(); err != nil {
			return 0, fmt.Errorf("measure the machine: %w", err)
		}
		best = min(best, now().Sub(begun))
	}
	return perCore(best) * float64(runtime.GOMAXPROCS(0)), nil
}

// perCore returns how many pictures a second one core is trusted with where a run of the mesh takes so long.
func perCore(mesh time.Duration) float64 {
	if mesh <= 0 {
		return mostPerCore
	}
	return math.Round(min(max(1/(mesh.Seconds()*pictureOfMesh*withNetwork*withRoomToSpare), leastPerCore), mostPerCore))
}
