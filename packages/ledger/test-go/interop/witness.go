package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type serveOutput struct {
	URL        string `json:"url"`
	WitnessKey string `json:"witness_key"`
}

// serve is a witness for our client to ask: trees, notes and cosignatures by those libraries, HTTP as C2SP tlog-witness has it.
func serve(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: interop witness LOG-KEY")
	}
	logKey, err := note.NewVerifier(args[0])
	if err != nil {
		return err
	}
	cosigner, witnessKey, err := newCosigner("witness.example/go")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /add-checkpoint", &witness{logKey: logKey, cosigner: cosigner})
	go func() {
		if err := http.Serve(listener, mux); err != nil {
			os.Exit(1)
		}
	}()
	out := serveOutput{"http://" + listener.Addr().String(), witnessKey}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

type witness struct {
	logKey   note.Verifier
	cosigner note.Signer

	mutex sync.Mutex
	last  tlog.Tree
}

func (w *witness) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	old, proof, submitted, err := read(request.Body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	checkpoint, _, opened, err := log.ParseCheckpoint(submitted, w.logKey.Name(), w.logKey)
	if err != nil {
		http.Error(response, err.Error(), http.StatusForbidden)
		return
	}
	next := tlog.Tree{N: int64(checkpoint.Size)}
	copy(next.Hash[:], checkpoint.Hash)

	w.mutex.Lock()
	defer w.mutex.Unlock()
	if old != w.last.N {
		response.Header().Set("Content-Type", "text/x.tlog.size")
		response.WriteHeader(http.StatusConflict)
		fmt.Fprintf(response, "%d\n", w.last.N)
		return
	}
	if old > 0 {
		if err := tlog.CheckTree(proof, next.N, next.Hash, w.last.N, w.last.Hash); err != nil {
			http.Error(response, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	cosigned, err := note.Sign(&note.Note{Text: opened.Text}, w.cosigner)
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	w.last = next
	fmt.Fprint(response, strings.TrimPrefix(string(cosigned), opened.Text+"\n"))
}

func read(body io.Reader) (int64, tlog.TreeProof, []byte, error) {
	reader := bufio.NewReader(body)
	var old int64
	var proof tlog.TreeProof
	if _, err := fmt.Fscanf(reader, "old %d\n", &old); err != nil {
		return 0, nil, nil, err
	}
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return 0, nil, nil, err
		}
		if line == "\n" {
			break
		}
		bytes, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		var hash tlog.Hash
		if err != nil || copy(hash[:], bytes) != len(hash) || len(bytes) != len(hash) {
			return 0, nil, nil, errors.New("a proof line is not a hash")
		}
		proof = append(proof, hash)
	}
	note, err := io.ReadAll(reader)
	return old, proof, note, err
}
