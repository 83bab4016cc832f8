// The oracle answers, with implementations of the Go team and of transparency-dev, what the ledger's tests ask.
// It reads standard input and writes standard output; what is not as it should be ends it with code 1 and one line that says so.
//
//	oracle trees              JSON {"entries": [base64], "sizes": [n]} → for each size its root, every proof and every tile
//	oracle sign SECRET        a text → a note, signed
//	oracle cosign SECRET      a note → the note with a witness's signature, as of now
//	oracle open KEY...        a note → for each signature of a known key its name, and its time where it is a witness's
//	oracle receipt KEY ENTRY  a tlog-proof, and the file of its entry → the index, where the proof holds
//	oracle follow KEY SOURCE  reads a log, a folder or an address, as its tiles: every entry is proven → its size and root
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("what is asked?")
	}
	verb, rest := args[0], args[1:]
	switch {
	case verb == "follow" && len(rest) == 2:
		return follow(rest[0], rest[1])
	case verb == "trees" && len(rest) == 0:
		return trees(os.Stdin, os.Stdout)
	}
	read, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	switch {
	case verb == "sign" && len(rest) == 1:
		return sign(rest[0], string(read))
	case verb == "cosign" && len(rest) == 1:
		return cosign(rest[0], read)
	case verb == "open":
		return open(rest, read)
	case verb == "receipt" && len(rest) == 2:
		return receipt(rest[0], rest[1], read)
	}
	return fmt.Errorf("not to be asked: %v", args)
}
