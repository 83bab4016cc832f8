package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func sign(secret, text string) error {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed)
	return err
}

// cosign takes the secret of a note key, of which transparency-dev makes a witness's: name and seed are what counts.
func cosign(secret string, stored []byte) error {
	signer, err := fnote.NewSignerForCosignatureV1(secret)
	if err != nil {
		return err
	}
	// Opened without a key: what has been signed so far is kept as it stands.
	opened, err := note.Open(stored, note.VerifierList())
	unverified, ok := err.(*note.UnverifiedNoteError)
	if !ok {
		return fmt.Errorf("no note: %v, %v", opened, err)
	}
	signed, err := note.Sign(unverified.Note, signer)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed)
	return err
}

// verifier returns the verifier of a key in words: of a log's, kind 1, or of a witness's, kind 4.
func verifier(words string) (note.Verifier, error) {
	parts := strings.SplitN(words, "+", 3)
	if len(parts) == 3 {
		if typed, err := base64.StdEncoding.DecodeString(parts[2]); err == nil && len(typed) > 0 && typed[0] == 4 {
			return fnote.NewVerifierForCosignatureV1(words)
		}
	}
	return note.NewVerifier(words)
}

func open(keys []string, stored []byte) error {
	known := []note.Verifier{}
	for _, words := range keys {
		each, err := verifier(words)
		if err != nil {
			return err
		}
		known = append(known, each)
	}
	opened, err := note.Open(stored, note.VerifierList(known...))
	if err != nil {
		return err
	}
	for at, signature := range opened.Sigs {
		line := fmt.Sprintf("%s %08x", signature.Name, signature.Hash)
		if len(signature.Base64) > base64.StdEncoding.EncodedLen(4+64) {
			when, err := fnote.CoSigV1Timestamp(opened.Sigs[at])
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d", when.Unix())
		}
		fmt.Println(line)
	}
	return nil
}

func receipt(key, entry string, stored []byte) error {
	known, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	var read proof.TLogProof
	if err := read.Unmarshal(stored); err != nil {
		return err
	}
	if !bytes.Equal(read.Marshal(), stored) {
		return fmt.Errorf("written by transparency-dev the proof has other bytes")
	}
	checkpoint, _, _, err := log.ParseCheckpoint(read.Checkpoint, known.Name(), known)
	if err != nil {
		return err
	}
	body, err := os.ReadFile(entry)
	if err != nil {
		return err
	}
	path := tlog.RecordProof{}
	for _, each := range read.Hashes {
		path = append(path, tlog.Hash(each))
	}
	size, root := int64(checkpoint.Size), tlog.Hash(checkpoint.Hash)
	if err := tlog.CheckRecord(path, size, root, int64(read.Index), tlog.RecordHash(body)); err != nil {
		return err
	}
	fmt.Println(read.Index)
	return nil
}
