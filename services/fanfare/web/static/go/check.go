// Check reads the whole record of a Fanfare site and believes nothing but signatures and hashes:
//
//	go mod init check && go mod tidy
//	go run check.go https://site.example [a checkpoint that you kept ...]
//
// It prints the record's own key, and below it those that took its place. Whoever knows one from elsewhere compares it: every
// key behind it was signed by one before.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fetch(address string) []byte {
	answer, err := http.Get(address)
	must(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s", address, answer.Status)
	}
	body, err := io.ReadAll(answer.Body)
	must(err)
	return body
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// keys returns every key that the manifest lists, by name, and the name of the record's own ones. The record's first key signed
// itself, and each further key was signed by one of the record's before it; so they follow from the first.
func keys(manifest []byte) (map[string][]note.Verifier, string) {
	lines := strings.Split(string(manifest), "\n")
	if len(lines) < 2 {
		log.Fatal("the manifest is empty")
	}
	_, own, _ := strings.Cut(lines[1], "://")
	known, signers := map[string][]note.Verifier{}, map[string]note.Verifier{}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) != 4 || words[0] != "key" {
			continue
		}
		key, err := note.NewVerifier(words[1])
		must(err)
		signature, err := base64.StdEncoding.DecodeString(words[3])
		must(err)
		by := signers[words[2]]
		if len(signers) == 0 && words[2] == "-" && key.Name() == own {
			by = key
		}
		if by == nil || !by.Verify([]byte("fanfare notary key\n"+lines[1]+"\n"+words[1]+"\n"), signature) {
			log.Fatalf("%s: no key of the record before it signed this one", words[1])
		}
		known[key.Name()] = append(known[key.Name()], key)
		if key.Name() == own {
			signers[words[1]] = key
			fmt.Println("the record's key:", words[1])
		}
	}
	return known, own
}

// opened returns the origin, the size and the root of a checkpoint that one of the keys of its origin signed.
func opened(signed []byte, known map[string][]note.Verifier) (string, int64, tlog.Hash) {
	origin, _, _ := strings.Cut(string(signed), "\n")
	checked, err := note.Open(signed, note.VerifierList(known[origin]...))
	must(err)
	lines := strings.Split(checked.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	return origin, size, tlog.Hash(root)
}

// tree holds all hashes of a partition, in the order of sumdb/tlog.
type tree []tlog.Hash

func (t tree) ReadHashes(wanted []int64) (found []tlog.Hash, err error) {
	for _, at := range wanted {
		if at >= int64(len(t)) {
			return nil, fmt.Errorf("the site serves fewer entries")
		}
		found = append(found, t[at])
	}
	return found, nil
}

// grown reads the bundles of a partition, 256 entries each behind two bytes of its length, and hashes all of it again.
func grown(partition string, size int64) (all tree) {
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(min(256, size-first))}
		path := strings.TrimPrefix(tile.Path(), "tile/8/data/")
		body := fetch(partition + "/tile/entries/" + path)
		for at := first; at < first+int64(tile.W); at++ {
			length := 0
			if len(body) >= 2 {
				length = int(binary.BigEndian.Uint16(body))
			}
			if len(body) < 2+length {
				log.Fatalf("%s: the bundle of entry %d ends early", partition, at)
			}
			hashes, err := tlog.StoredHashesForRecordHash(at, tlog.RecordHash(body[2:2+length]), all)
			must(err)
			all, body = append(all, hashes...), body[2+length:]
		}
	}
	return all
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("say which site: go run check.go https://site.example")
	}
	site := strings.TrimSuffix(os.Args[1], "/")
	manifest := fetch(site + "/record/manifest")
	known, record := keys(manifest)
	_, err := note.Open(manifest, note.VerifierList(known[record]...))
	must(err)
	trees := map[string]tree{}
	for number := 0; strings.Contains(string(manifest), fmt.Sprintf("\npartition %d ", number)); number++ {
		partition := fmt.Sprintf("%s/record/%d", site, number)
		origin, size, root := opened(fetch(partition+"/checkpoint"), known)
		if origin != fmt.Sprintf("%s/record/%d", record, number) {
			log.Fatalf("%s: the checkpoint is that of %s", partition, origin)
		}
		trees[origin] = grown(partition, size)
		holds(origin, trees[origin], size, root)
	}
	for _, file := range os.Args[2:] {
		kept, err := os.ReadFile(file)
		must(err)
		origin, size, root := opened(kept, known)
		holds(origin+", which you kept", trees[origin], size, root)
	}
}

// holds ends the program unless the first entries lead to this root.
func holds(what string, all tree, size int64, root tlog.Hash) {
	found, err := tlog.TreeHash(size, all)
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
	if found != root {
		log.Fatalf("%s: its %d entries do not lead to the root that was signed", what, size)
	}
	fmt.Printf("%s: all %d entries lead to the root that was signed\n", what, size)
}
