package care

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Netstrings joins texts so that no two lists give the same text: each has its length in bytes before it.
// https://cr.yp.to/proto/netstrings.txt
func Netstrings(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		b.WriteString(strconv.Itoa(len(t)))
		b.WriteByte(':')
		b.WriteString(t)
		b.WriteByte(',')
	}
	return b.String()
}

// ChainHash returns the hash of an event that follows one with the hash prev: SHA-256, in hexadecimal, over the netstrings of
// prev and the event's place, id, time in milliseconds since 1970, actor's id, action, entity, entity's id, version, request
// and detail. Names are left out: they may have to be erased, and the chain must hold without them.
func (e *AuditEvent) ChainHash(prev string) string {
	sum := sha256.Sum256([]byte(Netstrings(prev, strconv.FormatInt(e.Seq, 10), e.ID, strconv.FormatInt(e.At.UnixMilli(), 10), e.By.ID,
		e.Action, e.Entity, e.EntityID, strconv.Itoa(e.Version), e.Request, string(e.Detail))))
	return hex.EncodeToString(sum[:])
}

// ChainWalk follows the audit chain. Seq and Hash are those of the event before the first.
type ChainWalk struct {
	Seq  int64
	Hash string
}

// Next takes the event that follows and says what is wrong with it; nothing where it is what was written.
func (w *ChainWalk) Next(e *AuditEvent) (problem string) {
	want := w.Seq + 1
	switch {
	case e.Seq == 0:
		return "it has no place in the chain"
	case e.Seq > want:
		w.Seq = want
		return "row " + strconv.FormatInt(want, 10) + " is missing before it"
	case e.Seq < want:
		return "its place is taken twice"
	}
	w.Seq = want
	if got := e.ChainHash(w.Hash); got != e.Hash {
		return "it was altered, or is not in its place"
	}
	w.Hash = e.Hash
	return ""
}

// AuditCheck is what verifying the chain found. Problem is empty where every row is as it was written.
type AuditCheck struct {
	Rows     int64  `json:"rows"`     // that hold
	LastSeq  int64  `json:"last_seq"` // the chain's end: written down elsewhere, it proves later that none of this was replaced
	LastHash string `json:"last_hash"`
	Problem  string `json:"problem,omitempty"`
	Seq      int64  `json:"seq,omitempty"` // where the problem is
	ID       string `json:"id,omitempty"`  // of the row there
}

// AuditChain are the chain's two ends: the event before the first that is kept, and the last.
type AuditChain struct {
	BaseSeq  int64  `json:"base_seq"` // 0 where retention removed nothing
	BaseHash string `json:"base_hash"`
	LastSeq  int64  `json:"last_seq"`
	LastHash string `json:"last_hash"`
}
