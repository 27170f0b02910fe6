// Interop lets our notes, cosignatures, policies and proofs be read by libraries that others wrote, and the other way round:
// golang.org/x/mod/sumdb and github.com/transparency-dev/{formats,tessera}. It shares no code with what it is held against.
//
//	interop verify < {"note","origin","log_key","witness_keys","policy","proof","entry"}
//	interop sign NAME < text                 makes a log's key and a witness's, and signs with both
//	interop witness LOG-KEY                  a witness over HTTP until standard input ends
//	interop log DIRECTORY < {"secret","policy","batches"}   a Tessera log that asks for cosignatures
//
// Each prints one JSON object, and ends with 1 and the reason where something does not verify.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"verify": verify, "sign": sign, "witness": serve, "log": runLog}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: interop verify|sign|witness|log …")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
