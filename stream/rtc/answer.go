package rtc

import (
	"fmt"

	"github.com/pion/sdp/v3"
)

// placeCandidates moves the candidates of an answer to its first part that was accepted. pion puts them into the first part
// whatever became of it; where that is an audio part, which is always refused, a browser never looks at them.
func placeCandidates(answer string) (string, error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(answer); err != nil {
		return "", fmt.Errorf("read the answer made: %w", err)
	}
	var candidates []sdp.Attribute
	var accepted *sdp.MediaDescription
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			accepted = m
			break
		}
		var rest []sdp.Attribute
		for _, a := range m.Attributes {
			if a.Key == "candidate" || a.Key == "end-of-candidates" {
				candidates = append(candidates, a)
			} else {
				rest = append(rest, a)
			}
		}
		m.Attributes = rest
	}
	if accepted == nil || len(candidates) == 0 {
		return answer, nil
	}
	accepted.Attributes = append(accepted.Attributes, candidates...)
	b, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("write the answer: %w", err)
	}
	return string(b), nil
}
