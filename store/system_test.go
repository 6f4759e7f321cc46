package store

import (
	"testing"
	"time"

	"wince/care"
)

func testStorage(t *testing.T, s *Store) {
	v, err := s.Storage(t.Context())
	must(t, err)
	if (v.Kind != "sqlite" && v.Kind != "postgresql") || v.Bytes < 10_000 || v.Backup != nil || v.Verified != nil {
		t.Errorf("fresh: %+v", v)
	}
	addUser(t, s)
	for i := range 2 { // the newer takes the place of the older
		at := care.Act{By: care.Program, At: noon.Add(time.Duration(i) * time.Hour), Request: "wince backup"}
		must(t, s.RecordBackup(t.Context(), at, care.AuditCheck{LastSeq: int64(i), LastHash: "h"}))
		must(t, s.RecordVerification(t.Context(), at.At, care.AuditCheck{LastSeq: int64(i), Problem: "torn"}))
	}
	v, err = s.Storage(t.Context())
	must(t, err)
	if v.Backup == nil || v.Backup.Seq != 1 || !v.Backup.At.Equal(noon.Add(time.Hour)) || v.Verified == nil || v.Verified.Problem != "torn" || v.Written == nil || !v.Written.Equal(noon.Add(time.Hour)) {
		t.Errorf("later: %+v %+v %v", v.Backup, v.Verified, v.Written)
	}
	check, err := s.VerifyAudit(t.Context())
	must(t, err)
	if check.Problem != "" {
		t.Errorf("the trail does not hold after it: %+v", check)
	}
}
