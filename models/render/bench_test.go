package render

import (
	"image"
	"testing"
)

func loadFine(b *testing.B) *Head {
	load(b)
	h, err := Load(headDir)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func BenchmarkRender(b *testing.B) {
	h := loadFine(b)
	r, err := NewRenderer(640, 480)
	if err != nil {
		b.Fatal(err)
	}
	f := h.Figure(NewPerson(3))
	dst := image.NewRGBA(image.Rect(0, 0, 640, 480))
	s := Shot{Expression: Expression{AU: map[string]float64{"AU4": 4, "AU6": 3, "AU43": 0.5, "AU12": 2}}, Light: LightFront,
		Room: NewRoom(1, 640, 480)}
	for b.Loop() {
		if err := r.Render(dst, f, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFigure(b *testing.B) {
	h := loadFine(b)
	for b.Loop() {
		h.Figure(NewPerson(3))
	}
}
