package models

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
)

// Units is the name of the network of the action units, which is Wince's own and part of the program; units.md tells what it was
// trained on, what it is worth and what not. It belongs to the plain mesh.
const Units = "units.onnx"

//go:embed units.onnx
var units []byte

// UnitsNet returns the network of the action units, its tensors and its SHA-256.
func UnitsNet() (file []byte, net ONNX, sum string) {
	h := sha256.Sum256(units)
	return units, ONNX{Name: Units, Length: int64(len(units)), Input: Tensor{Name: "face", Shape: []int64{1, unitsInput}},
		Outputs: []Tensor{{Name: "numbers", Shape: []int64{1, 144}}}}, hex.EncodeToString(h[:])
}

const unitsInput = 2 + 26 + 2*291 + 104*136 // pose, features, landmarks, patch
