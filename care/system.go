package care

import "time"

// BackupNote is the last backup that was made of this database.
type BackupNote struct {
	At   time.Time `json:"at"`
	Seq  int64     `json:"seq"` // where the trail in it ends
	Hash string    `json:"hash"`
}

// AuditNote is the last look at the whole trail.
type AuditNote struct {
	At      time.Time `json:"at"`
	LastSeq int64     `json:"last_seq"`
	Problem string    `json:"problem,omitempty"` // empty where the chain held
}

// StorageState is how the database stands.
type StorageState struct {
	Kind     string      `json:"kind"`       // "sqlite" or "postgresql"
	Bytes    int64       `json:"bytes"`      // that its files take
	Free     *int64      `json:"free_bytes"` // on the disk of the data folder; null where that is not known
	Total    *int64      `json:"disk_bytes"` //
	Backup   *BackupNote `json:"last_backup"`
	Verified *AuditNote  `json:"last_verification"`
	Written  *time.Time  `json:"last_written"` // the trail's last row
}
