package render

// Light is the light of a room. The directions are degrees from the camera's side of the head: yaw to the picture's right,
// pitch up.
type Light struct {
	KeyYaw   float64 `json:"key_yaw"`
	KeyPitch float64 `json:"key_pitch"`
	Key      float64 `json:"key"`     // 1 is a bright room
	Fill     float64 `json:"fill"`    // from the other side, without shadow
	Ambient  float64 `json:"ambient"` // from everywhere
	Warmth   float64 `json:"warmth"`  // of the key: -1 daylight to 1 bulb
	Soft     float64 `json:"soft"`    // 0 a small lamp to 1 a broad window: the width of the shadows' edges
	Exposure float64 `json:"exposure"`
}

// The lights that the clips use.
var (
	LightFront  = Light{KeyYaw: 18, KeyPitch: 32, Key: 0.9, Fill: 0.3, Ambient: 0.55, Warmth: 0.1, Soft: 0.7, Exposure: 1}
	LightSide   = Light{KeyYaw: -58, KeyPitch: 22, Key: 1.15, Fill: 0.16, Ambient: 0.38, Warmth: -0.3, Soft: 0.6, Exposure: 1}
	LightWindow = Light{KeyYaw: 38, KeyPitch: 18, Key: 1.0, Fill: 0.22, Ambient: 0.5, Warmth: -0.5, Soft: 1, Exposure: 1}
	LightLamp   = Light{KeyYaw: -25, KeyPitch: 50, Key: 1, Fill: 0.22, Ambient: 0.36, Warmth: 0.8, Soft: 0.3, Exposure: 1}
)

// lamps is a light with everything that does not change within a picture.
type lamps struct {
	key, fill, rim    vec // directions towards them, unit
	keyC, fillC, rimC vec // colours
	sky, ground       vec
	halfKey, halfFill vec // between the light and the viewer
	soft              float32
}

func (l Light) lamps() lamps {
	dir := func(yaw, pitch float64) vec {
		r := rotation(yaw, pitch, 0)
		return r.apply(vec{0, 0, 1})
	}
	w, e := float32(l.Warmth), float32(l.Exposure)
	key, fill := dir(l.KeyYaw, l.KeyPitch), dir(-l.KeyYaw*0.8, 5)
	return lamps{
		key: key, fill: fill, rim: dir(180-l.KeyYaw*0.5, 35),
		keyC:  vec{1 + 0.08*w, 1, 1 - 0.2*w}.mul(float32(l.Key) * e),
		fillC: vec{0.96, 1, 1.05}.mul(float32(l.Fill) * e),
		rimC:  vec{1, 1, 1}.mul(0.22 * float32(l.Key) * e),
		sky:   vec{0.96, 1, 1.06}.mul(float32(l.Ambient) * e), ground: vec{0.62, 0.55, 0.48}.mul(float32(l.Ambient) * e),
		halfKey: key.add(vec{0, 0, 1}).unit(), halfFill: fill.add(vec{0, 0, 1}).unit(),
		soft: 0.5 + 2.5*float32(l.Soft),
	}
}
