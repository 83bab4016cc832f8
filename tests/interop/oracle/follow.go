package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// served is a log as others read it: files below a folder, or below an address.
type served string

func (from served) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(from), "http") {
		return os.ReadFile(filepath.Join(string(from), filepath.FromSlash(path)))
	}
	answer, err := http.Get(strings.TrimSuffix(string(from), "/") + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func (from served) Height() int { return height }

func (from served) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	bodies := [][]byte{}
	for _, tile := range tiles {
		body, err := from.read(pathOf(tile))
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

func (from served) SaveTiles([]tlog.Tile, [][]byte) {}

func follow(key, source string) error {
	known, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	from := served(source)
	signed, err := from.read("checkpoint")
	if err != nil {
		return err
	}
	checkpoint, _, _, err := log.ParseCheckpoint(signed, known.Name(), known)
	if err != nil {
		return err
	}
	size, root := int64(checkpoint.Size), tlog.Hash(checkpoint.Hash)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, from)
	for first := int64(0); first < size; first += 1 << height {
		entries, err := bundle(from, first, min(1<<height, size-first))
		if err != nil {
			return err
		}
		indexes := []int64{}
		for at := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(at)))
		}
		// The reader believes no tile that does not lead to the root.
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, entry := range entries {
			if tlog.RecordHash(entry) != hashes[at] {
				return fmt.Errorf("entry %d is not the one of its leaf", first+int64(at))
			}
		}
		proof, err := tlog.ProveRecord(size, first, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, size, root, first, tlog.RecordHash(entries[0])); err != nil {
			return err
		}
	}
	fmt.Printf("%d %x\n", size, root[:])
	return nil
}

// bundle returns the entries of one bundle, each with two bytes of its length before it.
func bundle(from served, first, width int64) ([][]byte, error) {
	path := pathOf(tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)})
	body, err := from.read(path)
	if err != nil {
		return nil, err
	}
	entries := [][]byte{}
	for len(body) >= 2 {
		length := int(binary.BigEndian.Uint16(body))
		if len(body) < 2+length {
			break
		}
		entries, body = append(entries, body[2:2+length]), body[2+length:]
	}
	if len(body) != 0 || int64(len(entries)) != width {
		return nil, fmt.Errorf("%s has %d entries and %d bytes more", path, len(entries), len(body))
	}
	return entries, nil
}
