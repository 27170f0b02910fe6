// Crosscheck reads a log's directory with golang.org/x/mod/sumdb: its checkpoint, its tiles, each of its entries, and
// proofs of inclusion and consistency, also those that are given. It shares no code with what wrote the directory.
//
//	crosscheck DIRECTORY VERIFIER-KEY < proofs.json
//
// It prints one JSON object about what it checked, and ends with 1 and the reason where something does not verify.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// given is what the other implementation proved, to be verified here.
type given struct {
	Inclusion []struct {
		Index int64    `json:"index"`
		Proof []string `json:"proof"`
	} `json:"inclusion"`
	Consistency []struct {
		From  int64    `json:"from"`
		Proof []string `json:"proof"`
	} `json:"consistency"`
}

type report struct {
	Origin      string `json:"origin"`
	Size        int64  `json:"size"`
	Entries     int64  `json:"entries"`
	Inclusion   int    `json:"inclusion"`
	Consistency int    `json:"consistency"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: crosscheck DIRECTORY VERIFIER-KEY < proofs.json")
		os.Exit(2)
	}
	result, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(directory, key string) (*report, error) {
	origin, tree, err := openCheckpoint(directory, key)
	if err != nil {
		return nil, err
	}
	result := &report{Origin: origin, Size: tree.N}
	if tree.N == 0 {
		return result, nil
	}
	reader := tlog.TileHashReader(*tree, tiles{directory})

	for start := int64(0); start < tree.N; start += 1 << tileHeight {
		count, err := checkBundle(directory, reader, start, tree.N)
		if err != nil {
			return nil, err
		}
		result.Entries += count
	}

	var proofs given
	if err := json.NewDecoder(os.Stdin).Decode(&proofs); err != nil {
		return nil, fmt.Errorf("proofs: %w", err)
	}
	for _, claim := range proofs.Inclusion {
		leaf, err := leafAt(reader, claim.Index)
		if err != nil {
			return nil, err
		}
		hashes, err := decode(claim.Proof)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, claim.Index, leaf); err != nil {
			return nil, fmt.Errorf("inclusion of %d: %w", claim.Index, err)
		}
		own, err := tlog.ProveRecord(tree.N, claim.Index, reader)
		if err != nil || !same(own, hashes) {
			return nil, fmt.Errorf("inclusion of %d is proved otherwise here (%v)", claim.Index, err)
		}
		result.Inclusion++
	}
	for _, claim := range proofs.Consistency {
		root, err := tlog.TreeHash(claim.From, reader)
		if err != nil {
			return nil, err
		}
		hashes, err := decode(claim.Proof)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckTree(hashes, tree.N, tree.Hash, claim.From, root); err != nil {
			return nil, fmt.Errorf("consistency with %d: %w", claim.From, err)
		}
		result.Consistency++
	}
	return result, nil
}

func openCheckpoint(directory, key string) (string, *tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return "", nil, err
	}
	bytes, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return "", nil, err
	}
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		return "", nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return "", nil, fmt.Errorf("checkpoint has %d lines", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", nil, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return "", nil, err
	}
	return lines[0], &tlog.Tree{N: size, Hash: root}, nil
}

// checkBundle compares the entries of the bundle that begins with leaf start with the tree's leaf hashes.
func checkBundle(directory string, reader tlog.HashReader, start, size int64) (int64, error) {
	width := min(size-start, 1<<tileHeight)
	name := tlog.Tile{H: tileHeight, L: 0, N: start >> tileHeight, W: int(width)}.Path()
	name = "tile/entries/" + strings.TrimPrefix(name, "tile/8/0/")
	bytes, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		return 0, err
	}
	stored := make([]int64, width)
	for i := range stored {
		stored[i] = tlog.StoredHashIndex(0, start+int64(i))
	}
	leaves, err := reader.ReadHashes(stored)
	if err != nil {
		return 0, err
	}
	for i, leaf := range leaves {
		if len(bytes) < 2 {
			return 0, fmt.Errorf("%s ends early", name)
		}
		length := int(binary.BigEndian.Uint16(bytes))
		if len(bytes) < 2+length {
			return 0, fmt.Errorf("%s ends early", name)
		}
		if tlog.RecordHash(bytes[2:2+length]) != leaf {
			return 0, fmt.Errorf("%s: entry of leaf %d is not the tree's", name, start+int64(i))
		}
		bytes = bytes[2+length:]
	}
	if len(bytes) > 0 {
		return 0, fmt.Errorf("%s is too long", name)
	}
	return width, nil
}

func leafAt(reader tlog.HashReader, index int64) (tlog.Hash, error) {
	hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

func decode(proof []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(proof))
	for i, text := range proof {
		bytes, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(bytes) != tlog.HashSize {
			return nil, fmt.Errorf("proof has %q, which is no hash", text)
		}
		copy(hashes[i][:], bytes)
	}
	return hashes, nil
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// tiles reads tiles of C2SP tlog-tiles, whose paths leave out the height of sumdb's.
type tiles struct{ directory string }

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.directory, name))
		if err != nil {
			return nil, err
		}
		found[i] = bytes
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
