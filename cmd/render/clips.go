package main

import (
	"math"

	"wince/models/render"
	"wince/pain"
)

// A clip is a person in a room under a light, and what happens.
type clip struct {
	name     string
	seconds  float64
	person   *render.Person // nil: nobody
	light    render.Light
	room     uint64
	segments []segment
	script   func(t float64) moment // t in seconds
}

// A moment is what one picture shows.
type moment struct {
	au        map[pain.AU]float64
	shapes    map[string]float64
	pose      render.Pose
	gaze      [2]float64
	asymmetry float64
	black     bool
}

func (m *moment) shot(l render.Light, room *render.Room) render.Shot {
	e := render.Expression{AU: map[string]float64{}, Shapes: m.shapes, Asymmetry: m.asymmetry, GazeYaw: m.gaze[0], GazePitch: m.gaze[1]}
	for a, x := range m.au {
		e.AU[a.String()] = x
	}
	return render.Shot{Expression: e, Pose: m.pose, Light: l, Room: room}
}

func (m *moment) truth(frame int, face bool) frameTruth {
	t := frameTruth{TMS: int(math.Round(float64(frame) * 1000 / fps))}
	if !face || m.black {
		return t
	}
	v := pain.Unmeasured()
	for _, a := range known {
		v[a] = float32(m.au[a])
	}
	round := func(x float64) float64 { return math.Round(100*x) / 100 }
	t.AU, t.Pose = &v, &[3]float64{round(m.pose.Yaw), round(m.pose.Pitch), round(m.pose.Roll)}
	return t
}

// hold rises from 0 to 1 within rise seconds after from, and falls back within fall seconds before to.
func hold(t, from, to, rise, fall float64) float64 {
	return smooth((t-from)/rise) * smooth((to-t)/fall)
}

func smooth(x float64) float64 {
	x = math.Max(0, math.Min(1, x))
	return x * x * (3 - 2*x)
}

// idle is how a living face rests: the head sways by a degree or two, the eyes wander. No action unit moves.
func idle(t float64, seed float64) moment {
	wave := func(hz, phase float64) float64 { return math.Sin(2*math.Pi*hz*t + seed*1.7 + phase) }
	step := func(k float64) float64 { // the eyes rest on a point and jump to the next
		n := math.Floor(t/0.9 + seed*0.37)
		x := math.Sin(n*12.9898*k+seed) * 43758.5453
		return 2*(x-math.Floor(x)) - 1
	}
	return moment{
		au: map[pain.AU]float64{},
		pose: render.Pose{
			Yaw: 1.1*wave(0.21, 0) + 0.4*wave(0.53, 1), Pitch: 0.8*wave(0.17, 2) + 0.3*wave(0.45, 3), Roll: 0.7 * wave(0.13, 4),
			X: 0.15 * wave(0.19, 5), Y: 0.12 * wave(0.27, 6),
		},
		gaze: [2]float64{2.2 * step(1), 1.4 * step(2)},
	}
}

func (m *moment) add(k float64, au map[pain.AU]float64) {
	for a, x := range au {
		m.au[a] = math.Min(a.Max(), m.au[a]+k*x)
	}
}

// painFace is the face that Prkachin and Solomon's units describe, strong but not at its limit, with lips that part as the
// upper one rises. The eyes close by themselves a little later.
var painFace = map[pain.AU]float64{pain.AU4: 4, pain.AU6: 3.5, pain.AU7: 4, pain.AU9: 3, pain.AU10: 3, pain.AU20: 1, pain.AU25: 1.5}

// painScript is neutral, pain from 2.5 s to 6.4 s, neutral; turn is how far the head rolls about while in pain.
func painScript(seed, turn float64) func(float64) moment {
	return func(t float64) moment {
		m := idle(t, seed)
		k := hold(t, 2.5, 6.4, 0.7, 0.7)
		m.add(k*(1+0.06*math.Sin(2*math.Pi*0.9*t)), painFace)
		m.au[pain.AU43] = hold(t, 2.75, 6.2, 0.45, 0.4)
		m.asymmetry = 0.08 * math.Sin(seed)
		m.gaze[0], m.gaze[1] = m.gaze[0]*(1-k), m.gaze[1]*(1-k)
		m.pose.Pitch -= 3 * k
		m.pose.Yaw += turn * hold(t, 2.2, 6.8, 0.8, 0.8) * math.Sin(2*math.Pi*0.45*(t-2.2))
		m.pose.Roll += 0.35 * turn * hold(t, 2.2, 6.8, 0.8, 0.8) * math.Sin(2*math.Pi*0.3*(t-2.2))
		return m
	}
}

// The changes between two states belong to no segment.
var painSegments = []segment{{0, 2500, "neutral"}, {3200, 5700, "pain"}, {6400, 8400, "neutral"}}

func person(seed uint64, set func(*render.Person)) *render.Person {
	p := render.NewPerson(seed)
	set(&p)
	return &p
}

