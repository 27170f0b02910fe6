package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	publishEvery = 100 * time.Millisecond // the shortest that the POSIX driver takes
	patience     = 30 * time.Second
)

type logInput struct {
	// The log's signing key as golang.org/x/mod/sumdb/note has it.
	Secret string `json:"secret"`
	// Whose cosignatures it needs before it publishes.
	Policy string `json:"policy"`
	// How many entries to add before each checkpoint that is waited for.
	Batches []int `json:"batches"`
}

type logOutput struct {
	// Each as it was published, cosigned.
	Checkpoints []string `json:"checkpoints"`
}

// runLog is a Tessera log that has its checkpoints cosigned by the policy's witnesses: a client that others wrote.
func runLog(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: interop log DIRECTORY")
	}
	var in logInput
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	signer, err := note.NewSigner(in.Secret)
	if err != nil {
		return err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy([]byte(in.Policy))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	driver, err := posix.New(ctx, posix.Config{Path: args[0]})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(publishEvery).
		WithBatching(256, publishEvery).
		WithWitnesses(witnesses, nil)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, publishEvery)
	var out logOutput
	for batch, count := range in.Batches {
		var last tessera.IndexFuture
		for entry := range count {
			last = appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d of %d", entry, batch)))
		}
		_, checkpoint, err := awaiter.Await(ctx, last)
		if err != nil {
			return err
		}
		out.Checkpoints = append(out.Checkpoints, string(checkpoint))
	}
	if err := shutdown(ctx); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}
