package pain

import (
	"encoding/json"
	"strconv"
	"time"
)

// AppendJSON appends the frame's members, without the braces, as the command line and the live channel write them:
//
//	"index":0,"t_ms":0,"state":"scored","reasons":[],"au":{"AU4":2.1},"pspi":2.1,"score":2.1,"confounders":[]
//
// Where the frame was not scored, au, pspi and score are null: nothing is said, which is not a zero. It does not allocate
// where b has room.
func (f *Frame) AppendJSON(b []byte) []byte { return f.appendJSON(b, f.State == Scored) }

// AppendHeldBack appends the same, but says nothing of what was measured, as if the frame had not been scored; the state and
// its reasons stay.
func (f *Frame) AppendHeldBack(b []byte) []byte {
	g := *f
	g.Confounders = 0
	return g.appendJSON(b, false)
}

func (f *Frame) appendJSON(b []byte, numbers bool) []byte {
	b = strconv.AppendInt(append(b, `"index":`...), int64(f.Index), 10)
	b = strconv.AppendFloat(append(b, `,"t_ms":`...), round2(float64(f.T)/float64(time.Millisecond)), 'f', -1, 64)
	b = append(append(append(b, `,"state":"`...), f.State.String()...), `","reasons":[`...)
	b = appendSet(b, uint(f.Reasons), func(i int) string { return reasonText[i].code })
	if numbers {
		b = f.AU.AppendJSON(append(b, `],"au":`...))
		b = strconv.AppendFloat(append(b, `,"pspi":`...), round2(f.PSPI), 'f', -1, 64)
		b = strconv.AppendFloat(append(b, `,"score":`...), round2(f.Score), 'f', -1, 64)
	} else {
		b = append(b, `],"au":null,"pspi":null,"score":null`...)
	}
	b = appendSet(append(b, `,"confounders":[`...), uint(f.Confounders), func(i int) string { return confounderCodes[i] })
	return append(b, ']')
}

// MarshalJSON writes the frame as an object of what AppendJSON appends.
func (f Frame) MarshalJSON() ([]byte, error) {
	return append(f.AppendJSON(append(make([]byte, 0, 320), '{')), '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes; members it does not know are left alone.
func (f *Frame) UnmarshalJSON(b []byte) error {
	in := struct {
		Index       int         `json:"index"`
		TMS         float64     `json:"t_ms"`
		State       State       `json:"state"`
		Reasons     Reasons     `json:"reasons"`
		AU          Intensities `json:"au"`
		PSPI        float64     `json:"pspi"`
		Score       float64     `json:"score"`
		Confounders Confounders `json:"confounders"`
	}{AU: Unmeasured()}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*f = Frame{in.Index, time.Duration(in.TMS * float64(time.Millisecond)), in.State, in.Reasons, in.AU, in.PSPI, in.Score, in.Confounders}
	return nil
}

func appendSet(b []byte, set uint, text func(int) string) []byte {
	first := true
	for i := 0; set != 0; i, set = i+1, set>>1 {
		if set&1 == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), text(i)...), '"')
	}
	return b
}
