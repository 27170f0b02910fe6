package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

type signOutput struct {
	// Of a log that lives as long as this process.
	LogSecret  string `json:"log_secret"`
	LogKey     string `json:"log_key"`
	WitnessKey string `json:"witness_key"`
	Note       string `json:"note"`
}

func sign(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: interop sign NAME < text")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	secret, logKey, err := note.GenerateKey(rand.Reader, args[0])
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	cosigner, witnessKey, err := newCosigner("witness.example/go")
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer, cosigner)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(signOutput{secret, logKey, witnessKey, string(signed)})
}

// newCosigner makes a witness's key; the verifier key is of type 0x04, as policies have it.
func newCosigner(name string) (note.Signer, string, error) {
	secret, key, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, "", err
	}
	signer, err := fnote.NewSignerForCosignatureV1(secret)
	if err != nil {
		return nil, "", err
	}
	witnessKey, err := fnote.VKeyToCosignatureV1(key)
	return signer, witnessKey, err
}
