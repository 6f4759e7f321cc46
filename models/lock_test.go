package models

import (
	"strings"
	"testing"
)

func TestPinned(t *testing.T) {
	l, err := Pinned()
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		for _, name := range []string{Detector, Mesh, Attention, Library} {
			a, err := l.Artifact(platform, name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(a.Version, a.Source.Package+"@") || a.Converted != (name != Library) {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	amd, _ := l.Artifact("linux/amd64", Library)
	arm, _ := l.Artifact("linux/arm64", Library)
	if amd.SHA256 == arm.SHA256 {
		t.Error("both platforms have the same library")
	}
	if _, err := l.Artifact("plan9/386", Library); err == nil || !strings.Contains(err.Error(), "plan9/386") {
		t.Errorf("another platform: %v", err)
	}
	if _, err := l.Artifact(Platform, "nothing.onnx"); err == nil {
		t.Error("a name that is not in the lock was found")
	}
	// The pinned parts of the packed assets, by what the issue and the package's own loader say.
	for name, want := range map[string][2]int64{
		"face_landmark_with_attention.tflite": {0, 2495952},
		"face_landmark.tflite":                {2495952, 1241896},
		"face_detection_short_range.tflite":   {3757224, 229032},
	} {
		found := false
		for _, f := range l.Files {
			found = found || f.Name == name && f.Offset == want[0] && f.Length == want[1] && f.Licence == "Apache-2.0"
		}
		if !found {
			t.Errorf("%s is not pinned at byte %d with %d bytes", name, want[0], want[1])
		}
	}
}

func TestParseLockRefuses(t *testing.T) {
	if _, err := ParseLock(lockJSON); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, from, to, want string }{
		{"schema", `"schema": 1`, `"schema": 2`, "schema 2"},
		{"unknown member", `"schema": 1`, `"schema": 1, "colour": 1`, "colour"},
		{"something behind", "\n}\n", "\n}\n{}", "follows its end"},
		{"integrity of another kind", "sha512-Jdza", "sha1-Jdza", "integrity"},
		{"integrity cut", "RPpwag==", "RPpw", "integrity"},
		{"no version", `"0.4.1657299874"`, `""`, "face_mesh"},
		{"package like an option", `"name": "@mediapipe/face_mesh"`, `"name": "--registry=x"`, "--registry"},
		{"unknown package", `"package": "onnxruntime-node"`, `"package": "other"`, "libonnxruntime"},
		{"file that leaves the folder", `"name": "face_landmark.onnx"`, `"name": "../face_landmark.onnx"`, "face_landmark.tflite"},
		{"hidden file", `"name": "face_landmark.tflite"`, `"name": ".face"`, ".face"},
		{"negative offset", `"offset": 2495952`, `"offset": -1`, "face_landmark.tflite"},
		{"no length", `"length": 229032`, `"length": 0`, "short_range"},
		{"checksum cut", "3bc182eb", "", "short_range"},
		{"checksum in capitals", "c603fa61", "C603FA61", "face_landmark.tflite"},
		{"no licence", `"licence": "MIT"`, `"licence": ""`, "licence"},
		{"no purpose", `"purpose": "ONNX Runtime 1.30.0, which runs the nets"`, `"purpose": ""`, "purpose"},
		{"twice for one platform", "linux/arm64", "linux/amd64", "once for each platform"},
		{"no shape", `[1, 896, 1]`, `[]`, "classificators"},
		{"negative shape", `[1, 896, 1]`, `[1, -896, 1]`, "classificators"},
		{"a number for a text", `"schema": 1`, `"schema": "1"`, "schema"},
	} {
		if !strings.Contains(string(lockJSON), tc.from) {
			t.Fatalf("%s: the lock has no %s", tc.name, tc.from)
		}
		changed := strings.ReplaceAll(string(lockJSON), tc.from, tc.to)
		if _, err := ParseLock([]byte(changed)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: want an error with %q, got %v", tc.name, tc.want, err)
		}
	}
}
