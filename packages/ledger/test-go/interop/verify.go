package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	policy "github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type verifyInput struct {
	Note        string   `json:"note"`
	Origin      string   `json:"origin"`
	LogKey      string   `json:"log_key"`
	WitnessKeys []string `json:"witness_keys"`
	Policy      string   `json:"policy"`
	// A tlog-proof over Entry; its checkpoint takes the place of Note.
	Proof string `json:"proof"`
	Entry []byte `json:"entry"`
}

type cosigner struct {
	Name string `json:"name"`
	Time int64  `json:"time"`
}

type verifyOutput struct {
	Size      uint64     `json:"size"`
	Root      string     `json:"root"`
	Cosigners []cosigner `json:"cosigners"`
	Quorum    bool       `json:"quorum"`
	Index     uint64     `json:"index"`
}

func verify([]string) error {
	var in verifyInput
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	var given proof.TLogProof
	if in.Proof != "" {
		if err := given.Unmarshal([]byte(in.Proof)); err != nil {
			return fmt.Errorf("proof: %w", err)
		}
		in.Note = string(given.Checkpoint)
	}
	logKey, err := note.NewVerifier(in.LogKey)
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	var witnessKeys []note.Verifier
	for _, text := range in.WitnessKeys {
		key, err := fnote.NewVerifierForCosignatureV1(text)
		if err != nil {
			return fmt.Errorf("witness key: %w", err)
		}
		witnessKeys = append(witnessKeys, key)
	}
	checkpoint, _, opened, err := log.ParseCheckpoint([]byte(in.Note), in.Origin, logKey, witnessKeys...)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	out := verifyOutput{Size: checkpoint.Size, Root: hex.EncodeToString(checkpoint.Hash), Index: given.Index}
	for _, signature := range opened.Sigs {
		if signature.Hash == logKey.KeyHash() {
			continue
		}
		at, err := fnote.CoSigV1Timestamp(signature)
		if err != nil {
			return fmt.Errorf("cosignature: %w", err)
		}
		out.Cosigners = append(out.Cosigners, cosigner{signature.Name, at.Unix()})
	}
	if in.Policy != "" {
		group, err := policy.ParsePolicy([]byte(in.Policy))
		if err != nil {
			return fmt.Errorf("policy: %w", err)
		}
		out.Quorum = group.Satisfied([]byte(in.Note))
	}
	if in.Proof != "" {
		if err := included(given, checkpoint, in.Entry); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func included(given proof.TLogProof, checkpoint *log.Checkpoint, entry []byte) error {
	var hashes tlog.RecordProof
	for _, hash := range given.Hashes {
		hashes = append(hashes, tlog.Hash(hash))
	}
	var root tlog.Hash
	if copy(root[:], checkpoint.Hash) != len(root) {
		return errors.New("the root has another length")
	}
	return tlog.CheckRecord(hashes, int64(checkpoint.Size), root, int64(given.Index), tlog.RecordHash(entry))
}
