// Tessera appends entries to a log in a directory with Tessera's POSIX driver as fast as it takes them, and prints as JSON
// how long that took until a published checkpoint covered all of them.
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const entryBytes = 48 // an event id and a SHA-256, as Tripline's entries

var (
	directory   = flag.String("directory", "", "where the log is begun; must be empty")
	run         = flag.Duration("for", 10*time.Second, "how long entries are added")
	batch       = flag.Uint("batch", tessera.DefaultBatchMaxSize, "entries in a batch")
	batchAge    = flag.Duration("batch-age", tessera.DefaultBatchMaxAge, "how long a batch waits to be full")
	outstanding = flag.Uint("outstanding", tessera.DefaultPushbackMaxOutstanding, "entries that may wait")
)

type result struct {
	Leaves      uint64  `json:"leaves"`
	Seconds     float64 `json:"seconds"`
	VerifierKey string  `json:"verifier_key"`
}

func main() {
	flag.Parse()
	measured, err := measure(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(measured); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(ctx context.Context) (*result, error) {
	secret, verifierKey, err := note.GenerateKey(rand.Reader, "bench.example/tessera")
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: *directory})
	if err != nil {
		return nil, err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(time.Second).
		WithBatching(*batch, *batchAge).
		WithPushback(*outstanding)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return nil, err
	}

	// Fewer than may wait, so that adding waits for room and the driver never has to push back.
	futures := make(chan tessera.IndexFuture, *outstanding/2)
	added := make(chan addedEntries, 1)
	go func() { added <- await(futures) }()
	began := time.Now()
	for count := uint64(0); time.Since(began) < *run; count++ {
		entry := make([]byte, entryBytes)
		binary.BigEndian.PutUint64(entry, count)
		futures <- appender.Add(ctx, tessera.NewEntry(entry))
	}
	close(futures)
	total := <-added
	if total.err != nil {
		return nil, total.err
	}
	if err := shutdown(ctx); err != nil { // returns when a checkpoint covers all that was added
		return nil, err
	}
	return &result{Leaves: total.count, Seconds: time.Since(began).Seconds(), VerifierKey: verifierKey}, nil
}

type addedEntries struct {
	count uint64
	err   error
}

// await counts the entries that were taken; those that were pushed back are left out, as the driver asks for.
func await(futures <-chan tessera.IndexFuture) addedEntries {
	total := addedEntries{}
	for future := range futures {
		_, err := future()
		switch {
		case err == nil:
			total.count++
		case errors.Is(err, tessera.ErrPushback):
		default:
			total.err = errors.Join(total.err, err)
		}
	}
	return total
}