func clips() []clip {
	first := person(3, func(p *render.Person) {
		p.Skin, p.Age, p.Style, p.Beard, p.Warmth = 0.3, 0.35, render.HairLong, 0, -0.3
	})
	dark := person(21, func(p *render.Person) {
		p.Skin, p.Age, p.Style, p.Beard = 0.95, 0.4, render.HairShort, 0.3
		p.Hair, p.BrowHair, p.Iris = render.RGB{20, 17, 16}, render.RGB{18, 15, 14}, render.RGB{52, 32, 20}
	})
	old := person(34, func(p *render.Person) {
		p.Skin, p.Age, p.Style, p.Warmth, p.Beard = 0.06, 0.9, render.HairShort, -0.4, 0
		p.Hair, p.BrowHair, p.Iris = render.RGB{200, 198, 194}, render.RGB{126, 116, 106}, render.RGB{104, 124, 142}
	})
	man := person(47, func(p *render.Person) {
		p.Skin, p.Age, p.Style, p.Beard = 0.5, 0.55, render.HairReceding, 0.7
		p.Hair, p.BrowHair = render.RGB{70, 62, 58}, render.RGB{40, 32, 28}
	})
	return []clip{
		{"pain", 8.4, first, render.LightFront, 1, painSegments, painScript(1, 0)},
		{"pain-dark", 8.4, dark, render.LightWindow, 2, painSegments, painScript(2, 0)},
		{"pain-light-old", 8.4, old, render.LightSide, 3, painSegments, painScript(3, 0)},
		{"movement", 8.4, man, render.LightFront, 4, painSegments, painScript(4, 15)},
		{"smile", 6, man, render.LightWindow, 4, []segment{{0, 1500, "neutral"}, {2100, 4200, "smile"}, {4900, 6000, "neutral"}},
			func(t float64) moment {
				m := idle(t, 5)
				k := hold(t, 1.5, 4.9, 0.6, 0.7)
				m.add(k, map[pain.AU]float64{pain.AU12: 4, pain.AU6: 3, pain.AU25: 2.5})
				m.pose.Pitch += 2 * k
				return m
			}},
		{"blink", 6, first, render.LightLamp, 6, blinkSegments(), blinkScript},
		{"speech", 6, dark, render.LightFront, 7, []segment{{0, 900, "neutral"}, {1000, 5000, "speech"}, {5100, 6000, "neutral"}}, speechScript},
		{"turned", 6, old, render.LightFront, 8, []segment{{0, 1000, "neutral"}, {2400, 3900, "turned"}, {5200, 6000, "neutral"}},
			func(t float64) moment {
				m := idle(t, 8)
				m.pose.Yaw += 60 * hold(t, 1, 5.2, 1.6, 1.4)
				return m
			}},
		{"black", 5, first, render.LightFront, 1, []segment{{0, 1500, "neutral"}, {1500, 3500, "black"}, {3500, 5000, "neutral"}},
			func(t float64) moment {
				m := idle(t, 9)
				m.black = t >= 1.5-1e-9 && t < 3.5-1e-9
				return m
			}},
		{"nobody", 4, nil, render.LightFront, 10, []segment{{0, 4000, "nobody"}}, func(t float64) moment { return idle(t, 10) }},
	}
}

// blinks are when the lids begin to fall and for how long they are not open, in seconds.
var blinks = [][2]float64{{1, 0.20}, {2.2, 0.15}, {2.9, 0.30}, {4.2, 0.2}, {4.5, 0.2}}

func blinkScript(t float64) moment {
	m := idle(t, 6)
	for _, b := range blinks { // a lid falls in a third of the time and rises in half of it
		m.au[pain.AU43] = math.Max(m.au[pain.AU43], hold(t, b[0], b[0]+b[1], b[1]*0.35, b[1]*0.5))
	}
	return m
}

func blinkSegments() (s []segment) {
	ms := func(x float64) int { return int(math.Round(1000 * x)) }
	last := 0
	for _, b := range blinks {
		s = append(s, segment{last, ms(b[0]), "neutral"}, segment{ms(b[0]), ms(b[0] + b[1]), "blink"})
		last = ms(b[0] + b[1])
	}
	return append(s, segment{last, 6000, "neutral"})
}

// speechScript opens and shapes the mouth some four times a second, now and then with a raised brow.
func speechScript(t float64) moment {
	m := idle(t, 7)
	k := hold(t, 0.9, 5.1, 0.15, 0.15)
	pause := 1 - hold(t, 2.7, 3.1, 0.1, 0.1)
	open := math.Max(0, math.Sin(2*math.Pi*3.7*t)*0.6+math.Sin(2*math.Pi*2.3*t+1)*0.45+0.25) * k * pause
	spread := math.Max(0, math.Sin(2*math.Pi*1.9*t+2)) * k * pause
	m.au[pain.AU26] = math.Min(5, 2.6*open)
	m.au[pain.AU25] = math.Min(5, 3.6*open)
	m.au[pain.AU20] = 1.2 * spread
	m.shapes = map[string]float64{"mouthFunnel": 0.35 * math.Max(0, math.Sin(2*math.Pi*1.7*t)) * k * pause,
		"mouthPucker": 0.3 * math.Max(0, -math.Sin(2*math.Pi*1.1*t+0.5)) * k * pause}
	accent := hold(t, 1.6, 2.3, 0.2, 0.3) + hold(t, 3.9, 4.5, 0.2, 0.3)
	m.add(accent, map[pain.AU]float64{pain.AU1: 1.5, pain.AU2: 1.5})
	m.pose.Pitch += 1.5*math.Sin(2*math.Pi*0.8*t)*k - 1.5*accent
	m.pose.Yaw += 1.5 * math.Sin(2*math.Pi*0.6*t) * k
	return m
}
